//! Makes a PACS export and a folder of reports into de-identified WebDataset shards.
//!
//! ```text
//! cargo run --release --example build_shards -- \
//!     --images archive/pacs --reports archive/ehr --key archive.key --out shards
//! ```
//!
//! Stopped, it goes on where it was when it is run again. `--burned-in mask` paints over text that is burned into
//! pixels; with `--features ocr` and `--ocr-model "$(scripts/ocr_model.sh)"` a network looks for it.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use report_anonymizer::Anonymizer;
use xray_core::{AtomicFile, PseudonymKey, ReportTransform};
use xray_dataset::{
    BurnedIn, GlyphRows, ImageFormat, KeepSections, PageTemplate, ReportSource, Section, ShardBuilder,
    SplitFractions, Stage,
};

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
    /// What becomes of images with burned-in text.
    #[arg(long, value_enum, default_value_t = TextRule::Drop)]
    burned_in: TextRule,
    /// From how many characters on `--burned-in drop` leaves an image out.
    #[arg(long, default_value_t = 35)]
    max_characters: usize,
    /// The network that looks for burned-in text (default: lines of glyphs are looked for without one).
    #[cfg(feature = "ocr")]
    #[arg(long)]
    ocr_model: Option<PathBuf>,
    /// The parts of a report that are kept, as `title,description,conclusion` (default: all of it). A text encoder sees
    /// some dozens or hundreds of tokens, which a letter's head would fill.
    #[arg(long, value_delimiter = ',', value_parser = section)]
    sections: Option<Vec<Section>>,
    /// A JSON list of page templates: where the header and footer of PDF reports are (default: found).
    #[arg(long)]
    page_templates: Option<PathBuf>,
    /// By how many days a report may be younger than its study.
    #[arg(long, default_value_t = 0)]
    report_days: u32,
    /// Lets titles and headers settle days whose order is not known.
    #[arg(long)]
    pair_by_examination: bool,
    /// A folder for a page with pictures of what was kept, painted over and left out; they are the archive's own.
    #[arg(long)]
    review: Option<PathBuf>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TextRule {
    /// Images with much text are left out.
    Drop,
    /// Text is painted over, and the image stays.
    Mask,
    /// Nothing looks for text.
    Keep,
}

fn section(name: &str) -> Result<Section, serde_json::Error> {
    serde_json::from_value(name.into())
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let key = PseudonymKey::from_file(&arguments.key)?;
    let anonymizer = Anonymizer::builder().key(key.clone()).build()?;
    let builder = ShardBuilder::new(&arguments.images, &arguments.reports, key);
    let builder = match &arguments.sections {
        Some(keep) => builder.report_transform(anonymizer.then(KeepSections { keep: keep.clone() })),
        None => builder.report_transform(anonymizer),
    };
    let mut builder = builder
        .samples_per_shard(arguments.samples_per_shard)
        .split(SplitFractions { val: arguments.val, test: arguments.test });
    builder = match (arguments.burned_in, &arguments) {
        (TextRule::Keep, _) => builder,
        #[cfg(feature = "ocr")]
        (_, Arguments { ocr_model: Some(model), .. }) => {
            builder.gate(xray_dataset::TextDetector::from_file(model)?)
        }
        _ => builder.gate(GlyphRows::default()),
    };
    builder = builder.pair_by_examination(arguments.pair_by_examination);
    builder = builder.report_days(arguments.report_days).burned_in(match arguments.burned_in {
        TextRule::Mask => BurnedIn::Mask,
        _ => BurnedIn::Drop { characters: arguments.max_characters },
    });
    if let Some(path) = &arguments.page_templates {
        let templates: Vec<PageTemplate> =
            serde_json::from_slice(&std::fs::read(path)?).with_context(|| format!("reading {path:?}"))?;
        builder = builder.report_source(ReportSource::new(&arguments.reports).page_templates(templates));
    }
    if let Some(quality) = arguments.jpeg {
        builder = builder.image_format(ImageFormat::Jpeg { quality });
    }
    if let Some(pixels) = arguments.longest_side {
        builder = builder.longest_side(pixels);
    }
    if let Some(path) = &arguments.labels {
        builder = builder.labels(path);
    }
    if let Some(folder) = &arguments.review {
        builder = builder.review(folder);
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
