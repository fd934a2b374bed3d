use anyhow::ensure;
use osteon::Studies;
use osteon::downstream_heads::{
    FeatureKey, Features, FineTune, FineTuneConfig, GradeHead, Head, HeadConfig, LabelHead, LabelledBatch,
    RegressionHead, positive_weight,
};
use osteon::eval_metrics::argmax;
use osteon::model_core::{BatchSource, Collate, Encoded, Encoder, Mode, batches_from_fn};
use osteon::vision_encoder::PixelCollate;
use osteon::xray_core::{Labels, derive_seed};
use osteon::xray_dataset::Split;
use tch::{Device, Kind, Tensor, nn};

use crate::config::EvaluateConfig;
use crate::encoder::LoadedEncoder;
use crate::kept::Kept;
use crate::outcome::Truth;
use crate::strict::value;
use crate::tasks::{Answer, Splits, TaskEntry};

/// Images of a study that count in the test.
const VIEWS: usize = 12;

/// A task, and what is needed to fit and measure it.
#[derive(Clone, Copy)]
pub(crate) struct Setup<'a> {
    pub(crate) config: &'a EvaluateConfig,
    pub(crate) task: &'a TaskEntry,
    pub(crate) answer: &'a Answer,
    pub(crate) splits: &'a Splits,
    pub(crate) truth: &'a Truth,
    pub(crate) kept: &'a Kept,
}

impl Setup<'_> {
    /// What every fit of this task and encoder depends on.
    pub(crate) fn key(&self, encoder: &LoadedEncoder) -> FeatureKey {
        let splits = [Some(&self.splits.train), self.splits.val.as_ref(), Some(&self.splits.test)];
        let key = encoder.key().with_text(&format!("{:?} {:?}", self.task.set, self.task.label));
        splits.into_iter().flatten().fold(key, |key, studies| {
            let labels = format!("{:?} {:?} {:?}", studies.keys, studies.study_of, studies.labels);
            key.with_content(studies.contents.as_flattened()).with_content(labels.as_bytes())
        })
    }
}

/// Images with their targets.
pub(crate) struct Examples {
    /// `[images, ..]`: features, or pixels.
    pub(crate) inputs: Tensor,
    /// `[images, 1]`, where a number goes beside the features.
    pub(crate) columns: Option<Tensor>,
    /// `[images, outputs]`: numbers, NaN where it is not known; of several classes and of grades int64, -1 there.
    pub(crate) targets: Tensor,
    /// The study of each image.
    pub(crate) study_of: Vec<usize>,
}

impl Examples {
    /// Every image with the labels of its study.
    pub(crate) fn new(
        task: &TaskEntry,
        answer: &Answer,
        studies: &Studies,
        inputs: Tensor,
    ) -> anyhow::Result<Self> {
        let outputs = task.outputs();
        let (mut targets, mut columns, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        let mut study_of = Vec::new();
        for (image, study) in studies.study_of.iter().enumerate() {
            let labels = &studies.labels[*study];
            let known =
                outputs.iter().map(|name| value(answer, labels.get(name)).map_or(f32::NAN, |v| v as f32));
            let known: Vec<f32> = known.collect();
            if let Some(column) = task.column(labels).filter(|_| known.iter().any(|value| !value.is_nan())) {
                rows.push(image as i64);
                study_of.push(*study);
                columns.push(column);
                targets.extend(known);
            }
        }
        ensure!(!rows.is_empty(), "no image of {:?} has a label", task.path);
        let columns = task.has_column().then(|| Tensor::from_slice(&columns).view([-1, 1]));
        let targets = Tensor::from_slice(&targets).view([-1, outputs.len() as i64]);
        let targets = match answer {
            Answer::Classes(names) if names.len() == 2 => targets,
            Answer::Measurement(_) => targets,
            Answer::Classes(_) | Answer::Grades(_) => {
                targets.nan_to_num(-1.0, None, None).to_kind(Kind::Int64)
            }
        };
        Ok(Self { inputs: inputs.index_select(0, &Tensor::from_slice(&rows)), columns, targets, study_of })
    }

    pub(crate) fn len(&self) -> i64 {
        self.inputs.size()[0]
    }

    pub(crate) fn select(&self, images: &[i64]) -> Self {
        let study_of = images.iter().map(|image| self.study_of[*image as usize]).collect();
        let images = Tensor::from_slice(images);
        let take = |from: &Tensor| from.index_select(0, &images);
        let columns = self.columns.as_ref().map(take);
        Self { inputs: take(&self.inputs), columns, targets: take(&self.targets), study_of }
    }
}

/// `whole` are the targets before any part is drawn.
pub(crate) fn head(
    vs: &nn::Path<'_>,
    task: &TaskEntry,
    answer: &Answer,
    config: &HeadConfig,
    whole: &Tensor,
) -> anyhow::Result<Box<dyn Head>> {
    Ok(match answer {
        Answer::Classes(names) if names.len() == 2 => {
            let positive: Vec<bool> =
                numbers(whole)?.iter().filter(|v| !v.is_nan()).map(|v| *v > 0.5).collect();
            let weight = positive_weight(&positive)?;
            Box::new(LabelHead::new(vs, config, 1)?.with_positive_weight(&[weight])?)
        }
        Answer::Classes(names) => Box::new(GradeHead::new(vs, config, 1, names.len() as i64)?),
        Answer::Grades(count) => {
            Box::new(GradeHead::new(vs, config, task.outputs().len() as i64, *count as i64)?)
        }
        Answer::Measurement(_) => {
            let (mut means, mut deviations) = (Vec::new(), Vec::new());
            for output in 0..whole.size()[1] {
                let known: Vec<f64> =
                    numbers(&whole.select(1, output))?.into_iter().filter(|v| !v.is_nan()).collect();
                let mean = known.iter().sum::<f64>() / known.len() as f64;
                // As there: of OAI's angles the sample's deviation, of bone ages the population's.
                let count = if whole.size()[1] > 1 { known.len() - 1 } else { known.len() };
                means.push(mean);
                deviations
                    .push((known.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count as f64).sqrt());
            }
            Box::new(RegressionHead::new(vs, config, &means, &deviations)?)
        }
    })
}

/// Trains a head, and the encoder with it where `training` says so; the best weights on `val` stay.
pub(crate) fn fit<E: Encoder<Input = Tensor>>(
    training: &FineTuneConfig,
    batch: usize,
    (encoder, weights): (E, &nn::VarStore),
    (head, head_weights): (Box<dyn Head>, &nn::VarStore),
    train: Examples,
    val: Examples,
) -> anyhow::Result<FineTune<E, Box<dyn Head>>> {
    let folder = tempfile::tempdir()?;
    let training = FineTuneConfig { checkpoints: Some(folder.path().to_owned()), ..training.clone() };
    let mut task = FineTune::new(encoder, head);
    let mut batches = batches(train, batch, training.seed, true);
    let mut held_out = self::batches(val, batch, training.seed, false);
    training.run(&mut task, weights, head_weights, &mut batches, &mut held_out)?;
    Ok(task)
}

/// Batches of all images, the last one as small as it comes: the released code leaves it out, and with it everything
/// where there are fewer than 64.
fn batches(
    examples: Examples,
    size: usize,
    seed: u64,
    drawn: bool,
) -> impl BatchSource<Batch = LabelledBatch<Tensor>> {
    batches_from_fn(move |epoch, skip| {
        let mut order: Vec<i64> = (0..examples.len()).collect();
        if drawn {
            order.sort_by_cached_key(|image| derive_seed(seed, &[epoch, *image as u64]));
        }
        let batches: Vec<_> =
            order.chunks(size).skip(skip as usize).map(|images| examples.select(images)).collect();
        Ok(batches.into_iter().map(|Examples { inputs, columns, targets, .. }| {
            Ok(LabelledBatch { input: inputs, columns, targets })
        }))
    })
}

/// What the head says of the test studies: of the mean over a study's images. In the order of [`Truth`].
pub(crate) fn predict(
    task: &TaskEntry,
    answer: &Answer,
    test: &Studies,
    images: &Features,
    head: &dyn Head,
) -> anyhow::Result<Vec<f64>> {
    let (studies, _) = images.mean_by(&test.study_of, VIEWS)?;
    let mut predicted = Vec::new();
    for (output, name) in task.outputs().iter().enumerate() {
        let column = |labels: &Labels| value(answer, labels.get(name)).and_then(|_| task.column(labels));
        let found = test.labels.iter().enumerate().filter_map(|(row, labels)| Some((row, column(labels)?)));
        let (rows, columns): (Vec<usize>, Vec<f32>) = found.unzip();
        let mut pooled = matrix(&studies.select(&rows));
        if task.has_column() {
            pooled = Tensor::cat(&[pooled, Tensor::from_slice(&columns).view([-1, 1])], 1);
        }
        let said = tch::no_grad(|| head.logits(&Encoded::from_pooled(pooled), Mode::Eval))?;
        let said = head.predictions(&said).select(1, output as i64);
        let said = numbers(&said)?;
        match answer {
            Answer::Classes(names) if names.len() == 2 => {
                predicted.extend(said.iter().flat_map(|p| [1.0 - p, *p]))
            }
            Answer::Classes(_) | Answer::Measurement(_) => predicted.extend(said),
            Answer::Grades(count) => {
                predicted.extend(argmax(&said, *count)?.into_iter().map(|grade| grade as f64))
            }
        }
    }
    Ok(predicted)
}

/// Features are what they are.
#[derive(Debug)]
pub(crate) struct Identity(pub(crate) i64);

impl Encoder for Identity {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        self.0
    }

    fn encode(&self, features: &Tensor, _: Mode) -> osteon::model_core::Result<Encoded> {
        Ok(encoded(features))
    }
}

/// Features of images, `[images, embed_dim]`, or of their places, `[images, places, embed_dim]`, as an encoder gives them.
pub(crate) fn encoded(features: &Tensor) -> Encoded {
    match features.dim() {
        3 => {
            let pooled = features.mean_dim(1, false, Kind::Float);
            Encoded { pooled, tokens: Some(features.shallow_clone()), mask: None }
        }
        _ => Encoded::from_pooled(features.shallow_clone()),
    }
}

/// All images of a split as the encoder takes them, `[images, channels, height, width]`.
pub(crate) fn pixels(
    task: &TaskEntry,
    encoder: &LoadedEncoder,
    split: Split,
    studies: &Studies,
) -> anyhow::Result<Tensor> {
    let images = task.images(split, &encoder.transform)?;
    ensure!(images.len() == studies.study_of.len(), "{:?} changed while it was read", task.path);
    let channels = usize::try_from(encoder.model.config().num_channels())?;
    Ok(PixelCollate::new(channels).collate(&images.iter().collect::<Vec<_>>(), Device::Cpu)?)
}

pub(crate) fn matrix(features: &Features) -> Tensor {
    Tensor::from_slice(features.values()).view([-1, features.embed_dim() as i64])
}

fn numbers(tensor: &Tensor) -> anyhow::Result<Vec<f64>> {
    Ok(Vec::try_from(tensor.to_kind(Kind::Double).contiguous().flatten(0, -1))?)
}
