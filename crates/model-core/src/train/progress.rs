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
    /// By how many steps the learning rate's schedule is ahead of that: what another number of processes did counts as the
    /// steps that these would have taken for it.
    #[serde(default)]
    pub schedule_ahead: i64,
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
            schedule_ahead: 0,
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
        config.learning_rate * config.schedule.factor(self.schedule_step()) * plateau
    }

    fn schedule_step(&self) -> u64 {
        self.step.saturating_add_signed(self.schedule_ahead)
    }

    /// The same point of the same run, for another number of processes.
    pub(crate) fn with_processes(mut self, world_size: usize) -> Self {
        let counted = |steps: u64| steps * self.world_size as u64 / world_size as u64;
        self.schedule_ahead = counted(self.schedule_step()) as i64 - self.step as i64;
        self.batch = counted(self.batch);
        self.world_size = world_size;
        self
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
