use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use model_core::{
    AdamW, AdamWConfig, Hook, ParameterPolicy, Schedule, StepReport, StopReason, Task, Trainer,
    TrainerConfig, batches_from_fn, freeze_layers, named_tensors,
};
use tch::{Device, nn};
use xray_core::derive_seed;

use crate::device::On;

/// What the training of any text encoder is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Training {
    /// The folder of the encoder to begin with: config.json, weights and a tokenizer.
    #[arg(long)]
    pub(crate) model: PathBuf,
    /// Where the trained encoder goes, as a Hugging Face folder. Checkpoints lie in it meanwhile, and a run that was
    /// interrupted goes on from them.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Passes over the data.
    #[arg(long, default_value_t = 1)]
    epochs: u64,
    /// Items a step.
    #[arg(long)]
    pub(crate) batch: usize,
    /// The learning rate, after a rise over the first tenth of the steps and before half a cosine down to 0.
    #[arg(long, default_value_t = 2e-5)]
    learning_rate: f64,
    /// The embeddings and this many layers from below stay as they are; without it, nothing does.
    #[arg(long)]
    freeze_layers: Option<u64>,
    /// Ends after this many steps.
    #[arg(long)]
    steps: Option<u64>,
    /// Ends after this many minutes of this call; the same call again goes on.
    #[arg(long)]
    minutes: Option<f64>,
    /// Steps between checkpoints.
    #[arg(long, default_value_t = 100)]
    checkpoint_every: u64,
    /// Where all randomness comes from.
    #[arg(long, default_value_t = 33)]
    pub(crate) seed: u64,
    #[arg(long, value_enum, default_value = "cpu")]
    on: On,
}

impl Training {
    pub(crate) fn device(&self) -> Result<Device> {
        self.on.device()
    }

    /// Trains the weights of `vs` on batches of `items` items, drawn anew in each epoch.
    pub(crate) fn run<T: Task>(
        &self,
        task: &T,
        vs: &nn::VarStore,
        items: usize,
        collate: impl Fn(&[usize], u64) -> model_core::Result<T::Batch>,
    ) -> Result<()> {
        if let Some(layers) = self.freeze_layers {
            freeze_layers(vs, layers);
        }
        let optimizer = AdamW::new(ParameterPolicy::default().parameters("", vs), AdamWConfig::default())?;
        let whole = self.epochs * items.div_ceil(self.batch) as u64;
        let total_steps = self.steps.map_or(whole, |steps| steps.min(whole));
        let checkpoints = self.out.join("checkpoints");
        std::fs::create_dir_all(&checkpoints)?;
        let config = TrainerConfig {
            epochs: self.epochs,
            learning_rate: self.learning_rate,
            schedule: Schedule::Cosine {
                warmup_steps: total_steps / 10,
                total_steps: Some(total_steps),
                floor: 0.0,
            },
            seed: self.seed,
            checkpoint_every: Some(self.checkpoint_every),
            checkpoints: Some(checkpoints.clone()),
            ..TrainerConfig::default()
        };
        let bar = ProgressBar::new(total_steps)
            .with_style(ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left, {msg}")?);
        let deadline =
            self.minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(60.0 * minutes.max(0.0)));
        let watch = Watch { bar: bar.clone(), steps: total_steps, deadline };
        let mut trainer = Trainer::new(config, named_tensors("", vs), Box::new(optimizer))?.with_hook(watch);
        let last = checkpoints.join("last.safetensors");
        if last.is_file() {
            trainer.resume(&last)?;
            eprintln!("going on after {} steps", trainer.progress().step);
        }
        let done = trainer.progress().step;
        if done >= total_steps {
            return Ok(());
        }
        let mut batches = batches_from_fn(|epoch, skip| {
            let mut order: Vec<usize> = (0..items).collect();
            order.sort_by_cached_key(|&item| derive_seed(self.seed, &[epoch, item as u64]));
            let batches: Vec<Vec<usize>> = order.chunks(self.batch).map(<[usize]>::to_vec).collect();
            let collate = &collate;
            Ok(batches.into_iter().enumerate().skip(skip as usize).map(move |(number, batch)| {
                collate(&batch, derive_seed(self.seed, &[epoch, number as u64, 1]))
            }))
        });
        let summary = trainer.run(task, &mut batches, None)?;
        bar.finish_and_clear();
        let ended = if summary.reason == StopReason::Hook { "stopped" } else { "finished" };
        eprintln!("{ended} after {} steps", summary.steps);
        Ok(())
    }
}

/// Shows how far training is, and ends it when its steps or its time are over.
struct Watch {
    bar: ProgressBar,
    steps: u64,
    deadline: Option<Instant>,
}

impl Hook for Watch {
    fn on_step(&mut self, report: &StepReport) -> model_core::Result<ControlFlow<()>> {
        self.bar.set_position(report.step + 1);
        self.bar.set_message(format!("loss {:.4}", report.loss));
        let over = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        Ok(if over || report.step + 1 >= self.steps {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}
