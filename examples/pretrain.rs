//! Aligns an image encoder and a text encoder on the studies of a folder of shards.
//!
//! ```text
//! cargo run --release --example pretrain -- --config presets/demo.toml --out runs/demo
//! cargo run --release --example pretrain -- --resume runs/demo
//! # Two processes, which together are one with the double batch
//! cargo run --release --example launch -- --processes 2 -- \
//!     target/release/examples/pretrain --config presets/demo.toml --out runs/demo
//! torchrun --no-python --nproc-per-node 2 target/release/examples/pretrain --config presets/demo.toml
//! ```

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use osteon::Alignment;
use osteon::contrastive_align::{PretrainConfig, Pretraining};
use osteon::model_core::{Collective, SingleProcess, StepReport, TensorBoard};
use tch::Device;
use torch_ext::{ProcessGroup, Rendezvous};

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
    /// How many seconds to wait for another process, in the beginning and in every exchange, before giving up.
    #[arg(long, default_value_t = 300)]
    timeout: u64,
    /// Whether to write event files for TensorBoard too, into `tensorboard` of the run's folder.
    #[arg(long)]
    tensorboard: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum On {
    Cpu,
    Cuda,
}

fn main() -> anyhow::Result<()> {
    let Arguments { config, out, resume, device, timeout, tensorboard } = Arguments::parse();
    let rendezvous = Rendezvous::from_env()?;
    let device = match device {
        On::Cpu => Device::Cpu,
        On::Cuda => {
            torch_ext::cuda_device().context("this libtorch sees no GPU")?;
            Device::Cuda(rendezvous.as_ref().map_or(0, |rendezvous| rendezvous.local_rank))
        }
    };
    let collective: Box<dyn Collective> = match rendezvous {
        Some(rendezvous) => {
            let rendezvous = Rendezvous { timeout: Duration::from_secs(timeout), ..rendezvous };
            Box::new(ProcessGroup::join(&rendezvous, device)?)
        }
        None => Box::new(SingleProcess),
    };
    let run = match (resume, config) {
        (Some(folder), _) => Pretraining::resume(folder)?.with_collective(collective),
        (None, Some(config)) => Pretraining::together(PretrainConfig::from_file(config)?, out, collective)?,
        (None, None) => anyhow::bail!("one of --config and --resume is needed"),
    };
    let leads = run.leads();
    let folder = run.folder().to_owned();
    let mut alignment = Alignment::open(run, device)?;
    if tensorboard && leads {
        alignment = alignment.with_hook(TensorBoard::create(folder.join("tensorboard"))?);
    }
    let bar = match leads {
        true => ProgressBar::new(alignment.steps()),
        false => ProgressBar::hidden(),
    };
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left, {msg}")?);
    let show = |report: &StepReport| {
        bar.set_position(report.step + 1);
        bar.set_message(format!("loss {:.4}", report.loss));
    };
    let (_, summary) = alignment.with_hook(show).run()?;
    bar.finish_and_clear();
    if !leads {
        return Ok(());
    }
    let (reason, steps) = (summary.reason, summary.steps);
    eprintln!("{reason:?} after {steps} steps, best validation loss {:?}", summary.best_loss);
    eprintln!("both encoders, the log and the checkpoints are in {}", folder.display());
    Ok(())
}
