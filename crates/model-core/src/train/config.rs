use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Error, PlateauConfig, Precision, Result, Schedule};

/// How long and how fast to train, and what to keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainerConfig {
    /// At most this many epochs. Default 1.
    pub epochs: u64,
    /// The learning rate before any factor. Default 1e-4.
    pub learning_rate: f64,
    /// What the rate is multiplied by, step by step. Default: nothing.
    pub schedule: Schedule,
    /// Whether the rate falls when the validation loss no longer does. Default: no.
    pub plateau: Option<PlateauConfig>,
    /// How many batches make one optimizer step. Default 1.
    pub accumulation: u64,
    /// To which norm the gradients are clipped. Default: not at all.
    pub max_gradient_norm: Option<f64>,
    /// The number type of matrix products. Default f32.
    pub precision: Precision,
    /// After how many evaluations without a lower validation loss training ends. Default: never.
    pub early_stopping: Option<u64>,
    /// What is random in a step depends on this number, the step and the process alone. Default 0.
    pub seed: u64,
    /// Where `last.safetensors` and `best.safetensors` are kept. Default: nowhere.
    pub checkpoints: Option<PathBuf>,
    /// After how many steps the last state is kept, beside the end of each epoch. Default: never.
    pub checkpoint_every: Option<u64>,
}

impl Default for TrainerConfig {
    fn default() -> Self {
        Self {
            epochs: 1,
            learning_rate: 1e-4,
            schedule: Schedule::default(),
            plateau: None,
            accumulation: 1,
            max_gradient_norm: None,
            precision: Precision::default(),
            early_stopping: None,
            seed: 0,
            checkpoints: None,
            checkpoint_every: None,
        }
    }
}

impl TrainerConfig {
    /// Refuses what no run can have.
    ///
    /// # Errors
    ///
    /// Names the field.
    pub fn validate(&self) -> Result<()> {
        if self.accumulation == 0 {
            return Err(Error::config("accumulation", "at least one batch makes a step"));
        }
        if self.checkpoint_every == Some(0) {
            return Err(Error::config("checkpoint_every", "0 steps is no interval; leave it out for never"));
        }
        let positive = |field, value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(Error::config(field, format!("{value} is not a positive number"))),
        };
        positive("learning_rate", self.learning_rate)?;
        self.max_gradient_norm.map_or(Ok(()), |norm| positive("max_gradient_norm", norm))
    }
}
