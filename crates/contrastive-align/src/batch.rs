use tch::Tensor;

/// One batch of studies, each with its images and its report.
///
/// `I` and `T` are what the encoders take. Several chunks make the [`Aligner`](crate::Aligner) cache
/// gradients.
#[derive(Debug)]
pub struct PairBatch<I, T> {
    /// The inputs of the encoders, a run of studies each.
    pub chunks: Vec<PairChunk<I, T>>,
    /// For each image of all chunks the place of its study in the batch.
    ///
    /// # Shapes
    ///
    /// - `[images]`, 64-bit integers
    pub study: Tensor,
    /// [`report_group`](crate::report_group) of each study.
    ///
    /// # Shapes
    ///
    /// - `[texts]`, 64-bit integers
    pub groups: Tensor,
    /// The names of the studies, for messages.
    pub keys: Vec<String>,
}

/// What the encoders see at once.
#[derive(Debug)]
pub struct PairChunk<I, T> {
    /// All images of the chunk's studies.
    pub images: I,
    /// The chunk's reports, one a study.
    pub texts: T,
}
