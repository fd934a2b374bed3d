//! Embeds the texts of a JSON Lines file with a Hugging Face folder's text encoder.
//!
//! Rows are `{"id": .., "text": ..}`. The output holds `embeddings`, `[texts, embed_dim]` f32, rows in the
//! order of the lines; the ids stand in the metadata under `ids` as a JSON list.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use model_core::layers::Pooling;
use model_core::{Encoder, Mode, load_pretrained};
use serde_json::Value;
use tch::{Device, Kind, Tensor};
use text_encoder::{ReportTokenizer, TextModel, TokenBatch, batches_by_length};

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
    #[arg(long, default_value_t = 8192)]
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

#[derive(Clone, Copy, ValueEnum)]
enum On {
    Cpu,
    Cuda,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let device = match args.device {
        On::Cpu => Device::Cpu,
        On::Cuda if tch::Cuda::is_available() => Device::Cuda(0),
        On::Cuda => bail!("this libtorch sees no GPU"),
    };
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

    let (ids, texts) = rows(&args.input)?;
    let tokens = tokenizer.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>())?;
    let lengths: Vec<usize> = tokens.iter().map(Vec::len).collect();
    let mut order = Vec::with_capacity(texts.len());
    let mut rows = Vec::new();
    for batch in batches_by_length(&lengths, args.tokens) {
        let texts: Vec<_> = batch.iter().map(|&text| tokens[text].clone()).collect();
        let texts = TokenBatch::pad(&texts, tokenizer.pad_token_id(), 1, device)?;
        rows.push(tch::no_grad(|| model.encode(&texts, Mode::Eval))?.pooled);
        order.extend(batch.into_iter().map(|text| text as i64));
    }
    let back = Tensor::from_slice(&order).argsort(0, false).to_device(device);
    let mut embeddings = Tensor::cat(&rows, 0).index_select(0, &back).to_kind(Kind::Float);
    if args.normalize {
        embeddings = &embeddings / embeddings.norm_scalaropt_dim(2, [1], true).clamp_min(1e-12);
    }
    let metadata = BTreeMap::from([("ids".to_owned(), serde_json::to_string(&ids)?)]);
    model_core::save_tensors(&args.output, [("embeddings", &embeddings)], &metadata)?;
    eprintln!("{} texts, {} values each, in {}", ids.len(), model.embed_dim(), args.output.display());
    Ok(())
}

/// The ids and texts of the rows. Errors name the line, never what it says.
fn rows(path: &PathBuf) -> Result<(Vec<Value>, Vec<String>)> {
    let file = std::fs::read_to_string(path).with_context(|| format!("reading {path:?}"))?;
    let (mut ids, mut texts) = (Vec::new(), Vec::new());
    for (line, row) in file.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()) {
        let row: Option<Value> = serde_json::from_str(row).ok();
        let fields = row.as_ref().and_then(|row| Some((row.get("id")?, row.get("text")?.as_str()?)));
        let Some((id, text)) = fields else {
            bail!("{path:?}, line {}: not a row with an id and a text", line + 1);
        };
        ids.push(id.clone());
        texts.push(text.to_owned());
    }
    if ids.is_empty() {
        bail!("{path:?} holds no row");
    }
    Ok((ids, texts))
}
