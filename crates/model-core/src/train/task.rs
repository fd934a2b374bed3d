use tch::Tensor;

use crate::{Collective, Mode, Result};

/// What a task needs to know of the step that it is part of.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StepContext<'a> {
    /// Whether the step trains or evaluates.
    pub mode: Mode,
    /// The processes that train together.
    pub collective: &'a dyn Collective,
    /// The optimizer step that the batch belongs to, counted from 0.
    pub step: u64,
    /// What the loop multiplies the loss by before it goes backward: 1 over the number of accumulated
    /// batches, in f16 times the factor of [`LossScale`](crate::LossScale). A task that runs backward passes of its own, as gradient caching does, applies it too.
    pub loss_scale: f64,
}

impl<'a> StepContext<'a> {
    /// The context of a step whose loss is taken as it is.
    pub fn new(mode: Mode, collective: &'a dyn Collective, step: u64) -> Self {
        Self { mode, collective, step, loss_scale: 1.0 }
    }

    /// The same step with another factor on the loss.
    #[must_use]
    pub fn with_loss_scale(self, loss_scale: f64) -> Self {
        Self { loss_scale, ..self }
    }
}

/// What a task made of a batch.
#[derive(Debug)]
pub struct StepOutput {
    /// The loss, a scalar that gradients flow back from.
    pub loss: Tensor,
    /// Further figures by name. Evaluation averages them over the samples.
    pub metrics: Vec<(String, f64)>,
    /// How many samples the loss is a mean of.
    pub samples: i64,
}

impl StepOutput {
    /// A loss over `samples` samples, without further figures.
    pub fn new(loss: Tensor, samples: i64) -> Self {
        Self { loss, metrics: Vec::new(), samples }
    }
}

/// A model together with its loss: all that the training loop knows of what it trains.
pub trait Task {
    /// What one step takes.
    type Batch;

    /// The loss of a batch.
    ///
    /// # Errors
    ///
    /// If the batch does not fit the model.
    fn step(&self, batch: &Self::Batch, cx: &StepContext<'_>) -> Result<StepOutput>;

    /// The keys of the samples that a loss which is not a number may come from: those of the whole batch, unless
    /// the task can tell. By default none is known.
    fn keys(&self, _batch: &Self::Batch) -> Vec<String> {
        Vec::new()
    }
}

impl<T: Task + ?Sized> Task for &T {
    type Batch = T::Batch;

    fn step(&self, batch: &Self::Batch, cx: &StepContext<'_>) -> Result<StepOutput> {
        (**self).step(batch, cx)
    }

    fn keys(&self, batch: &Self::Batch) -> Vec<String> {
        (**self).keys(batch)
    }
}
