//! Masked-language modelling: a text encoder guesses hidden words of reports.
//!
//! ```text
//! cargo run --release --example mlm_train -- --model DrBERT-4GB --input reports.jsonl --out runs/mlm --reports
//! ```
//!
//! Rows are `{"id": .., "text": ..}`. An encoder that was published without the head for it gets a fresh one.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Parser;
use model_core::{Mode, StepContext, Task, load_pretrained, read_config, save_pretrained};
use text_encoder::{MaskedLm, ReportTokenizer, TextConfig, TokenMasker};

#[path = "cli/device.rs"]
mod device;
#[path = "cli/rows.rs"]
mod rows;
#[path = "cli/training.rs"]
mod training;

use training::Training;

/// Masked-language modelling: a text encoder guesses hidden words of reports.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    training: Training,
    /// The texts.
    #[arg(long)]
    input: PathBuf,
    /// Texts at the end of the file that are not trained on: how well their words are guessed is told before and
    /// after.
    #[arg(long, default_value_t = 0)]
    held_out: usize,
    /// Whether texts are reports, to be cut into sentences first.
    #[arg(long)]
    reports: bool,
    /// Whether all tokens of a word are hidden together.
    #[arg(long)]
    whole_words: bool,
    /// Which part of the tokens is hidden.
    #[arg(long, default_value_t = 0.15)]
    probability: f64,
    /// The most tokens of a text.
    #[arg(long, default_value_t = 256)]
    max_tokens: usize,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let training = &arguments.training;
    let device = training.device()?;
    let mut texts: Vec<String> = rows::rows(&arguments.input)?.into_iter().map(|(_, text)| text).collect();
    ensure!(arguments.held_out < texts.len(), "no text is left to train on");
    let held_out = texts.split_off(texts.len() - arguments.held_out);

    let config: TextConfig = read_config(&training.model)?;
    tch::manual_seed(training.seed.cast_signed());
    let (vs, task, report) = load_pretrained::<MaskedLm>(&training.model, device)?;
    if !report.missing.is_empty() {
        eprintln!("the head is fresh");
    }
    let tokenizer = ReportTokenizer::from_dir(&training.model)?;
    tokenizer.save(&training.out)?;
    let longest = arguments.max_tokens.min(tokenizer.max_tokens());
    let tokenizer = if arguments.reports { tokenizer } else { tokenizer.plain() };
    let masker =
        TokenMasker::new(tokenizer.with_max_tokens(longest)?)?.with_probability(arguments.probability)?;
    let masker = if arguments.whole_words { masker.whole_words() } else { masker };

    // The same words are hidden both times.
    let perplexity = || -> Result<f64> {
        let cx = StepContext::new(Mode::Eval, &model_core::SingleProcess, 0);
        let (mut sum, mut count) = (0.0, 0.0);
        for (number, texts) in held_out.chunks(training.batch).enumerate() {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let batch = masker.mask(&texts, number as u64, device)?;
            let asked = batch.labels.ge(0).sum(tch::Kind::Float).double_value(&[]);
            sum += asked * tch::no_grad(|| task.step(&batch, &cx))?.loss.double_value(&[]);
            count += asked;
        }
        Ok((sum / count).exp())
    };
    let before = perplexity()?;
    training.run(&task, &vs, texts.len(), |batch, seed| {
        let texts: Vec<&str> = batch.iter().map(|&text| texts[text].as_str()).collect();
        masker.mask(&texts, seed, device)
    })?;

    save_pretrained(&training.out, &vs, &config)?;
    if arguments.held_out > 0 {
        eprintln!("perplexity of hidden tokens: {before:.1} before, {:.1} after", perplexity()?);
    }
    eprintln!("the encoder and its head are in {}", training.out.display());
    Ok(())
}
