//! How well a pretrained pair of encoders finds reports by images and images by reports.
//!
//! ```text
//! cargo run --release --example retrieve -- --model runs/demo --shards shards
//! ```

use std::io::Write;
use std::path::PathBuf;

use clap::Parser;
use contrastive_align::{EmbeddingIndex, Ranking, Retrieval};
use eval_metrics::{Bootstrap, Clusters};
use osteon::Aligned;
use tch::Device;
use xray_core::patient_of;
use xray_dataset::Split;

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
    /// Uses the first GPU.
    #[arg(long)]
    cuda: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let device = if arguments.cuda { Device::Cuda(0) } else { Device::Cpu };
    let index = Aligned::load(&arguments.model, device)?.embed(&arguments.shards, Split::Test)?;
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
    let patients: Vec<&str> = queries.keys().iter().map(|key| patient_of(key)).collect();
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
