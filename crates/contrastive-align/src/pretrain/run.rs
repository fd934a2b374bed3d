use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use model_core::{
    BatchSource, Collective, Encoder, Hook, JsonLines, Pretrained, Shard, SingleProcess, StopReason, Summary,
    Trainer, TrainerConfig, freeze_layers,
};
use serde_json::json;
use tch::{Device, Tensor};
use xray_core::AtomicFile;

use crate::{Aligner, Error, PairBatch, PretrainConfig, Result, Towers};

const CONFIG: &str = "config.toml";
const CHECKPOINTS: &str = "checkpoints";

/// One pretraining run and its folder.
///
/// The folder holds `config.toml`, `versions.json`, `metrics.jsonl` (a line a step and an evaluation),
/// `checkpoints/last.safetensors` and `best.safetensors`, and at the end `summary.json` and the best
/// weights as `vision_encoder/` and `text_encoder/`.
pub struct Pretraining<'a> {
    config: PretrainConfig,
    folder: PathBuf,
    resumed: bool,
    collective: Box<dyn Collective + 'a>,
    hooks: Vec<Box<dyn Hook + 'a>>,
}

impl<'a> Pretraining<'a> {
    /// A new run in a folder that holds none.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the configuration is refused or the folder holds a run; [`Error::File`] if it
    /// cannot be written.
    pub fn new(config: PretrainConfig, folder: impl Into<PathBuf>) -> Result<Self> {
        Self::together(config, folder, Box::new(SingleProcess))
    }

    /// A new run of several processes in a folder that all of them can read; the first one writes.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); [`Error::Model`] if the first process has ended.
    pub fn together(
        config: PretrainConfig,
        folder: impl Into<PathBuf>,
        collective: Box<dyn Collective + 'a>,
    ) -> Result<Self> {
        config.validate()?;
        let run = Self { config, folder: folder.into(), resumed: false, collective, hooks: Vec::new() };
        if run.leads() {
            if run.folder.join(CONFIG).exists() {
                let reason = "the folder holds a run; resume it or choose another".to_owned();
                return Err(Error::Config { path: Some(run.folder), reason });
            }
            let text =
                toml::to_string_pretty(&run.config).map_err(|error| Error::config(error.to_string()))?;
            run.write(CONFIG, text.as_bytes())?;
        }
        run.wait_for_first()?;
        Ok(run)
    }

    /// The run of a folder, which goes on from its last checkpoint, or from the start where there is none.
    ///
    /// # Errors
    ///
    /// As [`PretrainConfig::from_file`].
    pub fn resume(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        let config = PretrainConfig::from_file(folder.join(CONFIG))?;
        Ok(Self { config, folder, resumed: true, collective: Box::new(SingleProcess), hooks: Vec::new() })
    }

    /// Goes on together with other processes, whose number need not be that of before; the first one writes.
    /// Default: alone.
    #[must_use]
    pub fn with_collective(self, collective: Box<dyn Collective + 'a>) -> Self {
        Self { collective, ..self }
    }

    /// The place of this process among those of the run.
    pub fn shard(&self) -> Shard {
        self.collective.shard()
    }

    /// Whether this process is the one that writes.
    pub fn leads(&self) -> bool {
        self.shard().rank == 0
    }

    /// Waits until the first process has come here.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] if it has ended.
    pub fn wait_for_first(&self) -> Result<()> {
        self.collective
            .broadcast(&mut [Tensor::from(0.0)])
            .map_err(Error::model("waiting for the first process"))
    }

    /// Adds an onlooker, as a progress bar.
    #[must_use]
    pub fn with_hook(mut self, hook: impl Hook + 'a) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// The same run, which is known to have so many steps: a learning rate that falls over the whole run falls over them.
    #[must_use]
    pub fn with_total_steps(mut self, steps: u64) -> Self {
        self.config.trainer.schedule = self.config.trainer.schedule.over(steps);
        self
    }

    /// What the run was told.
    pub fn config(&self) -> &PretrainConfig {
        &self.config
    }

    /// Where the run lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the image encoder will lie: how its images are prepared belongs there.
    pub fn vision_folder(&self) -> PathBuf {
        self.folder.join(crate::towers::VISION)
    }

    /// Where the text encoder will lie: its tokenizer's files belong there.
    pub fn text_folder(&self) -> PathBuf {
        self.folder.join(crate::towers::TEXT)
    }

    /// The encoders that the configuration asks for, fresh or from their folders, with frozen layers frozen.
    ///
    /// # Errors
    ///
    /// If a configuration is refused or a folder does not hold such an encoder.
    pub fn towers<V, T>(&self, vision: V::Config, text: T::Config, device: Device) -> Result<Towers<V, T>>
    where
        V: Encoder + Pretrained,
        T: Encoder + Pretrained,
    {
        let PretrainConfig { seed, vision: of_vision, text: of_text, logit, .. } = &self.config;
        tch::manual_seed(seed.cast_signed());
        let towers =
            Towers::new(vision, text, logit, device).map_err(Error::model("building the encoders"))?;
        let fresh = self.checkpoint().is_none();
        if let (Some(folder), true) = (&of_vision.pretrained, fresh) {
            let loaded = towers.weights.load_vision(folder);
            let _ = loaded.map_err(Error::model("reading the image encoder"))?;
        }
        if let (Some(folder), true) = (&of_text.pretrained, fresh) {
            let _ = towers.weights.load_text(folder).map_err(Error::model("reading the text encoder"))?;
        }
        for (config, store) in [(of_vision, &towers.weights.vision), (of_text, &towers.weights.text)] {
            if config.freeze_layers > 0 {
                freeze_layers(store, config.freeze_layers);
            }
        }
        Ok(towers)
    }

    /// Trains, puts the best weights back and writes the encoders.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] with what training failed by; checkpoints stay as they were. [`Error::Config`] if a step would
    /// have one study. [`Error::File`] if the folder cannot be written.
    pub fn run<V, T>(
        self,
        towers: Towers<V, T>,
        train: &mut dyn BatchSource<Batch = PairBatch<V::Input, T::Input>>,
        validation: &mut dyn BatchSource<Batch = PairBatch<V::Input, T::Input>>,
    ) -> Result<(Towers<V, T>, Summary)>
    where
        V: Encoder + Pretrained,
        T: Encoder + Pretrained,
    {
        if self.config.data.batch * self.shard().world_size == 1 {
            return Err(Error::config("data.batch: a step of one study has no other to tell it from"));
        }
        let checkpoints = self.folder.join(CHECKPOINTS);
        let leads = self.leads();
        if leads {
            fs::create_dir_all(&checkpoints).map_err(|source| {
                Error::file("making the run's folder")(xray_core::Error::file(
                    "writing",
                    &checkpoints,
                    source,
                ))
            })?;
            self.write("versions.json", versions().as_bytes())?;
        }

        let Towers { model, weights } = towers;
        let aligner = Aligner::new(model, self.config.loss.build()?);
        let optimizer = self.config.optimizer.build(weights.parameters(&self.config.parameters))?;
        let last = self.checkpoint();
        let config = TrainerConfig {
            seed: self.config.seed,
            checkpoints: Some(checkpoints),
            ..self.config.trainer.clone()
        };
        let mut trainer = Trainer::new(config, weights.tensors(), optimizer)
            .map_err(Error::model("setting up training"))?
            .with_collective(self.collective);
        if let Some(last) = last {
            trainer.resume(&last).map_err(Error::model("resuming the run"))?;
        }
        if leads {
            let metrics = JsonLines::resume(self.folder.join("metrics.jsonl"), trainer.progress().step);
            trainer = trainer.with_hook(metrics.map_err(Error::model("opening the log"))?);
        }
        for hook in self.hooks {
            trainer = trainer.with_hook(Onlooker(hook));
        }
        let summary = trainer.run(&aligner, train, Some(validation)).map_err(Error::model("training"))?;
        trainer.restore_best().map_err(Error::model("reading the best weights"))?;
        if leads {
            weights.save(&self.folder).map_err(Error::model("writing the encoders"))?;
            let reason = match summary.reason {
                StopReason::Finished => "finished",
                StopReason::EarlyStopping => "early_stopping",
                StopReason::Hook => "hook",
            };
            let told = json!({ "reason": reason, "steps": summary.steps, "best_loss": summary.best_loss });
            write(&self.folder, "summary.json", format!("{told:#}\n").as_bytes())?;
        }
        Ok((Towers { model: aligner.model, weights }, summary))
    }

    /// What a resumed run goes on from.
    fn checkpoint(&self) -> Option<PathBuf> {
        let last = self.folder.join(CHECKPOINTS).join("last.safetensors");
        (self.resumed && last.is_file()).then_some(last)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        write(&self.folder, name, bytes)
    }
}

impl fmt::Debug for Pretraining<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pretraining")
            .field("config", &self.config)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// A boxed hook as a hook.
struct Onlooker<'a>(Box<dyn Hook + 'a>);

impl Hook for Onlooker<'_> {
    fn on_step(&mut self, report: &model_core::StepReport) -> model_core::Result<std::ops::ControlFlow<()>> {
        self.0.on_step(report)
    }

    fn on_evaluation(
        &mut self,
        report: &model_core::EvalReport,
    ) -> model_core::Result<std::ops::ControlFlow<()>> {
        self.0.on_evaluation(report)
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    AtomicFile::write(folder.join(name), bytes).map_err(Error::file("writing into the run's folder"))
}

/// What a later reader may need to know of where the run took place.
fn versions() -> String {
    let versions = json!({
        "osteon": env!("CARGO_PKG_VERSION"),
        "libtorch": LIBTORCH,
        "system": std::env::consts::OS,
        "machine": std::env::consts::ARCH,
        "threads": tch::get_num_threads(),
    });
    format!("{versions:#}\n")
}

/// tch 0.24 runs with this version and refuses to be built with another.
const LIBTORCH: &str = "2.11.0";
