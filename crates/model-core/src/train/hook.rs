use std::ops::ControlFlow;

use serde::Serialize;

use crate::Result;

/// What one optimizer step did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepReport {
    /// The epoch, counted from 0.
    pub epoch: u64,
    /// The step, counted from 0 over all epochs.
    pub step: u64,
    /// The mean loss of the batches that the step accumulated.
    pub loss: f64,
    /// The learning rate of the step.
    pub learning_rate: f64,
    /// The norm of all gradients together, before clipping.
    pub gradient_norm: f64,
    /// How many samples this process saw in the step.
    pub samples: i64,
    /// How long the step took, loading included.
    pub seconds: f64,
    /// The task's further figures, of the last accumulated batch.
    pub metrics: Vec<(String, f64)>,
}

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvalReport {
    /// The epoch after which it took place, counted from 0.
    pub epoch: u64,
    /// How many steps had been taken.
    pub step: u64,
    /// The mean loss over all samples.
    pub loss: f64,
    /// How many samples there were.
    pub samples: i64,
    /// Whether no earlier evaluation had a loss as low.
    pub best: bool,
    /// The task's further figures, averaged over the samples.
    pub metrics: Vec<(String, f64)>,
}

/// Watches training: logs, draws a progress bar, writes files, stops.
pub trait Hook {
    /// Called after every optimizer step. `Break` ends training after a last checkpoint.
    ///
    /// # Errors
    ///
    /// An error ends training at once.
    fn on_step(&mut self, report: &StepReport) -> Result<ControlFlow<()>>;

    /// Called after every evaluation. Does nothing by default.
    ///
    /// # Errors
    ///
    /// An error ends training at once.
    fn on_evaluation(&mut self, _report: &EvalReport) -> Result<ControlFlow<()>> {
        Ok(ControlFlow::Continue(()))
    }
}

/// A plain function is a hook that goes on, for progress bars.
impl<F: FnMut(&StepReport)> Hook for F {
    fn on_step(&mut self, report: &StepReport) -> Result<ControlFlow<()>> {
        self(report);
        Ok(ControlFlow::Continue(()))
    }
}
