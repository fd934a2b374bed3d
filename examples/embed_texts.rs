//! Embeds the texts of a JSON Lines file with a Hugging Face folder's text encoder.
//!
//! Rows are `{"id": .., "text": ..}`. The output holds `embeddings`, `[texts, embed_dim]` f32, rows in the
//! order of the lines; the ids stand in the metadata under `ids` as a JSON list.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use model_core::layers::Pooling;
use model_core::load_pretrained;
use text_encoder::{ReportTokenizer, TextModel, embed_texts};

#[path = "cli/device.rs"]
mod device;
#[path = "cli/embeddings.rs"]
mod embeddings;
#[path = "cli/rows.rs"]
mod rows;

use device::On;

#[derive(Parser)]
struct Args {
    /// A folder with config.json, model.safetensors and tokenizer.json.
    #[arg(long)]
    model: PathBuf,
    /// The rows.
    #[arg(long)]
    input: PathBuf,
    /// The safetensors file to write.
    #[arg(long)]
    output: PathBuf,
    /// What of the last layer is kept.
    #[arg(long, value_enum, default_value = "cls")]
    pool: Pool,
    /// Whether rows get length 1.
    #[arg(long)]
    normalize: bool,
    /// Put before every text, as e5 wants "query: " or "passage: ".
    #[arg(long, default_value = "")]
    prefix: String,
    /// Whether texts are reports, to be cut into sentences first.
    #[arg(long)]
    reports: bool,
    /// Where the model runs.
    #[arg(long, value_enum, default_value = "cpu")]
    device: On,
    /// Tokens a batch, padding included.
    #[arg(long, default_value_t = 2048)]
    tokens: usize,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Pool {
    /// The first token.
    Cls,
    /// The mean of the real tokens.
    Mean,
    /// The first token through the projection.
    Projected,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let device = args.device.device()?;
    let (_vs, model, _) = load_pretrained::<TextModel>(&args.model, device)?;
    let model = match args.pool {
        Pool::Projected if model.config().projection_size.is_none() => {
            bail!("{:?} has no projection", args.model)
        }
        Pool::Projected => model,
        Pool::Cls => model.without_projection(),
        Pool::Mean => model.without_projection().with_pooling(Pooling::Mean),
    };
    let tokenizer = ReportTokenizer::from_dir(&args.model)?.with_prefix(args.prefix.as_str());
    let tokenizer = if args.reports { tokenizer } else { tokenizer.plain() };

    let (ids, texts): (Vec<_>, Vec<_>) = rows::rows(&args.input)?.into_iter().unzip();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let rows = embed_texts(&model, &tokenizer, &texts, args.tokens, device)?;
    embeddings::save(&args.output, rows, args.normalize, &ids)
}
