//! Compares encoders on shards and on public sets, and writes what was found as numbers (`metrics.json`, `results.csv`,
//! `results.md`) and as one page without network (`index.html`).
//!
//! ```text
//! cargo run --release --example evaluate -- --config presets/phantom.toml --out eval-out
//! cargo run --release --example evaluate -- --config presets/public.toml --protocol paper --out eval-out
//! ```

mod boxes;
mod charts;
mod config;
mod encoder;
mod html;
mod kept;
mod latent;
mod learn;
mod maps;
mod measure;
mod outcome;
mod page;
mod paper;
mod picture;
mod places;
mod strict;
mod supervised;
mod tables;
mod tasks;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use osteon::xray_core::AtomicFile;

use crate::config::{EvaluateConfig, Protocol};

/// Compares encoders on shards and on public sets.
#[derive(Debug, Parser)]
struct Arguments {
    /// What is compared, on what; see presets/phantom.toml.
    #[arg(long)]
    config: PathBuf,
    /// How heads are fitted, in place of what the configuration says.
    #[arg(long, value_enum)]
    protocol: Option<Protocol>,
    /// Where numbers and page go.
    #[arg(long)]
    out: PathBuf,
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
    let mut config = EvaluateConfig::from_file(&arguments.config)?;
    config.protocol = arguments.protocol.unwrap_or(config.protocol);
    let results = measure::measure(&config)?;
    let write = |name: &str, text: String| {
        let path = arguments.out.join(name);
        AtomicFile::write(&path, text.as_bytes()).with_context(|| format!("writing {path:?}"))
    };
    write("metrics.json", format!("{}\n", serde_json::to_string_pretty(&results)?))?;
    write("results.csv", tables::csv(&results))?;
    write("results.md", tables::markdown(&results))?;
    write("index.html", page::html(&config, &results)?)?;
    eprintln!("{:?} holds metrics.json, results.csv, results.md and index.html", arguments.out);
    Ok(())
}
