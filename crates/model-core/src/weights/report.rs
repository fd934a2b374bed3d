/// What came of loading weights into a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "a tensor that was not loaded keeps its fresh value and says so only here"]
pub struct LoadReport {
    /// What stands before the model's names in the file, as `roberta.`; empty where nothing does.
    pub prefix: String,
    /// The model's tensors that were loaded.
    pub loaded: Vec<String>,
    /// The model's tensors that the file lacks. They keep the values they had.
    pub missing: Vec<String>,
    /// The file's tensors that the model has no place for.
    pub unexpected: Vec<String>,
    /// Tensors of another shape in the file than in the model. They keep the values they had.
    pub mismatched: Vec<Mismatch>,
}

/// A tensor of two shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The tensor, as the file names it.
    pub tensor: String,
    /// Its shape in the file.
    pub file: Vec<i64>,
    /// Its shape in the model.
    pub model: Vec<i64>,
}

impl LoadReport {
    /// Whether every tensor of the model was loaded.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.mismatched.is_empty()
    }
}
