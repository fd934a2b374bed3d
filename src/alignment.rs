use std::path::Path;

use contrastive_align::{DataConfig, PairBatch, PairCollate, PairIndex, Pretraining, Towers};
use model_core::{BatchSource, Collate, Hook, Shard, Summary, batches_from_fn};
use tch::{Device, Tensor};
use text_encoder::{ReportTokenizer, TextConfig, TextModel, TokenBatch};
use vision_encoder::{PixelCollate, VisionConfig, VisionModel};
use xray_core::{Dataset, ImageTransform, Sample};
use xray_dataset::{Convirt, EvalTransform, Loader, LoaderConfig, Position, ShardDataset, Split};

use crate::error::{alignment, dataset, model};
use crate::preparation::save_preparation;
use crate::{Error, Result};

type Pairs = PairCollate<PixelCollate, ReportTokenizer>;

/// A pretraining run over a folder of shards: the run's configuration, its encoders and its loaders, opened
/// and checked before the first step.
///
/// The tokenizer is the run's own, the published one, or one trained on the reports of the training
/// split, in this order.
///
/// ```no_run
/// use contrastive_align::{PretrainConfig, Pretraining};
/// use osteon::Alignment;
/// use tch::Device;
///
/// let config = PretrainConfig::from_file("presets/demo.toml")?;
/// let alignment = Alignment::open(Pretraining::new(config, "runs/demo")?, Device::Cpu)?;
/// println!("{} steps", alignment.steps());
/// let (aligned, summary) = alignment.run()?;
/// println!("best validation loss {:?}", summary.best_loss);
/// let pairs = aligned.embed("shards", xray_dataset::Split::Test)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Alignment<'a> {
    run: Pretraining<'a>,
    towers: Towers<VisionModel, TextModel>,
    pairs: Pairs,
    train: Loader<ShardDataset>,
    validation: Loader<ShardDataset>,
    plain: EvalTransform,
    device: Device,
}

/// What an [`Alignment`] leaves in its folder: the encoders with their best weights, and what feeds them.
#[derive(Debug)]
pub struct Aligned {
    /// Both encoders.
    pub towers: Towers<VisionModel, TextModel>,
    /// Studies to batches.
    pub pairs: Pairs,
    /// The deterministic transform that goes with the encoder.
    pub plain: EvalTransform,
    device: Device,
}

impl<'a> Alignment<'a> {
    /// Opens what the run's configuration names.
    ///
    /// # Errors
    ///
    /// If shards, tokenizer or encoders cannot be had, or there are too few studies for one batch.
    pub fn open(run: Pretraining<'a>, device: Device) -> Result<Self> {
        let data = run.config().data.clone();
        let augmentation = augmentation(&data)?;
        let plain = without(&augmentation);

        let tokenizer = tokenizer(&run, &data)?;
        let configure = alignment("configuring an encoder");
        let vision: VisionConfig = run.config().vision.resolve().map_err(&configure)?;
        // A published text encoder has its vocabulary, which may be larger than its tokenizer's.
        let text = match &run.config().text {
            published if published.pretrained.is_some() => published.clone(),
            fresh => fresh.clone().with("vocab_size", tokenizer.vocab_size()),
        };
        let text: TextConfig = text.resolve().map_err(&configure)?;
        let mut pairs = PairCollate::new(pixels(&vision), tokenizer);
        if let Some(studies) = data.chunk {
            pairs = pairs.with_chunk(studies);
        }
        let towers = run.towers(vision, text, device).map_err(alignment("building the encoders"))?;

        let Shard { rank, world_size } = run.shard();
        let usual = LoaderConfig { rank, world_size, ..LoaderConfig::default() };
        let workers = data.workers.unwrap_or(usual.workers);
        let config = LoaderConfig { batch: data.batch, seed: run.config().seed, workers, ..usual };
        let mut train = loader(&data, Split::Train, augmentation.clone(), config)?;
        if data.alike > 1 {
            let parts = train.dataset().body_parts().map_err(dataset("reading the studies' body parts"))?;
            train = train.with_alike(&parts, data.alike).map_err(dataset("setting up the loader"))?;
        }
        if train.batches_per_epoch() == 0 {
            let (shards, batch, studies) = (data.shards, data.batch * world_size, train.dataset().len());
            return Err(Error::TooFewStudies { shards, studies, batch });
        }
        let config = LoaderConfig { workers, rank, world_size, ..LoaderConfig::sequential(data.batch) };
        let validation: Box<dyn ImageTransform> =
            if data.augmented_validation { Box::new(augmentation) } else { Box::new(plain) };
        let validation = loader(&data, Split::Val, validation, config)?;
        Ok(Self { run, towers, pairs, train, validation, plain, device })
    }

    /// Optimizer steps of the whole run.
    pub fn steps(&self) -> u64 {
        let trainer = &self.run.config().trainer;
        self.train.batches_per_epoch() * trainer.epochs / trainer.accumulation
    }

    /// Adds an onlooker, as a progress bar.
    #[must_use]
    pub fn with_hook(self, hook: impl Hook + 'a) -> Self {
        Self { run: self.run.with_hook(hook), ..self }
    }

    /// Trains, and writes both encoders into the run's folder.
    ///
    /// # Errors
    ///
    /// What training failed by; the last good checkpoint stays.
    pub fn run(self) -> Result<(Aligned, Summary)> {
        let steps = self.steps();
        let Self { run, towers, pairs, train, validation, plain, device } = self;
        let run = run.with_total_steps(steps);
        if run.leads() {
            save_preparation(&plain, towers.model.image.config(), run.vision_folder())?;
        }
        let (towers, summary) = run
            .run(towers, &mut batches(train, &pairs, device), &mut batches(validation, &pairs, device))
            .map_err(alignment("aligning the encoders"))?;
        Ok((Aligned { towers, pairs, plain, device }, summary))
    }
}

impl Aligned {
    /// The encoders of a finished run's folder.
    ///
    /// # Errors
    ///
    /// If the folder lacks the run's configuration, its tokenizer or its encoders.
    pub fn load(folder: impl AsRef<Path>, device: Device) -> Result<Self> {
        let folder = folder.as_ref();
        let run = Pretraining::resume(folder).map_err(alignment("reading the run"))?;
        let plain = without(&augmentation(&run.config().data)?);
        let towers: Towers<VisionModel, TextModel> =
            Towers::load(folder, device).map_err(model("reading the encoders"))?;
        let tokenizer =
            ReportTokenizer::from_dir(run.text_folder()).map_err(model("reading the run's tokenizer"))?;
        let pairs = PairCollate::new(pixels(towers.model.image.config()), tokenizer);
        Ok(Self { towers, pairs, plain, device })
    }

    /// The embeddings of a split's studies (the mean over their images) and reports, without augmentation.
    ///
    /// # Errors
    ///
    /// If a study cannot be read or embedded.
    pub fn embed(&self, shards: impl AsRef<Path>, split: Split) -> Result<PairIndex> {
        let studies = ShardDataset::open(shards, split).map_err(dataset("opening the shards"))?;
        let loader = Loader::new(studies, self.plain, LoaderConfig::sequential(64))
            .map_err(dataset("setting up the loader"))?;
        let samples = loader.batches(Position::start_of(0)).flat_map(|batch| match batch {
            Ok(samples) => samples.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(model_core::Error::external("reading studies")(error))],
        });
        let pairs = PairCollate::new(self.pairs.images(), self.pairs.texts()).with_all_images();
        let PairIndex { images, texts } =
            PairIndex::embed(&self.towers.model, &pairs, samples, 64, self.device)
                .map_err(alignment("embedding studies"))?;
        Ok(PairIndex { images: images.mean_by_study(), texts })
    }
}

fn augmentation(data: &DataConfig) -> Result<Convirt> {
    data.augmentation(&Convirt { size: data.resolution, ..Convirt::default() })
        .map_err(alignment("reading the augmentation"))
}

/// The size and the normalisation of `augmentation`, and nothing drawn.
fn without(augmentation: &Convirt) -> EvalTransform {
    let Convirt { size, mean, std, .. } = *augmentation;
    EvalTransform { size, mean, std, ..EvalTransform::default() }
}

fn pixels(vision: &VisionConfig) -> PixelCollate {
    PixelCollate::new(usize::try_from(vision.num_channels()).unwrap_or(1))
}

fn tokenizer(run: &Pretraining<'_>, data: &DataConfig) -> Result<ReportTokenizer> {
    let folder = run.text_folder();
    if run.leads() && !folder.join("tokenizer.json").is_file() {
        new_tokenizer(run, data)?.save(&folder).map_err(model("writing the tokenizer"))?;
    }
    run.wait_for_first().map_err(alignment("reading the run's tokenizer"))?;
    ReportTokenizer::from_dir(folder).map_err(model("reading the run's tokenizer"))
}

/// The published tokenizer, or one that is trained on the reports.
fn new_tokenizer(run: &Pretraining<'_>, data: &DataConfig) -> Result<ReportTokenizer> {
    match &run.config().text.pretrained {
        Some(published) => ReportTokenizer::from_dir(published).map_err(model("reading the tokenizer")),
        None => {
            let size = data.vocabulary.ok_or(Error::NoVocabulary)?;
            let studies =
                ShardDataset::open(&data.shards, Split::Train).map_err(dataset("opening the shards"))?;
            let reports = (0..studies.len()).map(|index| Ok(studies.encoded(index)?.report));
            let reports: Vec<String> =
                reports.collect::<xray_dataset::Result<_>>().map_err(dataset("reading the reports"))?;
            let text: TextConfig =
                run.config().text.resolve().map_err(alignment("configuring the text encoder"))?;
            let longest = usize::try_from(text.max_tokens()).unwrap_or(0);
            ReportTokenizer::train(reports.iter().map(String::as_str), size)
                .and_then(|tokenizer| tokenizer.with_max_tokens(longest))
                .map_err(model("training the tokenizer"))
        }
    }
}

fn loader(
    data: &DataConfig,
    split: Split,
    transform: impl ImageTransform + 'static,
    config: LoaderConfig,
) -> Result<Loader<ShardDataset>> {
    let studies = ShardDataset::open(&data.shards, split).map_err(dataset("opening the shards"))?;
    Loader::new(studies, transform, config).map_err(dataset("setting up the loader"))
}

fn batches(
    loader: Loader<ShardDataset>,
    pairs: &Pairs,
    device: Device,
) -> impl BatchSource<Batch = PairBatch<Tensor, TokenBatch>> {
    batches_from_fn(move |epoch, batch| {
        let batches = loader.batches(Position { epoch, batch });
        Ok(batches.map(move |samples| {
            let samples = samples.map_err(model_core::Error::external("reading studies"))?;
            pairs.collate(&samples.iter().collect::<Vec<&Sample>>(), device)
        }))
    })
}
