use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use anyhow::Context;
use osteon::contrastive_align::{PretrainConfig, Pretraining};
use osteon::model_core::{EvalReport, Hook, Result, Schedule, StepReport};
use osteon::xray_dataset::Split;
use osteon::{Aligned, Alignment};
use tch::Device;

use crate::archive::Shards;

/// Loss over steps: of every training step, and of every evaluation.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    pub(crate) training: Vec<[f64; 2]>,
    pub(crate) validation: Vec<[f64; 2]>,
}

/// Aligns the encoders of presets/demo.toml on the training split, the shards' own tokenizer included.
pub(crate) fn align(
    out: &Path,
    shards: &Shards,
    quick: bool,
    seed: u64,
) -> anyhow::Result<(Aligned, Losses)> {
    let mut config = PretrainConfig::parse(include_str!("../../presets/demo.toml"))?;
    config.seed = seed;
    config.data.shards = shards.folder.clone();
    if quick {
        config.trainer.epochs = 2;
        config.data.batch = 32;
    }
    // The rate falls over as many steps as this archive makes.
    let studies = shards.account.splits.get(&Split::Train).map_or(0, |count| count.samples);
    let steps = studies / config.data.batch as u64 * config.trainer.epochs;
    if let Schedule::Cosine { warmup_steps, total_steps, .. } = &mut config.trainer.schedule {
        (*warmup_steps, *total_steps) = (steps / 10, Some(steps));
    }
    let losses = Rc::new(RefCell::new(Losses::default()));
    let watch = Watch { bar: crate::bar("align", steps)?, losses: losses.clone() };
    let run = Pretraining::new(config, out.join("run"))?;
    let (aligned, _) =
        Alignment::open(run, Device::Cpu)?.with_hook(watch).run().context("aligning the encoders")?;
    Ok((aligned, losses.take()))
}

struct Watch {
    bar: indicatif::ProgressBar,
    losses: Rc<RefCell<Losses>>,
}

impl Hook for Watch {
    fn on_step(&mut self, report: &StepReport) -> Result<ControlFlow<()>> {
        self.bar.set_position(report.step + 1);
        self.bar.set_message(format!("loss {:.3}", report.loss));
        self.losses.borrow_mut().training.push([report.step as f64, report.loss]);
        Ok(ControlFlow::Continue(()))
    }

    fn on_evaluation(&mut self, report: &EvalReport) -> Result<ControlFlow<()>> {
        self.losses.borrow_mut().validation.push([report.step as f64, report.loss]);
        Ok(ControlFlow::Continue(()))
    }
}
