//! Aligns an image encoder and a text encoder on the studies of a folder of shards.
//!
//! ```text
//! cargo run --release --example pretrain -- --config presets/demo.toml --out runs/demo
//! cargo run --release --example pretrain -- --resume runs/demo
//! ```

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use osteon::Alignment;
use osteon::contrastive_align::{PretrainConfig, Pretraining};
use osteon::model_core::StepReport;
use tch::Device;

/// Aligns an image encoder and a text encoder on the studies of a folder of shards.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to train, as the files in presets/.
    #[arg(long, required_unless_present = "resume", conflicts_with = "resume")]
    config: Option<PathBuf>,
    /// The folder of a new run.
    #[arg(long, default_value = "runs/pretrain")]
    out: PathBuf,
    /// The folder of a run to go on with.
    #[arg(long)]
    resume: Option<PathBuf>,
    /// Where to train.
    #[arg(long, value_enum, default_value_t = On::Cpu)]
    device: On,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum On {
    Cpu,
    Cuda,
}

fn main() -> anyhow::Result<()> {
    let Arguments { config, out, resume, device } = Arguments::parse();
    let device = match device {
        On::Cpu => Device::Cpu,
        On::Cuda => Device::Cuda(0),
    };
    let run = match (resume, config) {
        (Some(folder), _) => Pretraining::resume(folder)?,
        (None, Some(config)) => Pretraining::new(PretrainConfig::from_file(config)?, out)?,
        (None, None) => anyhow::bail!("one of --config and --resume is needed"),
    };
    let folder = run.folder().to_owned();
    let alignment = Alignment::open(run, device)?;
    let bar = ProgressBar::new(alignment.steps())
        .with_style(ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left, {msg}")?);
    let show = |report: &StepReport| {
        bar.set_position(report.step + 1);
        bar.set_message(format!("loss {:.4}", report.loss));
    };
    let (_, summary) = alignment.with_hook(show).run()?;
    bar.finish_and_clear();
    let (reason, steps) = (summary.reason, summary.steps);
    eprintln!("{reason:?} after {steps} steps, best validation loss {:?}", summary.best_loss);
    eprintln!("both encoders, the log and the checkpoints are in {}", folder.display());
    Ok(())
}
