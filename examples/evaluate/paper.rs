use anyhow::{Context, ensure};
use osteon::Studies;
use osteon::downstream_heads::{
    Features, FineTune, FineTuneConfig, GradeHead, Head, LabelHead, LabelledBatch, PaperSetting,
    RegressionHead, TaskKind, case_fraction, encode_features, paper, positive_weight,
};
use osteon::eval_metrics::{Bootstrap, argmax};
use osteon::model_core::{BatchSource, Collate, Encoded, Encoder, Mode, batches_from_fn};
use osteon::vision_encoder::{PixelCollate, VisionModel};
use osteon::xray_core::{ImageTensor, Labels, derive_seed};
use osteon::xray_dataset::Split;
use tch::{Device, Kind, Tensor, nn};

use crate::config::{EncoderEntry, EvaluateConfig};
use crate::encoder::LoadedEncoder;
use crate::measure::{Part, Point};
use crate::outcome::Truth;
use crate::strict::value;
use crate::tasks::{Answer, Splits, TaskEntry};

/// The seed of the released code.
const SEED: u64 = 12345;
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
}

/// The six settings of the method's released code on one task. Labels are drawn by image, and so is validation where
/// that code does so: for comparison with it alone.
pub(crate) fn parts(
    of: &Setup<'_>,
    encoder: &LoadedEncoder,
    entry: &EncoderEntry,
) -> anyhow::Result<Vec<Part>> {
    let Setup { config, task, answer, splits, truth } = *of;
    let val = splits.val.as_ref().context("there is no validation split")?;
    let kind = match answer {
        Answer::Measurement(_) => TaskKind::Regression,
        Answer::Classes(_) | Answer::Grades(_) => TaskKind::Classification,
    };
    let features = encoder.model.embed_dim() + i64::from(task.has_column());
    let frozen = |studies: &Studies| Examples::new(task, answer, studies, matrix(&studies.images));
    let (frozen_train, frozen_val) = (frozen(&splits.train)?, frozen(val)?);
    let pixels = |split, studies: &Studies| -> anyhow::Result<Tensor> {
        let pixels = batch(encoder, &task.images(split, &encoder.transform)?)?;
        ensure!(
            pixels.size()[0] as usize == studies.study_of.len(),
            "{:?} changed while it was read",
            task.path
        );
        Ok(pixels)
    };
    let learning_train = Examples::new(task, answer, &splits.train, pixels(Split::Train, &splits.train)?)?;
    let learning_val = Examples::new(task, answer, val, pixels(Split::Val, val)?)?;
    let test = Examples::new(task, answer, &splits.test, pixels(Split::Test, &splits.test)?)?;
    let bootstrap = Bootstrap::default();
    let mut parts = Vec::new();
    for setting in paper(kind, features) {
        let learns = setting.training.frozen_steps.is_some();
        let run = |train: &Examples, val: &Examples| -> anyhow::Result<(usize, Vec<f64>)> {
            let (train, val) = divided(task, train, val)?;
            let whole = &train.targets;
            let part: Vec<i64> = case_fraction(train.len() as usize, setting.fraction, SEED)?
                .into_iter()
                .map(|image| image as i64)
                .collect();
            let few = train.select(&part);
            let head_vs = nn::VarStore::new(Device::Cpu);
            tch::manual_seed(SEED.cast_signed());
            let head = head(&head_vs.root(), task, answer, &setting, whole)?;
            let labels = few.targets.size()[0] as usize;
            let predicted = if learns {
                let own = LoadedEncoder::load(entry)?;
                let fitted = fit(config, &setting, own.model, &own.weights, head, &head_vs, few, val)?;
                let batches = test.inputs.split(64, 0).into_iter().map(Ok);
                let images = encode_features::<VisionModel>(fitted.encoder(), batches)?;
                predict(task, answer, &splits.test, &images, fitted.head())?
            } else {
                let none = nn::VarStore::new(Device::Cpu);
                let identity = Identity(encoder.model.embed_dim());
                let fitted = fit(config, &setting, identity, &none, head, &head_vs, few, val)?;
                predict(task, answer, &splits.test, &splits.test.images, fitted.head())?
            };
            Ok((labels, predicted))
        };
        let outcome =
            if learns { run(&learning_train, &learning_val) } else { run(&frozen_train, &frozen_val) };
        let outcome =
            outcome.and_then(|(labels, predicted)| Ok((labels, truth.measure(predicted, &bootstrap)?)));
        let point = match outcome {
            Ok((train_labels, outcome)) => {
                Point { seed: SEED, train_labels, outcome: Some(outcome), reason: None }
            }
            Err(error) => {
                Point { seed: SEED, train_labels: 0, outcome: None, reason: Some(format!("{error:#}")) }
            }
        };
        let (name, fraction) = (setting.name.to_owned(), setting.fraction);
        parts.push(Part { name, fraction, frozen: !learns, points: vec![point], against_first: None });
    }
    Ok(parts)
}

/// Images with their targets.
struct Examples {
    /// `[images, ..]`: features, or pixels.
    inputs: Tensor,
    /// `[images, 1]`, where a number goes beside the features.
    columns: Option<Tensor>,
    /// `[images, outputs]`: numbers, NaN where it is not known; of several classes and of grades int64, -1 there.
    targets: Tensor,
}

impl Examples {
    /// Every image with the labels of its study.
    fn new(task: &TaskEntry, answer: &Answer, studies: &Studies, inputs: Tensor) -> anyhow::Result<Self> {
        let outputs = task.outputs();
        let (mut targets, mut columns, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (image, study) in studies.study_of.iter().enumerate() {
            let labels = &studies.labels[*study];
            let known =
                outputs.iter().map(|name| value(answer, labels.get(name)).map_or(f32::NAN, |v| v as f32));
            let known: Vec<f32> = known.collect();
            if let Some(column) = task.column(labels).filter(|_| known.iter().any(|value| !value.is_nan())) {
                rows.push(image as i64);
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
        Ok(Self { inputs: inputs.index_select(0, &Tensor::from_slice(&rows)), columns, targets })
    }

    fn len(&self) -> i64 {
        self.inputs.size()[0]
    }

    fn select(&self, images: &[i64]) -> Self {
        let images = Tensor::from_slice(images);
        let take = |from: &Tensor| from.index_select(0, &images);
        let columns = self.columns.as_ref().map(take);
        Self { inputs: take(&self.inputs), columns, targets: take(&self.targets) }
    }
}

/// Training and validation; drawn anew by image where the released code does so.
fn divided(task: &TaskEntry, train: &Examples, val: &Examples) -> anyhow::Result<(Examples, Examples)> {
    let all = |examples: &Examples| examples.select(&(0..examples.len()).collect::<Vec<_>>());
    if !task.is_split_by_image() {
        return Ok((all(train), all(val)));
    }
    let join = |a: &Tensor, b: &Tensor| Tensor::cat(&[a, b], 0);
    let joined = Examples {
        inputs: join(&train.inputs, &val.inputs),
        columns: train.columns.as_ref().zip(val.columns.as_ref()).map(|(a, b)| join(a, b)),
        targets: join(&train.targets, &val.targets),
    };
    let mut order: Vec<i64> = (0..joined.len()).collect();
    order.sort_by_cached_key(|image| derive_seed(SEED, &[*image as u64]));
    let held_back = (order.len() / 10).max(1);
    Ok((joined.select(&order[held_back..]), joined.select(&order[..held_back])))
}

/// `whole` are the targets before any part is drawn.
fn head(
    vs: &nn::Path<'_>,
    task: &TaskEntry,
    answer: &Answer,
    setting: &PaperSetting,
    whole: &Tensor,
) -> anyhow::Result<Box<dyn Head>> {
    Ok(match answer {
        Answer::Classes(names) if names.len() == 2 => {
            let positive: Vec<bool> =
                numbers(whole)?.iter().filter(|v| !v.is_nan()).map(|v| *v > 0.5).collect();
            let weight = positive_weight(&positive)?;
            Box::new(LabelHead::new(vs, &setting.head, 1)?.with_positive_weight(&[weight])?)
        }
        Answer::Classes(names) => Box::new(GradeHead::new(vs, &setting.head, 1, names.len() as i64)?),
        Answer::Grades(count) => {
            Box::new(GradeHead::new(vs, &setting.head, task.outputs().len() as i64, *count as i64)?)
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
            Box::new(RegressionHead::new(vs, &setting.head, &means, &deviations)?)
        }
    })
}

#[expect(clippy::too_many_arguments, reason = "what a training needs, once")]
fn fit<E: Encoder<Input = Tensor>>(
    config: &EvaluateConfig,
    setting: &PaperSetting,
    encoder: E,
    weights: &nn::VarStore,
    head: Box<dyn Head>,
    head_weights: &nn::VarStore,
    train: Examples,
    val: Examples,
) -> anyhow::Result<FineTune<E, Box<dyn Head>>> {
    let folder = tempfile::tempdir()?;
    let training = FineTuneConfig {
        checkpoints: Some(folder.path().to_owned()),
        epochs: config.epochs.unwrap_or(setting.training.epochs),
        ..setting.training.clone()
    };
    let mut task = FineTune::new(encoder, head);
    let mut batches = batches(train, setting.batch_size, true);
    let mut held_out = self::batches(val, setting.batch_size, false);
    training.run(&mut task, weights, head_weights, &mut batches, &mut held_out)?;
    Ok(task)
}

/// Batches of all images, the last one as small as it comes: the released code leaves it out, and with it everything
/// where there are fewer than 64.
fn batches(examples: Examples, size: usize, drawn: bool) -> impl BatchSource<Batch = LabelledBatch<Tensor>> {
    batches_from_fn(move |epoch, skip| {
        let mut order: Vec<i64> = (0..examples.len()).collect();
        if drawn {
            order.sort_by_cached_key(|image| derive_seed(SEED, &[epoch, *image as u64]));
        }
        let batches: Vec<_> =
            order.chunks(size).skip(skip as usize).map(|images| examples.select(images)).collect();
        Ok(batches.into_iter().map(|Examples { inputs, columns, targets }| {
            Ok(LabelledBatch { input: inputs, columns, targets })
        }))
    })
}

/// What the head says of the test studies: of the mean over a study's images. In the order of [`Truth`].
fn predict(
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
struct Identity(i64);

impl Encoder for Identity {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        self.0
    }

    fn encode(&self, features: &Tensor, _: Mode) -> osteon::model_core::Result<Encoded> {
        Ok(Encoded::from_pooled(features.shallow_clone()))
    }
}

fn batch(encoder: &LoadedEncoder, images: &[ImageTensor]) -> anyhow::Result<Tensor> {
    let channels = usize::try_from(encoder.model.config().num_channels())?;
    Ok(PixelCollate::new(channels).collate(&images.iter().collect::<Vec<_>>(), Device::Cpu)?)
}

fn matrix(features: &Features) -> Tensor {
    Tensor::from_slice(features.values()).view([-1, features.embed_dim() as i64])
}

fn numbers(tensor: &Tensor) -> anyhow::Result<Vec<f64>> {
    Ok(Vec::try_from(tensor.to_kind(Kind::Double).contiguous().flatten(0, -1))?)
}
