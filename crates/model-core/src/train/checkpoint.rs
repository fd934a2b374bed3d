use std::collections::BTreeMap;
use std::path::Path;

use tch::Tensor;

use crate::{Error, Optimizer, Progress, Result, TrainerConfig, Weights, save_tensors};

/// The state of a run in one safetensors file, which appears whole or not at all: tensors `weights.*` and
/// `optimizer.*`, and in its metadata the progress and the configuration as JSON.
#[derive(Debug)]
pub struct Checkpoint {
    weights: Weights,
    progress: Progress,
    config: TrainerConfig,
}

const WEIGHTS: &str = "weights.";
const OPTIMIZER: &str = "optimizer.";

impl Checkpoint {
    /// Writes a checkpoint; without `optimizer` it can be read back into a model but not trained on.
    ///
    /// # Errors
    ///
    /// If the file cannot be written; what was there before is then unharmed.
    pub fn save(
        path: impl AsRef<Path>,
        weights: &[(String, Tensor)],
        optimizer: Option<&dyn Optimizer>,
        progress: &Progress,
        config: &TrainerConfig,
    ) -> Result<()> {
        let path = path.as_ref();
        let json = |error: serde_json::Error| Error::format(path, error.to_string());
        let metadata = BTreeMap::from([
            ("progress".to_owned(), serde_json::to_string(progress).map_err(json)?),
            ("config".to_owned(), serde_json::to_string(config).map_err(json)?),
        ]);
        let named = |prefix: &str, tensors: Vec<(String, Tensor)>| -> Vec<(String, Tensor)> {
            tensors.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect()
        };
        let shallow = weights.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect();
        let mut tensors = named(WEIGHTS, shallow);
        if let Some(optimizer) = optimizer {
            tensors.extend(named(OPTIMIZER, optimizer.state()));
        }
        save_tensors(path, tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)), &metadata)
    }

    /// Opens a checkpoint without reading its tensors.
    ///
    /// # Errors
    ///
    /// If the file is missing, damaged or no checkpoint.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let weights = Weights::open(path)?;
        let field = |name: &str| {
            let text = weights.metadata().get(name);
            text.ok_or_else(|| Error::format(path, format!("no checkpoint: its header lacks {name}")))
        };
        let json = |error: serde_json::Error| Error::format(path, error.to_string());
        let progress = serde_json::from_str(field("progress")?).map_err(json)?;
        let config = serde_json::from_str(field("config")?).map_err(json)?;
        Ok(Self { weights, progress, config })
    }

    /// How far the run had come.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// What the run was told.
    pub fn config(&self) -> &TrainerConfig {
        &self.config
    }

    /// Puts the weights back into a model's tensors. All are checked before any is changed.
    ///
    /// # Errors
    ///
    /// If a tensor is missing, is one too many or has another shape.
    pub fn restore_weights(&self, tensors: &[(String, Tensor)]) -> Result<()> {
        let saved: Vec<&str> = self.names(WEIGHTS).collect();
        if let Some(name) = saved.iter().find(|name| !tensors.iter().any(|(model, _)| model == *name)) {
            return Err(self.refuse(format!("the model has no tensor {name}")));
        }
        for (name, tensor) in tensors {
            match self.weights.shape(&format!("{WEIGHTS}{name}")) {
                None => return Err(self.refuse(format!("it lacks the tensor {name}"))),
                Some(shape) if shape != tensor.size() => {
                    let reason =
                        format!("{name} has shape {shape:?} there and {:?} in the model", tensor.size());
                    return Err(self.refuse(reason));
                }
                Some(_) => {}
            }
        }
        for (name, tensor) in tensors {
            let value = self.weights.read(&format!("{WEIGHTS}{name}"))?;
            tch::no_grad(|| tensor.shallow_clone().f_copy_(&value))
                .map_err(Error::torch("restoring weights"))?;
        }
        Ok(())
    }

    /// Gives an optimizer its state back.
    ///
    /// # Errors
    ///
    /// If the state is that of another optimizer or of other parameters.
    pub fn restore_optimizer(&self, optimizer: &mut dyn Optimizer) -> Result<()> {
        let state = self
            .names(OPTIMIZER)
            .map(|name| Ok((name.to_owned(), self.weights.read(&format!("{OPTIMIZER}{name}"))?)))
            .collect::<Result<_>>()?;
        optimizer.load_state(state)
    }

    fn names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.weights.names().filter_map(move |name| name.strip_prefix(prefix))
    }

    /// An error that names this checkpoint.
    pub(crate) fn refuse(&self, reason: String) -> Error {
        Error::Checkpoint { path: self.weights.path().to_owned(), reason }
    }
}
