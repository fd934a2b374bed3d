//! Aligns an image encoder and a text encoder on the studies of a folder of shards.
//!
//! ```text
//! cargo run --release --example pretrain -- --config presets/demo.toml --out runs/demo
//! cargo run --release --example pretrain -- --resume runs/demo
//! ```

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use contrastive_align::{DataConfig, PairBatch, PairCollate, PretrainConfig, Pretraining, Towers};
use indicatif::{ProgressBar, ProgressStyle};
use model_core::{BatchSource, Collate, Error, StepReport, batches_from_fn};
use tch::{Device, Tensor};
use text_encoder::{ReportTokenizer, TextModel, TokenBatch};
use vision_encoder::{PixelCollate, Vit, VitConfig};
use xray_core::{ImageTransform, Sample};
use xray_dataset::{Convirt, EvalTransform, Loader, LoaderConfig, Position, ShardDataset, Split};

/// Aligns an image encoder and a text encoder on the studies of a folder of shards.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to train, as the files in presets/.
    #[arg(long, required_unless_present = "resume", conflicts_with = "resume")]
    config: Option<PathBuf>,
    /// The folder of a new run.
    #[arg(long, default_value = "runs/pretrain")]
    out: PathBuf,
    /// The folder of a run to go on with.
    #[arg(long)]
    resume: Option<PathBuf>,
    /// Where to train.
    #[arg(long, value_enum, default_value_t = On::Cpu)]
    device: On,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum On {
    Cpu,
    Cuda,
}

type Batch = PairBatch<Tensor, TokenBatch>;
type Pairs = PairCollate<PixelCollate, ReportTokenizer>;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let device = match arguments.device {
        On::Cpu => Device::Cpu,
        On::Cuda => Device::Cuda(0),
    };
    let run = match (&arguments.resume, &arguments.config) {
        (Some(folder), _) => Pretraining::resume(folder)?,
        (None, Some(config)) => Pretraining::new(PretrainConfig::from_file(config)?, &arguments.out)?,
        (None, None) => unreachable!("clap asks for one of the two"),
    };
    let data = run.config().data.clone();
    let augmentation = Convirt { size: data.resolution, ..data.augmentation(&Convirt::default())? };
    let plain = EvalTransform {
        size: data.resolution,
        mean: augmentation.mean,
        std: augmentation.std,
        ..Default::default()
    };

    let tokenizer = tokenizer(&run, &data)?;
    let vision: VitConfig = run.config().vision.resolve()?;
    let text = run.config().text.clone().with("vocab_size", tokenizer.vocab_size()).resolve()?;
    let mut pairs = PairCollate::new(PixelCollate::new(vision.num_channels as usize), tokenizer);
    if let Some(studies) = data.chunk {
        pairs = pairs.with_chunk(studies);
    }
    let towers: Towers<Vit, TextModel> = run.towers(vision, text, device)?;

    let config = LoaderConfig { batch: data.batch, seed: run.config().seed, ..Default::default() };
    let workers = data.workers.unwrap_or(config.workers);
    let train = loader(&data, Split::Train, augmentation.clone(), LoaderConfig { workers, ..config })?;
    let steps = train.batches_per_epoch() * run.config().trainer.epochs / run.config().trainer.accumulation;
    anyhow::ensure!(steps > 0, "{:?} holds fewer than {} studies to train on", data.shards, data.batch);
    let config = LoaderConfig { workers, ..LoaderConfig::sequential(data.batch) };
    let validation: Box<dyn ImageTransform> =
        if data.augmented_validation { Box::new(augmentation) } else { Box::new(plain) };
    let validation = loader(&data, Split::Val, validation, config)?;

    let bar = ProgressBar::new(steps)
        .with_style(ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left, {msg}")?);
    let folder = run.folder().to_owned();
    let show = |report: &StepReport| {
        bar.set_position(report.step + 1);
        bar.set_message(format!("loss {:.4}", report.loss));
    };
    let (_, summary) = run.with_hook(show).run(
        towers,
        &mut batches(train, &pairs, device),
        &mut batches(validation, &pairs, device),
    )?;
    bar.finish_and_clear();
    println!(
        "{:?} after {} steps, best validation loss {:?}",
        summary.reason, summary.steps, summary.best_loss
    );
    println!("encoders: {}", folder.display());
    Ok(())
}

/// The run's own tokenizer, the published one, or one trained on the reports of the training split.
fn tokenizer(run: &Pretraining<'_>, data: &DataConfig) -> anyhow::Result<ReportTokenizer> {
    let folder = run.text_folder();
    if folder.join("tokenizer.json").is_file() {
        return Ok(ReportTokenizer::from_dir(folder)?);
    }
    let tokenizer = match &run.config().text.pretrained {
        Some(published) => ReportTokenizer::from_dir(published)?,
        None => {
            let size =
                data.vocabulary.context("data.vocabulary is needed for a text encoder from scratch")?;
            let studies = ShardDataset::open(&data.shards, Split::Train)?;
            let reports =
                (0..xray_core::Dataset::len(&studies)).map(|index| Ok(studies.encoded(index)?.report));
            ReportTokenizer::train(reports.collect::<anyhow::Result<Vec<String>>>()?, size)?
        }
    };
    tokenizer.save(folder)?;
    Ok(tokenizer)
}

fn loader(
    data: &DataConfig,
    split: Split,
    transform: impl ImageTransform + 'static,
    config: LoaderConfig,
) -> anyhow::Result<Loader<ShardDataset>> {
    Ok(Loader::new(ShardDataset::open(&data.shards, split)?, transform, config)?)
}

fn batches(loader: Loader<ShardDataset>, pairs: &Pairs, device: Device) -> impl BatchSource<Batch = Batch> {
    batches_from_fn(move |epoch, batch| {
        let batches = loader.batches(Position { epoch, batch });
        Ok(batches.map(move |samples| {
            let samples = samples.map_err(Error::external("reading studies"))?;
            pairs.collate(&samples.iter().collect::<Vec<&Sample>>(), device)
        }))
    })
}
