use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tch::{Device, Tensor};
use torch_ext::Reducer;
use xray_core::derive_seed;

use crate::collective::failed;
use crate::optim::{gradient, scale_gradients};
use crate::{
    BatchSource, Checkpoint, Collective, Error, EvalReport, Hook, Mode, Optimizer, Progress, Result,
    SingleProcess, StepContext, StepReport, Task, TrainerConfig, clip_gradients, gradient_norm,
};

/// Trains any [`Task`]: the one loop of these crates.
///
/// Random numbers of a step depend on the seed, the step and the process alone, and a [`BatchSource`]
/// can skip what was done, so that a run that was killed and resumed from its last checkpoint ends with
/// the same bits on the CPU as one that was not.
///
/// # Examples
///
/// ```
/// use model_core::{
///     AdamW, AdamWConfig, ParameterPolicy, Result, StepContext, StepOutput, Task, Trainer, TrainerConfig,
///     batches_from_fn, layers::linear, named_tensors,
/// };
/// use tch::{Device, Kind, Reduction, Tensor, nn};
///
/// struct Line(nn::Linear);
///
/// impl Task for Line {
///     type Batch = (Tensor, Tensor);
///
///     fn step(&self, (x, y): &Self::Batch, _: &StepContext<'_>) -> Result<StepOutput> {
///         Ok(StepOutput::new(x.apply(&self.0).mse_loss(y, Reduction::Mean), x.size()[0]))
///     }
/// }
///
/// let vs = nn::VarStore::new(Device::Cpu);
/// let task = Line(linear(&vs.root(), 1, 1, true));
/// let optimizer = AdamW::new(ParameterPolicy::default().parameters("", &vs), AdamWConfig::default())?;
/// let config = TrainerConfig { epochs: 5, learning_rate: 0.05, ..Default::default() };
/// let mut batches = batches_from_fn(|_epoch, skip| {
///     let x = Tensor::linspace(-1.0, 1.0, 16, (Kind::Float, Device::Cpu)).view([16, 1]);
///     Ok((skip..50).map(move |_| Ok((x.shallow_clone(), &x * 2.0 + 1.0))))
/// });
/// let mut trainer = Trainer::new(config, named_tensors("", &vs), Box::new(optimizer))?;
/// let summary = trainer.run(&task, &mut batches, None)?;
/// assert_eq!(summary.steps, 250);
/// assert!((task.0.ws.double_value(&[0, 0]) - 2.0).abs() < 0.05);
/// # Ok::<(), model_core::Error>(())
/// ```
pub struct Trainer<'a> {
    config: TrainerConfig,
    weights: Vec<(String, Tensor)>,
    optimizer: Box<dyn Optimizer + 'a>,
    collective: Box<dyn Collective + 'a>,
    hooks: Vec<Box<dyn Hook + 'a>>,
    progress: Progress,
}

impl fmt::Debug for Trainer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer")
            .field("config", &self.config)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// All epochs are done.
    Finished,
    /// The validation loss no longer fell.
    EarlyStopping,
    /// A hook asked for it.
    Hook,
}

/// How training ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Why.
    pub reason: StopReason,
    /// How many optimizer steps were taken, those before a resume included.
    pub steps: u64,
    /// The lowest validation loss, where there was an evaluation.
    pub best_loss: Option<f64>,
}

impl<'a> Trainer<'a> {
    /// A run that has taken no step. `weights` are the tensors that a checkpoint holds, in most cases
    /// [`named_tensors`](crate::named_tensors) of the model's stores.
    ///
    /// # Errors
    ///
    /// If the configuration is refused.
    pub fn new(
        config: TrainerConfig,
        weights: Vec<(String, Tensor)>,
        optimizer: Box<dyn Optimizer + 'a>,
    ) -> Result<Self> {
        config.validate()?;
        let progress = Progress::new(&config, 1);
        Ok(Self {
            config,
            weights,
            optimizer,
            collective: Box::new(SingleProcess),
            hooks: Vec::new(),
            progress,
        })
    }

    /// Trains together with other processes. Default: alone.
    #[must_use]
    pub fn with_collective(mut self, collective: Box<dyn Collective + 'a>) -> Self {
        self.progress.world_size = collective.shard().world_size;
        self.collective = collective;
        self
    }

    /// Adds an onlooker. Hooks are called in the order in which they were added.
    #[must_use]
    pub fn with_hook(mut self, hook: impl Hook + 'a) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// How far the run has come.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Goes on from a checkpoint, as `last.safetensors`. The number of epochs, the steps over which the learning rate
    /// falls, the folder of checkpoints and how often they are made may differ from those of the checkpoint; with another
    /// number of processes epoch and learning rate go on where the same samples are counted to.
    ///
    /// # Errors
    ///
    /// If the file is damaged or belongs to another model, optimizer or configuration. The model may then
    /// hold the checkpoint's weights.
    pub fn resume(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let checkpoint = Checkpoint::open(path)?;
        let theirs = checkpoint.config().schedule;
        let same = self.config.schedule.without_total() == theirs.without_total();
        let ours = TrainerConfig {
            epochs: checkpoint.config().epochs,
            schedule: if same { theirs } else { self.config.schedule },
            checkpoints: checkpoint.config().checkpoints.clone(),
            checkpoint_every: checkpoint.config().checkpoint_every,
            ..self.config.clone()
        };
        if ours != *checkpoint.config() {
            return Err(checkpoint.refuse(format!("it was made with {:?}", checkpoint.config())));
        }
        checkpoint.restore_weights(&self.weights)?;
        checkpoint.restore_optimizer(self.optimizer.as_mut())?;
        self.progress = checkpoint.progress().clone().with_processes(self.progress.world_size);
        Ok(())
    }

    /// Puts the weights of the best evaluation back into the model, where one was kept.
    ///
    /// # Errors
    ///
    /// If the file is damaged.
    pub fn restore_best(&self) -> Result<()> {
        match self.checkpoint_path("best") {
            Some(path) if path.is_file() && self.leads() => {
                Checkpoint::open(path)?.restore_weights(&self.weights)?;
            }
            _ => {}
        }
        self.share(|_| true)
    }

    /// Trains until the epochs are done, the validation loss no longer falls, or a hook stops it.
    ///
    /// # Errors
    ///
    /// What the task, the batches, a hook or the disk report; [`Error::NotFinite`] when the loss or a
    /// gradient is not a number. The last checkpoint then stays as it was.
    pub fn run<T: Task>(
        &mut self,
        task: &T,
        train: &mut dyn BatchSource<Batch = T::Batch>,
        mut validation: Option<&mut dyn BatchSource<Batch = T::Batch>>,
    ) -> Result<Summary> {
        self.share(|_| true)?;
        let trained = self.optimizer.parameters().iter().map(|parameter| &parameter.tensor);
        let reducer =
            self.collective.reducer(&trained.filter(|tensor| tensor.requires_grad()).collect::<Vec<_>>())?;
        while self.progress.epoch < self.config.epochs {
            let mut batches = train.batches(self.progress.epoch, self.progress.batch)?;
            loop {
                let start = Instant::now();
                let group =
                    batches.by_ref().take(self.config.accumulation as usize).collect::<Result<Vec<_>>>()?;
                if group.is_empty() {
                    break;
                }
                let mut report = self.step(task, &group, reducer.as_ref())?;
                report.seconds = start.elapsed().as_secs_f64();
                self.progress.batch += group.len() as u64;
                self.progress.step += 1;
                if self.config.checkpoint_every.is_some_and(|every| self.progress.step.is_multiple_of(every))
                {
                    self.save("last", true)?;
                }
                if self.tell(|hook| hook.on_step(&report))?.is_break() {
                    self.save("last", true)?;
                    return Ok(self.summary(StopReason::Hook));
                }
            }
            drop(batches);
            self.progress.epoch += 1;
            self.progress.batch = 0;
            let mut go_on = ControlFlow::Continue(());
            if let Some(source) = validation.as_deref_mut() {
                // Running statistics are those of a process.
                self.share(|tensor| !tensor.requires_grad())?;
                let report = self.evaluate(task, source)?;
                if report.best {
                    self.save("best", false)?;
                }
                go_on = self.tell(|hook| hook.on_evaluation(&report))?;
            }
            self.save("last", true)?;
            if go_on.is_break() {
                return Ok(self.summary(StopReason::Hook));
            }
            if self.config.early_stopping.is_some_and(|most| self.progress.evaluations_since_best >= most) {
                return Ok(self.summary(StopReason::EarlyStopping));
            }
        }
        Ok(self.summary(StopReason::Finished))
    }

    /// One optimizer step over the batches that it accumulates.
    fn step<T: Task>(
        &mut self,
        task: &T,
        group: &[T::Batch],
        reducer: Option<&Reducer>,
    ) -> Result<StepReport> {
        let step = self.progress.step;
        let rank = self.collective.shard().rank as u64;
        tch::manual_seed(derive_seed(self.config.seed, &[step, rank]) as i64);
        let (precision, device) = (self.config.precision, self.device());
        let share = 1.0 / group.len() as f64;
        let loss_scale = self.progress.loss_scale.factor();
        let scale = share * loss_scale;
        let cx = StepContext::new(Mode::Train, self.collective.as_ref(), step).with_loss_scale(scale);
        let (mut loss, mut samples, mut metrics) = (0.0, 0, Vec::new());
        for (place, batch) in group.iter().enumerate() {
            let output = precision.run(device, || task.step(batch, &cx))?;
            let value = output.loss.double_value(&[]);
            if !value.is_finite() {
                return Err(Error::NotFinite { what: "loss", step, value, samples: task.keys(batch) });
            }
            let scaled = output.loss * scale;
            if let (Some(reducer), true) = (reducer, place + 1 == group.len()) {
                reducer.prepare(&scaled).map_err(failed)?;
            }
            scaled.f_backward().map_err(Error::torch("the backward pass"))?;
            loss += value * share;
            samples += output.samples;
            metrics = output.metrics;
        }
        let parameters = self.optimizer.parameters();
        let mut exchanged: Vec<Tensor> = match reducer {
            Some(_) => Vec::new(),
            None => parameters.iter().filter_map(|p| gradient(&p.tensor)).collect(),
        };
        exchanged.push(Tensor::from(loss));
        self.collective.all_reduce_mean(&mut exchanged)?;
        let loss = exchanged[exchanged.len() - 1].double_value(&[]);
        if loss_scale != 1.0 {
            scale_gradients(parameters, 1.0 / loss_scale);
        }
        let norm = match self.config.max_gradient_norm {
            Some(max_norm) => clip_gradients(parameters, max_norm),
            None => gradient_norm(parameters),
        };
        let learning_rate = self.progress.learning_rate(&self.config);
        if norm.is_finite() {
            self.optimizer.step(learning_rate);
            self.progress.loss_scale.count_good_step(precision);
        } else if self.progress.loss_scale.can_shrink() {
            self.progress.loss_scale.shrink();
        } else {
            let samples = group.iter().flat_map(|batch| task.keys(batch)).collect();
            return Err(Error::NotFinite { what: "gradient norm", step, value: norm, samples });
        }
        self.optimizer.zero_grad();
        let epoch = self.progress.epoch;
        Ok(StepReport {
            epoch,
            step,
            loss,
            learning_rate,
            gradient_norm: norm,
            samples,
            seconds: 0.0,
            metrics,
        })
    }

    /// The mean loss and figures over the samples of all processes, without gradients.
    fn evaluate<T: Task>(
        &mut self,
        task: &T,
        source: &mut dyn BatchSource<Batch = T::Batch>,
    ) -> Result<EvalReport> {
        let epoch = self.progress.epoch - 1;
        let _no_grad = tch::no_grad_guard();
        tch::manual_seed(derive_seed(self.config.seed, &[u64::MAX]) as i64);
        let cx = StepContext::new(Mode::Eval, self.collective.as_ref(), self.progress.step);
        let mut names: Vec<String> = Vec::new();
        // The number of samples, then the sums of the loss and of each further figure.
        let mut sums: Vec<f64> = vec![0.0, 0.0];
        for batch in source.batches(0, 0)? {
            let batch = batch?;
            let output = self.config.precision.run(self.device(), || task.step(&batch, &cx))?;
            let samples = output.samples as f64;
            sums[0] += samples;
            sums[1] += samples * output.loss.double_value(&[]);
            for (name, value) in output.metrics {
                let place = names.iter().position(|known| *known == name).unwrap_or(names.len());
                if place == names.len() {
                    names.push(name);
                    sums.push(0.0);
                }
                sums[place + 2] += samples * value;
            }
        }
        let mut shared = [Tensor::from_slice(&sums)];
        self.collective.all_reduce_mean(&mut shared)?;
        let means =
            Vec::<f64>::try_from(&shared[0] / &shared[0].get(0)).map_err(Error::torch("averaging"))?;
        let loss = means[1];
        let best = self.progress.observe(loss);
        let metrics = names.into_iter().zip(means[2..].iter().copied()).collect();
        Ok(EvalReport { epoch, step: self.progress.step, loss, samples: sums[0] as i64, best, metrics })
    }

    fn tell(
        &mut self,
        mut call: impl FnMut(&mut dyn Hook) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        let mut answer = ControlFlow::Continue(());
        for hook in &mut self.hooks {
            if call(hook.as_mut())?.is_break() {
                answer = ControlFlow::Break(());
            }
        }
        Ok(answer)
    }

    /// Where the model is.
    fn device(&self) -> Device {
        self.weights.first().map_or(Device::Cpu, |(_, tensor)| tensor.device())
    }

    fn checkpoint_path(&self, name: &str) -> Option<PathBuf> {
        self.config.checkpoints.as_ref().map(|folder| folder.join(format!("{name}.safetensors")))
    }

    /// The tensors of the first process take the place of the others'.
    fn share(&self, chosen: impl Fn(&Tensor) -> bool) -> Result<()> {
        let tensors = self.weights.iter().map(|(_, tensor)| tensor).filter(|tensor| chosen(tensor));
        self.collective.broadcast(&mut tensors.map(Tensor::detach).collect::<Vec<_>>())
    }

    fn leads(&self) -> bool {
        self.collective.shard().rank == 0
    }

    /// The first process writes; the others hold the same.
    fn save(&self, name: &str, with_optimizer: bool) -> Result<()> {
        match self.checkpoint_path(name) {
            Some(path) if self.leads() => {
                let optimizer = with_optimizer.then_some(self.optimizer.as_ref());
                Checkpoint::save(path, &self.weights, optimizer, &self.progress, &self.config)
            }
            _ => Ok(()),
        }
    }

    fn summary(&self, reason: StopReason) -> Summary {
        Summary { reason, steps: self.progress.step, best_loss: self.progress.best_loss }
    }
}
