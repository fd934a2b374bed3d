//! Says what a predictor makes of images: one JSON line an image, in the order given.
//!
//! ```text
//! cargo run --release --example predict -- --model fracture-predictor --images wrist.dcm folder/
//! ```

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use osteon::{Prediction, Predictor};
use rayon::prelude::*;
use serde::Serialize;
use tch::Device;
use xray_core::ImageDecoder;
use xray_dataset::ImageFileDecoder;

/// Says what a predictor makes of images.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder of a predictor.
    #[arg(long)]
    model: PathBuf,
    /// Images (DICOM, PNG, JPEG, TIFF), or folders of them.
    #[arg(long, required = true, num_args = 1..)]
    images: Vec<PathBuf>,
    /// Copies of the encoder, as many images are worked on at once.
    #[arg(long, default_value_t = 1)]
    copies: usize,
    /// Uses the first GPU.
    #[arg(long)]
    cuda: bool,
}

/// A line of the output.
#[derive(Serialize)]
struct Row<'a> {
    image: &'a Path,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Said(Prediction),
    Failed { error: String },
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let device = if arguments.cuda { Device::Cuda(0) } else { Device::Cpu };
    let predictor = Predictor::load(&arguments.model, device, arguments.copies)?;
    let files = files(&arguments.images)?;
    let (mut out, mut failed) = (std::io::stdout().lock(), 0);
    for chunk in files.chunks(arguments.copies.max(1) * 8) {
        let rows = chunk.par_iter().map(|path| match predict(&predictor, path) {
            Ok(said) => Outcome::Said(said),
            Err(error) => Outcome::Failed { error: format!("{error:#}") },
        });
        for (image, outcome) in chunk.iter().zip(rows.collect::<Vec<_>>()) {
            failed += usize::from(matches!(outcome, Outcome::Failed { .. }));
            serde_json::to_writer(&mut out, &Row { image, outcome })?;
            writeln!(out)?;
        }
    }
    if failed > 0 {
        eprintln!("{failed} of {} images failed; their lines say why", files.len());
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn predict(predictor: &Predictor, path: &Path) -> anyhow::Result<Prediction> {
    let image = ImageFileDecoder::default().decode(path)?;
    Ok(predictor.predict_study(&[image])?)
}

/// The files, and those of the folders by name.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = fs::read_dir(path).with_context(|| format!("reading {path:?}"))?;
            let mut inside = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
            inside.retain(|path| path.is_file());
            inside.sort();
            files.extend(inside);
        } else if path.is_file() {
            files.push(path.clone());
        } else {
            bail!("{path:?} is no file and no folder");
        }
    }
    Ok(files)
}
