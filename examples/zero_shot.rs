//! Classifies images by French descriptions of the classes: no label is used but to choose a threshold on the
//! validation split and to measure on the test split.
//!
//! ```text
//! cargo run --release --example zero_shot -- --model runs/demo --shards shards \
//!     --prompts presets/prompts-fr.toml --task fracture
//! ```

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::ensure;
use clap::Parser;
use contrastive_align::{PromptSet, ZeroShot, calibrate_threshold};
use eval_metrics::{Auroc, Bootstrap, Clusters, ConfusionMatrix};
use osteon::Aligned;
use tch::Device;
use xray_core::{Dataset, Label, patient_of};
use xray_dataset::{ShardDataset, Split};

/// Classifies images by French descriptions of the classes.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder of a pretraining run.
    #[arg(long)]
    model: PathBuf,
    /// The folder of the shards.
    #[arg(long)]
    shards: PathBuf,
    /// The descriptions.
    #[arg(long, default_value = "presets/prompts-fr.toml")]
    prompts: PathBuf,
    /// The task of the prompt file, named as the label that it is measured by.
    #[arg(long, default_value = "fracture")]
    task: String,
    /// The class that the label is true for.
    #[arg(long, default_value = "present")]
    positive: String,
    /// Uses the first GPU.
    #[arg(long)]
    cuda: bool,
}

/// The studies of a split that have the label.
struct Scored {
    labels: Vec<bool>,
    scores: Vec<f64>,
    patients: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let device = if arguments.cuda { Device::Cuda(0) } else { Device::Cpu };
    let aligned = Aligned::load(&arguments.model, device)?;
    let prompts = PromptSet::from_file(&arguments.prompts)?;
    let task = prompts.task(&arguments.task)?;
    let classifier = ZeroShot::new(&aligned.towers.model, aligned.pairs.texts(), task, device)?;

    let validation = score(&arguments, &aligned, &classifier, Split::Val)?;
    let threshold = calibrate_threshold(&validation.labels, &validation.scores)?;
    let test = score(&arguments, &aligned, &classifier, Split::Test)?;
    let auroc = Auroc::new(&test.labels, &test.scores)?;
    let interval = Bootstrap::default().interval(&auroc, &Clusters::by(&test.patients))?;
    let matrix = ConfusionMatrix::at_threshold(&test.labels, &test.scores, threshold)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} on {} studies of the test split", arguments.task, test.labels.len())?;
    writeln!(out, "  AUROC {:.3} [{:.3}, {:.3}]", interval.estimate, interval.low, interval.high)?;
    writeln!(
        out,
        "  at {threshold:.4}, chosen on validation: balanced accuracy {:.3}, sensitivity {:.3}, specificity {:.3}",
        matrix.balanced_accuracy()?,
        matrix.sensitivity(1)?,
        matrix.specificity(1)?
    )?;
    Ok(())
}

fn score(
    arguments: &Arguments,
    aligned: &Aligned,
    classifier: &ZeroShot,
    split: Split,
) -> anyhow::Result<Scored> {
    let studies = ShardDataset::open(&arguments.shards, split)?;
    let mut labels = HashMap::new();
    for index in 0..studies.len() {
        if let Some(present) = studies.encoded(index)?.labels.get(&arguments.task).and_then(Label::present) {
            labels.insert(studies.key(index).to_owned(), present);
        }
    }
    let images = aligned.embed(&arguments.shards, split)?.images;
    let scores = classifier.scores(images.embeddings(), &arguments.positive)?;
    let mut scored = Scored { labels: Vec::new(), scores: Vec::new(), patients: Vec::new() };
    for (key, score) in images.keys().iter().zip(scores) {
        let Some(present) = labels.get(key) else { continue };
        scored.labels.push(*present);
        scored.scores.push(score);
        scored.patients.push(patient_of(key).to_owned());
    }
    ensure!(!scored.labels.is_empty(), "no study of the {split:?} split has the label {:?}", arguments.task);
    Ok(scored)
}
