use std::ops::ControlFlow;
use std::path::PathBuf;

use model_core::{
    AdamW, AdamWConfig, BatchSource, DecayRule, Encoded, Encoder, Hook, Mode, ParameterPolicy, PlateauConfig,
    StepContext, StepOutput, StepReport, StopReason, Summary, Task, Trainer, TrainerConfig, named_tensors,
};
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

use crate::{Error, Head, Result};

/// Images with what is to be said of them.
#[derive(Debug)]
pub struct LabelledBatch<I> {
    /// What the encoder takes.
    pub input: I,
    /// Numbers beside the features, `[batch, columns]`, as the sex for bone age.
    pub columns: Option<Tensor>,
    /// What the head's loss takes.
    pub targets: Tensor,
}

/// An encoder and a head, trained together or the head alone.
#[derive(Debug)]
pub struct FineTune<E, H> {
    encoder: E,
    head: H,
    frozen: bool,
}

impl<E: Encoder, H: Head> FineTune<E, H> {
    /// A task that trains both.
    pub fn new(encoder: E, head: H) -> Self {
        Self { encoder, head, frozen: false }
    }

    /// Whether the encoder stays as it is and only the head learns.
    pub fn set_frozen(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// The encoder.
    pub fn encoder(&self) -> &E {
        &self.encoder
    }

    /// The head.
    pub fn head(&self) -> &H {
        &self.head
    }

    /// The head's raw answers.
    ///
    /// # Errors
    ///
    /// As the encoder and the head.
    pub fn logits(
        &self,
        input: &E::Input,
        columns: Option<&Tensor>,
        mode: Mode,
    ) -> model_core::Result<Tensor> {
        let encoded = if self.frozen {
            let _no_grad = tch::no_grad_guard();
            self.encoder.encode(input, Mode::Eval)?
        } else {
            self.encoder.encode(input, mode)?
        };
        self.head.logits(&beside(encoded, columns), mode)
    }

    /// What encoder and head say of a batch; see [`Head::predictions`].
    ///
    /// # Errors
    ///
    /// As the encoder and the head.
    pub fn predict(&self, input: &E::Input, columns: Option<&Tensor>) -> model_core::Result<Tensor> {
        let _no_grad = tch::no_grad_guard();
        Ok(self.head.predictions(&self.logits(input, columns, Mode::Eval)?))
    }
}

impl<E: Encoder, H: Head> Task for FineTune<E, H> {
    type Batch = LabelledBatch<E::Input>;

    fn step(&self, batch: &Self::Batch, cx: &StepContext<'_>) -> model_core::Result<StepOutput> {
        let logits = self.logits(&batch.input, batch.columns.as_ref(), cx.mode)?;
        Ok(StepOutput::new(self.head.loss(&logits, &batch.targets)?, batch.targets.size()[0]))
    }
}

/// How encoder and head are trained. The default is what the method's released code does for
/// classification; for regression its head has a rate of 1e-3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FineTuneConfig {
    /// The head's learning rate while the encoder is frozen. Default: 1e-4.
    pub head_rate: f64,
    /// Everything's learning rate from then on. Default: 1e-6.
    pub joint_rate: f64,
    /// Optimizer steps before the encoder learns too; nothing for a linear probe, where it never does.
    /// Default: 200.
    pub frozen_steps: Option<u64>,
    /// AdamW's weight decay, on all parameters. Default: 1e-6.
    pub weight_decay: f64,
    /// At most this many epochs in which the encoder learns, or in which the head does where the encoder never learns;
    /// before the encoder learns, `frozen_steps` are the bound. Default: 1,000.
    pub epochs: u64,
    /// Epochs without a lower validation loss before training ends. Default: 10.
    pub early_stopping: u64,
    /// When the rate falls: halved after more than 3 epochs without a lower validation loss by default.
    pub plateau: PlateauConfig,
    /// Default: 12345.
    pub seed: u64,
    /// Where checkpoints are kept (`head`, `joint`), so that the weights of the best evaluation are put back
    /// at the end. Default: nowhere, and the last weights stay.
    pub checkpoints: Option<PathBuf>,
}

impl Default for FineTuneConfig {
    fn default() -> Self {
        Self {
            head_rate: 1e-4,
            joint_rate: 1e-6,
            frozen_steps: Some(200),
            weight_decay: 1e-6,
            epochs: 1_000,
            early_stopping: 10,
            plateau: PlateauConfig::default(),
            seed: 12345,
            checkpoints: None,
        }
    }
}

impl FineTuneConfig {
    /// Trains the head of `task` on the frozen encoder, then both together. The second part starts with a
    /// fresh optimizer; the released code keeps the first one's moments.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] with what the settings, the batches or the training report.
    pub fn run<E: Encoder, H: Head>(
        &self,
        task: &mut FineTune<E, H>,
        encoder: &nn::VarStore,
        head: &nn::VarStore,
        train: &mut dyn BatchSource<Batch = LabelledBatch<E::Input>>,
        validation: &mut dyn BatchSource<Batch = LabelledBatch<E::Input>>,
    ) -> Result<Summary> {
        let mut first = None;
        if self.frozen_steps != Some(0) {
            task.set_frozen(true);
            let mut trainer = self.trainer("head", self.head_rate, encoder, head, false)?;
            if let Some(steps) = self.frozen_steps {
                trainer = trainer.with_hook(StopAfter(steps));
            }
            let summary =
                trainer.run(task, train, Some(&mut *validation)).map_err(model("training the head"))?;
            if self.frozen_steps.is_none() || summary.reason != StopReason::Hook {
                trainer.restore_best().map_err(model("putting the best weights back"))?;
                return Ok(summary);
            }
            first = Some((trainer, summary));
        }
        task.set_frozen(false);
        let mut trainer = self.trainer("joint", self.joint_rate, encoder, head, true)?;
        let mut summary = trainer.run(task, train, Some(validation)).map_err(model("training the model"))?;
        if let Some((first_trainer, first)) = first {
            summary.steps += first.steps;
            let losses = first.best_loss.zip(summary.best_loss);
            if losses.is_some_and(|(first, second)| first < second) {
                (trainer, summary.best_loss) = (first_trainer, first.best_loss);
            }
        }
        trainer.restore_best().map_err(model("putting the best weights back"))?;
        Ok(summary)
    }

    fn trainer(
        &self,
        part: &str,
        learning_rate: f64,
        encoder: &nn::VarStore,
        head: &nn::VarStore,
        joint: bool,
    ) -> Result<Trainer<'static>> {
        let decay = DecayRule::All;
        let policy = ParameterPolicy { weight_decay: self.weight_decay, decay, ..Default::default() };
        let mut parameters = if joint { policy.parameters("encoder.", encoder) } else { Vec::new() };
        parameters.extend(policy.parameters("head.", head));
        let config = TrainerConfig {
            // An epoch has a step at least.
            epochs: self.frozen_steps.filter(|_| !joint).unwrap_or(self.epochs),
            learning_rate,
            plateau: Some(self.plateau),
            early_stopping: Some(self.early_stopping),
            seed: self.seed,
            checkpoints: self.checkpoints.as_ref().map(|folder| folder.join(part)),
            ..Default::default()
        };
        let weights = named_tensors("encoder.", encoder).into_iter().chain(named_tensors("head.", head));
        AdamW::new(parameters, AdamWConfig::default())
            .and_then(|optimizer| Trainer::new(config, weights.collect(), Box::new(optimizer)))
            .map_err(model("preparing the training"))
    }
}

fn model(action: &'static str) -> impl FnOnce(model_core::Error) -> Error {
    move |source| Error::Model { action, source }
}

struct StopAfter(u64);

impl Hook for StopAfter {
    fn on_step(&mut self, report: &StepReport) -> model_core::Result<ControlFlow<()>> {
        Ok(if report.step + 1 >= self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// The features with the columns at their end.
fn beside(encoded: Encoded, columns: Option<&Tensor>) -> Encoded {
    match columns {
        Some(columns) => {
            let columns = columns.to_kind(encoded.pooled.kind());
            Encoded { pooled: Tensor::cat(&[&encoded.pooled, &columns], 1), ..encoded }
        }
        None => encoded,
    }
}
