//! The whole method in one run: a simulated hospital of DICOM images and French reports is de-identified,
//! paired and sharded; two encoders are aligned from scratch; retrieval, zero-shot classification and linear
//! probes are measured on patients that were never seen; and two real radiographs go the same way.
//!
//! ```text
//! scripts/demo.sh                                   # sets up what is missing, then runs this
//! cargo run --release --example demo -- --quick --out DIR
//! ```
//!
//! Radiographs, reports and identifiers are SIMULATED: the figures say that the code works, and nothing
//! about patients.

mod archive;
mod evaluate;
mod real;
mod report;
mod train;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

/// Simulates a hospital, aligns two encoders and measures them on patients that were never seen.
#[derive(Debug, Parser)]
struct Arguments {
    /// Fewer studies and epochs: shows that everything runs, not what it reaches.
    #[arg(long)]
    quick: bool,
    /// Where everything goes; must not exist or be an earlier demo's.
    #[arg(long, default_value = "demo-out")]
    out: PathBuf,
    /// Simulated studies. Default: 2000, with --quick 240.
    #[arg(long)]
    studies: Option<usize>,
    /// Where all randomness comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder that scripts/samples.sh fills with real DICOM files.
    #[arg(long, default_value = "samples")]
    samples: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (started, out) = (Instant::now(), arguments.out.as_path());
    let studies = arguments.studies.unwrap_or(if arguments.quick { 240 } else { 2000 });
    report::clear(out).with_context(|| format!("preparing {out:?}"))?;
    eprintln!("SIMULATED radiographs and reports throughout; no figure says anything about patients.");

    let hospital = archive::simulate(out, studies, arguments.seed)?;
    let shards = archive::to_shards(out, &hospital)?;
    archive::show_reports(out, &hospital)?;
    let (aligned, losses) = train::align(out, &shards, arguments.quick, arguments.seed)?;
    let results = evaluate::measure(out, &shards.folder, &aligned, arguments.seed)?;
    let real = real::read(out, &arguments.samples, &shards.folder, &aligned)?;
    report::write(out, &results, &losses, &real, started)?;
    Ok(())
}

/// A bar for work of `length` parts.
fn bar(what: &'static str, length: u64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{prefix:>22} {wide_bar} {pos}/{len}, {eta} left {msg}")?;
    Ok(ProgressBar::new(length).with_style(style).with_prefix(what))
}
