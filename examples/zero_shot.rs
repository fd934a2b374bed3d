//! Classifies images by French descriptions of the classes: no label is used but to choose a threshold on the
//! validation split and to measure on the test split.
//!
//! ```text
//! cargo run --release --example zero_shot -- --model runs/demo --shards shards \
//!     --prompts presets/prompts-fr.toml --task fracture
//! ```

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use contrastive_align::{
    PairCollate, PairIndex, PretrainConfig, PromptSet, Towers, ZeroShot, calibrate_threshold,
};
use eval_metrics::{Auroc, Bootstrap, Clusters, ConfusionMatrix};
use model_core::Error;
use tch::Device;
use text_encoder::{ReportTokenizer, TextModel};
use vision_encoder::{PixelCollate, Vit};
use xray_core::Label;
use xray_dataset::{Convirt, EvalTransform, Loader, LoaderConfig, Position, ShardDataset, Split};

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
    let towers = Towers::<Vit, TextModel>::load(&arguments.model, device)?;
    let tokenizer = ReportTokenizer::from_dir(arguments.model.join("text_encoder"))?;
    let prompts = PromptSet::from_file(&arguments.prompts)?;
    let classifier = ZeroShot::new(&towers.model, &tokenizer, prompts.task(&arguments.task)?, device)?;
    let channels = towers.model.image.config().num_channels as usize;
    let pairs = PairCollate::new(PixelCollate::new(channels), tokenizer);

    let validation = score(&arguments, &towers, &pairs, &classifier, Split::Val, device)?;
    let threshold = calibrate_threshold(&validation.labels, &validation.scores)?;
    let test = score(&arguments, &towers, &pairs, &classifier, Split::Test, device)?;
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
    towers: &Towers<Vit, TextModel>,
    pairs: &PairCollate<PixelCollate, ReportTokenizer>,
    classifier: &ZeroShot,
    split: Split,
    device: Device,
) -> anyhow::Result<Scored> {
    let data = PretrainConfig::from_file(arguments.model.join("config.toml"))?.data;
    let Convirt { mean, std, .. } = data.augmentation(&Convirt::default())?;
    let transform = EvalTransform { size: data.resolution, mean, std, ..Default::default() };
    let studies = ShardDataset::open(&arguments.shards, split)?;
    let loader = Loader::new(studies, transform, LoaderConfig::sequential(64))?;
    let mut labels = Vec::new();
    let samples = loader.batches(Position::default()).flat_map(|batch| match batch {
        Ok(samples) => samples.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(Error::external("reading studies")(error))],
    });
    let labelled = samples.filter(|sample| match sample {
        Ok(sample) => {
            let present = sample.labels.get(&arguments.task).and_then(Label::present);
            labels.extend(present);
            present.is_some()
        }
        Err(_) => true,
    });
    let index = PairIndex::embed(&towers.model, pairs, labelled, 64, device).with_context(|| {
        format!("embedding the {split:?} split, where it has the label {:?}", arguments.task)
    })?;
    Ok(Scored {
        labels,
        scores: classifier.scores(index.images.embeddings(), &arguments.positive)?,
        patients: index
            .images
            .keys()
            .iter()
            .map(|key| key.split('_').next().unwrap_or(key).to_owned())
            .collect(),
    })
}
