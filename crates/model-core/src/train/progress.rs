use serde::{Deserialize, Serialize};

use crate::{LossScale, Plateau, TrainerConfig};

/// How far training has come: all that a run needs to go on, beside the tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The epoch that is under way or comes next, counted from 0.
    pub epoch: u64,
    /// How many of its batches are done.
    pub batch: u64,
    /// How many optimizer steps are done.
    pub step: u64,
    /// How many processes train together.
    pub world_size: usize,
    /// The lowest validation loss so far.
    pub best_loss: Option<f64>,
    /// How many evaluations have passed since.
    pub evaluations_since_best: u64,
    /// The state of the plateau schedule.
    pub plateau: Option<Plateau>,
    /// The factor on the loss in f16.
    pub loss_scale: LossScale,
}

impl Progress {
    pub(crate) fn new(config: &TrainerConfig, world_size: usize) -> Self {
        Self {
            epoch: 0,
            batch: 0,
            step: 0,
            world_size,
            best_loss: None,
            evaluations_since_best: 0,
            plateau: config.plateau.map(Plateau::new),
            loss_scale: LossScale::new(config.precision),
        }
    }

    /// The learning rate of the next step.
    pub(crate) fn learning_rate(&self, config: &TrainerConfig) -> f64 {
        let plateau = self.plateau.as_ref().map_or(1.0, Plateau::factor);
        config.learning_rate * config.schedule.factor(self.step) * plateau
    }

    /// Takes a validation loss into account; says whether it is the lowest so far.
    pub(crate) fn observe(&mut self, loss: f64) -> bool {
        if let Some(plateau) = &mut self.plateau {
            plateau.observe(loss);
        }
        let best = loss.is_finite() && self.best_loss.is_none_or(|best| loss < best);
        if best {
            self.best_loss = Some(loss);
            self.evaluations_since_best = 0;
        } else {
            self.evaluations_since_best += 1;
        }
        best
    }
}
