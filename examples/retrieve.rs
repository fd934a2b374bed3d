//! How well a pretrained pair of encoders finds reports by images and images by reports.
//!
//! ```text
//! cargo run --release --example retrieve -- --model runs/demo --shards shards
//! ```

use std::io::Write;
use std::path::PathBuf;

use clap::Parser;
use contrastive_align::{EmbeddingIndex, PairCollate, PairIndex, PretrainConfig, Ranking, Retrieval, Towers};
use eval_metrics::{Bootstrap, Clusters};
use model_core::Error;
use tch::Device;
use text_encoder::{ReportTokenizer, TextModel};
use vision_encoder::{PixelCollate, Vit};
use xray_dataset::{Convirt, EvalTransform, Loader, LoaderConfig, Position, ShardDataset, Split};

/// How well a pretrained pair of encoders finds reports by images and images by reports.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder of a pretraining run.
    #[arg(long)]
    model: PathBuf,
    /// The folder of the shards; its test split is searched.
    #[arg(long)]
    shards: PathBuf,
    /// A folder for the embeddings, as images.safetensors and texts.safetensors.
    #[arg(long)]
    save: Option<PathBuf>,
    /// Studies that are embedded at once.
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Uses the first GPU.
    #[arg(long)]
    cuda: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let device = if arguments.cuda { Device::Cuda(0) } else { Device::Cpu };
    let data = PretrainConfig::from_file(arguments.model.join("config.toml"))?.data;
    let Convirt { mean, std, .. } = data.augmentation(&Convirt::default())?;
    let transform = EvalTransform { size: data.resolution, mean, std, ..Default::default() };
    let towers = Towers::<Vit, TextModel>::load(&arguments.model, device)?;
    let tokenizer = ReportTokenizer::from_dir(arguments.model.join("text_encoder"))?;
    let channels = towers.model.image.config().num_channels as usize;
    let pairs = PairCollate::new(PixelCollate::new(channels), tokenizer);

    let studies = ShardDataset::open(&arguments.shards, Split::Test)?;
    let loader = Loader::new(studies, transform, LoaderConfig::sequential(arguments.batch))?;
    let samples = loader.batches(Position::default()).flat_map(|batch| match batch {
        Ok(samples) => samples.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(Error::external("reading studies")(error))],
    });
    let index = PairIndex::embed(&towers.model, &pairs, samples, arguments.batch, device)?;
    if let Some(folder) = &arguments.save {
        index.images.save(folder.join("images.safetensors"))?;
        index.texts.save(folder.join("texts.safetensors"))?;
    }

    let retrieval = Retrieval::new(&index)?;
    print("image to report", &retrieval.image_to_text, &index.images)?;
    print("report to image", &retrieval.text_to_image, &index.texts.distinct())?;
    Ok(())
}

/// Recall with an interval over patients and what chance would reach.
fn print(title: &str, ranking: &Ranking, queries: &EmbeddingIndex) -> anyhow::Result<()> {
    let summary = ranking.summary()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{title}: {} queries among {} items", summary.queries, summary.items)?;
    // The first half of a key is the patient's pseudonym.
    let patients: Vec<&str> = queries.keys().iter().map(|key| key.split('_').next().unwrap_or(key)).collect();
    for k in [1, 5, 10] {
        let interval = Bootstrap::default().interval(&ranking.recall(k)?, &Clusters::by(&patients))?;
        writeln!(
            out,
            "  R@{k:<3} {:.3} [{:.3}, {:.3}]   chance {:.3}",
            interval.estimate,
            interval.low,
            interval.high,
            ranking.chance(k)
        )?;
    }
    writeln!(out, "  median rank {:.1}", summary.median_rank)?;
    Ok(())
}
