//! Trains the same encoders with several losses and seeds, and tells what each is worth on the test split: retrieval,
//! zero-shot classification and linear probes, as one table.
//!
//! ```text
//! cargo run --release --example compare_losses -- --config presets/phantom-losses.toml --out losses-out
//! ```
//!
//! Stopped, it goes on where it was when it is run again. With `--seeds` several processes share the work; the last one
//! makes the table of all that is there.

mod config;
mod measure;
mod table;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use osteon::contrastive_align::{PretrainConfig, Pretraining};
use osteon::model_core::StepReport;
use osteon::xray_core::AtomicFile;
use osteon::{Aligned, Alignment};
use tch::Device;

use crate::config::{Comparison, Variant};
use crate::measure::{Measured, Measures};

/// Trains the same encoders with several losses and seeds.
#[derive(Debug, Parser)]
struct Arguments {
    /// What is compared; see presets/phantom-losses.toml.
    #[arg(long)]
    config: PathBuf,
    /// Where runs, figures and the table go.
    #[arg(long)]
    out: PathBuf,
    /// Only these seeds of the configuration's.
    #[arg(long, value_delimiter = ',')]
    seeds: Option<Vec<u64>>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let comparison = Comparison::from_file(&arguments.config)?;
    let base = comparison.base()?;
    let measures = Measures::new(&comparison, &base)?;
    let now = arguments.seeds.as_ref().unwrap_or(&comparison.seeds);
    for seed in now {
        for variant in &comparison.variants {
            let name = format!("{}-{seed}", variant.slug());
            let figures = figures_of(&arguments.out, &name);
            if figures.is_file() {
                continue;
            }
            let of = || format!("{:?} with seed {seed}", variant.name);
            let folder = arguments.out.join("runs").join(&name);
            let aligned = train(variant.of(&base, *seed), &folder, &name).with_context(of)?;
            let measured = measures.of(&aligned, *seed).with_context(of)?;
            AtomicFile::write(&figures, &serde_json::to_vec_pretty(&measured)?)?;
        }
    }
    let table = table::markdown(&comparison, &measures, |variant: &Variant, seed| {
        read(&figures_of(&arguments.out, &format!("{}-{seed}", variant.slug())))
    })?;
    AtomicFile::write(arguments.out.join("results.md"), table.as_bytes())?;
    eprint!("{table}");
    Ok(())
}

fn figures_of(out: &Path, name: &str) -> PathBuf {
    out.join("figures").join(format!("{name}.json"))
}

/// The figures of a run, if it is done.
fn read(path: &Path) -> anyhow::Result<Option<Measured>> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = std::fs::read(path).with_context(|| format!("reading {path:?}"))?;
    serde_json::from_slice(&bytes).map(Some).with_context(|| format!("reading {path:?}"))
}

/// The encoders of a run that is new, goes on, or is done.
fn train(config: PretrainConfig, folder: &Path, name: &str) -> anyhow::Result<Aligned> {
    if folder.join("summary.json").is_file() {
        return Ok(Aligned::load(folder, Device::Cpu)?);
    }
    let run = match folder.join("config.toml").is_file() {
        true => Pretraining::resume(folder)?,
        false => Pretraining::new(config, folder)?,
    };
    let alignment = Alignment::open(run, Device::Cpu)?;
    let bar = ProgressBar::new(alignment.steps())
        .with_style(ProgressStyle::with_template("{prefix:24} {wide_bar} {pos}/{len}, {eta} left, {msg}")?)
        .with_prefix(name.to_owned());
    let show = |report: &StepReport| {
        bar.set_position(report.step + 1);
        bar.set_message(format!("loss {:.4}", report.loss));
    };
    let (aligned, _) = alignment.with_hook(show).run()?;
    bar.finish_and_clear();
    Ok(aligned)
}
