//! Anonymizes reports: JSON lines `{"id", "text", "patient"}` (or a folder of `.txt` files) in, JSON lines
//! `{"id", "text", "spans"}` out.
//!
//! ```text
//! cargo run --release --no-default-features --example anonymize -- \
//!     --input reports.jsonl --output out.jsonl --key archive.key
//! ```

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use report_anonymizer::{Anonymizer, Mode, Policy, anonymize_folder, anonymize_lines};
use xray_core::PseudonymKey;

#[derive(Parser)]
struct Args {
    /// JSON lines, or a folder of text files.
    #[arg(long)]
    input: PathBuf,
    /// Where the anonymized JSON lines go.
    #[arg(long)]
    output: PathBuf,
    /// A file of at least 16 secret bytes; needed for surrogates.
    #[arg(long)]
    key: Option<PathBuf>,
    /// What stands in the place of identifiers; the policy's own mode if left out.
    #[arg(long)]
    mode: Option<Form>,
    /// A TOML file that says what happens to each category.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Where a record per report goes: spans, rules, counts, the shift of the dates; no text.
    #[arg(long)]
    audit: Option<PathBuf>,
    /// Leaves the shift of the dates out of the audit: whoever has it can move them back.
    #[arg(long, requires = "audit")]
    audit_without_shift: bool,
    /// Writes what each span said into the audit, which is then as secret as the reports.
    #[arg(long, requires = "audit")]
    audit_originals: bool,
    /// Threads (default: one per core).
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Surrogate,
    Tag,
    Mask,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let mut policy = args.policy.as_ref().map(Policy::from_file).transpose()?.unwrap_or_default();
    match args.mode {
        Some(Form::Surrogate) => policy.mode = Mode::Surrogate,
        Some(Form::Tag) => policy.mode = Mode::Tag,
        Some(Form::Mask) => policy.mode = Mode::Mask,
        None => {}
    }
    let mut builder = Anonymizer::builder()
        .policy(policy)
        .audit_without_shift(args.audit_without_shift)
        .audit_originals(args.audit_originals);
    if let Some(path) = &args.key {
        builder = builder.key(PseudonymKey::from_file(path)?);
    }
    let anonymizer = builder.build().context("give --key FILE, or --mode tag or mask")?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let run = if args.input.is_dir() { anonymize_folder } else { anonymize_lines };
    let summary = pool.install(|| run(&anonymizer, &args.input, &args.output, args.audit.as_deref()))?;
    for failure in &summary.failures {
        eprintln!("{failure}");
    }
    eprintln!("{} reports written, {} refused", summary.written, summary.failures.len());
    Ok(if summary.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
