//! Self-alignment of a text encoder on names of concepts, as SapBERT: names of one concept are drawn together and
//! others apart.
//!
//! ```text
//! scripts/terms.sh
//! cargo run --release --example sap_train -- --model terms/multilingual-e5-small --pairs terms/cim11-train.txt \
//!     --held-out terms/cim11-bones.txt --out runs/sap --pool mean --prefix "query: "
//! ```

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use contrastive_align::{EmbeddingIndex, Ranking};
use model_core::layers::Pooling;
use model_core::{Collate, load_pretrained, save_pretrained};
use tch::{Device, Tensor};
use text_encoder::{
    MultiSimilarity, ReportTokenizer, SapAlignment, SapCollate, SynonymPair, TextModel, embed_texts,
};

#[path = "cli/device.rs"]
mod device;
#[path = "cli/training.rs"]
mod training;

use training::Training;

/// Self-alignment of a text encoder on names of concepts, as SapBERT.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    training: Training,
    /// Files of `concept||name||name` lines, one after the other.
    #[arg(long, required = true, num_args = 1..)]
    pairs: Vec<PathBuf>,
    /// A file of such lines that is not trained on: how often the second name is the nearest to the first is told
    /// before and after.
    #[arg(long)]
    held_out: Option<PathBuf>,
    /// How the tokens become one vector.
    #[arg(long, value_enum, default_value = "cls")]
    pool: Pool,
    /// Put before every name, as e5 wants "query: ".
    #[arg(long, default_value = "")]
    prefix: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Pool {
    Cls,
    Mean,
}

fn main() -> Result<()> {
    let Arguments { training, pairs, held_out, pool, prefix } = Arguments::parse();
    let device = training.device()?;
    let pairs: Vec<SynonymPair> =
        pairs.iter().map(SynonymPair::read).collect::<Result<Vec<_>, _>>()?.concat();
    let held_out = held_out.map(SynonymPair::read).transpose()?;

    let (vs, model, _) = load_pretrained::<TextModel>(&training.model, device)?;
    let model = model.without_projection().with_pooling(match pool {
        Pool::Cls => Pooling::Cls,
        Pool::Mean => Pooling::Mean,
    });
    let tokenizer = || -> Result<ReportTokenizer> {
        Ok(ReportTokenizer::from_dir(&training.model)?.plain().with_prefix(prefix.as_str()))
    };
    let found = |model: &TextModel| match &held_out {
        Some(pairs) => Ok(Some(recall(model, &tokenizer()?, pairs, device)?)),
        None => anyhow::Ok(None),
    };
    let before = found(&model)?;
    if let Some(before) = before {
        eprintln!("R@1 on the held-out pairs before: {before:.4}");
    }

    let collate = SapCollate::new(tokenizer()?)?;
    let task = SapAlignment::new(model, MultiSimilarity::default());
    training.run(&task, &vs, pairs.len(), |batch, _| {
        let pairs: Vec<&SynonymPair> = batch.iter().map(|&pair| &pairs[pair]).collect();
        collate.collate(&pairs, device)
    })?;

    save_pretrained(&training.out, &vs, task.encoder().config())?;
    tokenizer()?.save(&training.out)?;
    if let (Some(before), Some(after)) = (before, found(task.encoder())?) {
        eprintln!("R@1 on the held-out pairs after: {after:.4} ({:+.4})", after - before);
    }
    eprintln!("the encoder is in {}", training.out.display());
    Ok(())
}

/// How often the second name of a pair is the nearest of all second names to the first.
fn recall(
    model: &TextModel,
    tokenizer: &ReportTokenizer,
    pairs: &[SynonymPair],
    device: Device,
) -> Result<f64> {
    let index = |name: fn(&SynonymPair) -> &String| -> Result<EmbeddingIndex> {
        let names: Vec<&str> = pairs.iter().map(|pair| name(pair).as_str()).collect();
        let rows = embed_texts(model, tokenizer, &names, 2048, device)?;
        let rows = &rows / rows.norm_scalaropt_dim(2, [1], true).clamp_min(1e-12);
        let concepts = pairs.iter().map(|pair| pair.concept.clone()).collect();
        Ok(EmbeddingIndex::new(
            concepts,
            &Tensor::arange(pairs.len() as i64, (tch::Kind::Int64, Device::Cpu)),
            &rows,
        )?)
    };
    let ranking = Ranking::new(&index(|pair| &pair.first)?, &index(|pair| &pair.second)?)?;
    Ok(ranking.summary().context("ranking the held-out pairs")?.recall_at_1)
}
