//! Makes a PACS export and a folder of reports into de-identified WebDataset shards.
//!
//! ```text
//! cargo run --release --example build_shards -- \
//!     --images archive/pacs --reports archive/ehr --key archive.key --out shards
//! ```
//!
//! Stopped, it goes on where it was when it is run again.

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use report_anonymizer::Anonymizer;
use xray_core::{AtomicFile, PseudonymKey};
use xray_dataset::{ImageFormat, ShardBuilder, SplitFractions, Stage};

/// Makes a PACS export and a folder of reports into de-identified WebDataset shards.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder of DICOM files, however nested.
    #[arg(long)]
    images: PathBuf,
    /// The folder of reports with its `index.jsonl`, or a `.jsonl` file.
    #[arg(long)]
    reports: PathBuf,
    /// The file that holds the archive's secret, at least 16 bytes.
    #[arg(long)]
    key: PathBuf,
    /// Where the shards go.
    #[arg(long)]
    out: PathBuf,
    /// A file of `{"study": .., "labels": {..}}` rows.
    #[arg(long)]
    labels: Option<PathBuf>,
    /// A file for the table from the account's pseudonyms to paths; it holds identifiers.
    #[arg(long)]
    trace: Option<PathBuf>,
    /// The longest side of stored images, in pixels.
    #[arg(long)]
    longest_side: Option<usize>,
    /// Stores JPEG of this quality instead of PNG.
    #[arg(long)]
    jpeg: Option<u8>,
    /// Studies in a shard.
    #[arg(long, default_value_t = 4096)]
    samples_per_shard: usize,
    /// The fraction of patients for validation.
    #[arg(long, default_value_t = 0.1)]
    val: f64,
    /// The fraction of patients for the final test.
    #[arg(long, default_value_t = 0.1)]
    test: f64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let key = PseudonymKey::from_file(&arguments.key)?;
    let anonymizer = Anonymizer::builder().key(key.clone()).build()?;
    let mut builder = ShardBuilder::new(&arguments.images, &arguments.reports, key)
        .report_transform(anonymizer)
        .samples_per_shard(arguments.samples_per_shard)
        .split(SplitFractions { val: arguments.val, test: arguments.test });
    if let Some(quality) = arguments.jpeg {
        builder = builder.image_format(ImageFormat::Jpeg { quality });
    }
    if let Some(pixels) = arguments.longest_side {
        builder = builder.longest_side(pixels);
    }
    if let Some(path) = &arguments.labels {
        builder = builder.labels(path);
    }
    if let Some(path) = &arguments.trace {
        builder = builder.trace(path);
    }

    let bar = ProgressBar::new(0)
        .with_style(ProgressStyle::with_template("{msg:8} {wide_bar} {pos}/{len}, {eta} left")?);
    let account = builder
        .run(&arguments.out, |progress| {
            bar.set_message(if progress.stage == Stage::Scanning { "headers" } else { "studies" });
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        })
        .with_context(|| format!("building shards in {:?}", arguments.out))?;
    bar.finish_and_clear();
    let page = account.to_string();
    AtomicFile::write(arguments.out.join("account.txt"), page.as_bytes())?;
    eprint!("{page}");
    Ok(())
}
