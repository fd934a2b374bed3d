use anyhow::Context;
use osteon::Studies;
use osteon::downstream_heads::{FineTuneConfig, TaskKind, case_fraction, encode_features, paper};
use osteon::eval_metrics::Bootstrap;
use osteon::model_core::Encoder;
use osteon::vision_encoder::VisionModel;
use osteon::xray_core::derive_seed;
use osteon::xray_dataset::Split;
use tch::{Device, Tensor, nn};

use crate::config::EncoderEntry;
use crate::encoder::LoadedEncoder;
use crate::kept::Fit;
use crate::learn::{Examples, Identity, Setup, fit, head, matrix, pixels, predict};
use crate::measure::{Part, Point};
use crate::tasks::{Answer, TaskEntry};

/// The seed of the released code.
const SEED: u64 = 12345;

/// The six settings of the method's released code on one task. Labels are drawn by image, and so is validation where
/// that code does so: for comparison with it alone.
pub(crate) fn parts(
    of: &Setup<'_>,
    encoder: &LoadedEncoder,
    entry: &EncoderEntry,
) -> anyhow::Result<Vec<Part>> {
    let Setup { config, task, answer, splits, truth, kept } = *of;
    let val = splits.val.as_ref().context("there is no validation split")?;
    let kind = match answer {
        Answer::Measurement(_) => TaskKind::Regression,
        Answer::Classes(_) | Answer::Grades(_) => TaskKind::Classification,
    };
    let features = encoder.model.embed_dim() + i64::from(task.has_column());
    let frozen = |studies: &Studies| Examples::new(task, answer, studies, matrix(&studies.images));
    let (frozen_train, frozen_val) = (frozen(&splits.train)?, frozen(val)?);
    // Pixels are read by the first fit that is not kept.
    let mut read = None;
    let read_pixels = || -> anyhow::Result<(Examples, Examples, Tensor)> {
        let learning = |split, studies: &Studies| {
            Examples::new(task, answer, studies, pixels(task, encoder, split, studies)?)
        };
        let test = pixels(task, encoder, Split::Test, &splits.test)?;
        Ok((learning(Split::Train, &splits.train)?, learning(Split::Val, val)?, test))
    };
    let bootstrap = Bootstrap::default();
    let mut parts = Vec::new();
    for setting in paper(kind, features) {
        let learns = setting.training.frozen_steps.is_some();
        let epochs = config.epochs.unwrap_or(setting.training.epochs);
        let training = FineTuneConfig { epochs, ..setting.training.clone() };
        let run = |train: &Examples, val: &Examples, test: Option<&Tensor>| -> anyhow::Result<Fit> {
            let (train, val) = divided(task, train, val)?;
            let whole = &train.targets;
            let part: Vec<i64> = case_fraction(train.len() as usize, setting.fraction, SEED)?
                .into_iter()
                .map(|image| image as i64)
                .collect();
            let few = train.select(&part);
            let head_vs = nn::VarStore::new(Device::Cpu);
            tch::manual_seed(SEED.cast_signed());
            let head = head(&head_vs.root(), task, answer, &setting.head, whole)?;
            let train_labels = few.targets.size()[0] as usize;
            let predicted = if let Some(test) = test {
                let own = LoadedEncoder::load(entry)?;
                let fitted = fit(
                    &training,
                    setting.batch_size,
                    (own.model, &own.weights),
                    (head, &head_vs),
                    few,
                    val,
                )?;
                let images =
                    encode_features::<VisionModel>(fitted.encoder(), test.split(64, 0).into_iter().map(Ok))?;
                predict(task, answer, &splits.test, &images, fitted.head())?
            } else {
                let none = nn::VarStore::new(Device::Cpu);
                let identity = Identity(encoder.model.embed_dim());
                let fitted =
                    fit(&training, setting.batch_size, (identity, &none), (head, &head_vs), few, val)?;
                predict(task, answer, &splits.test, &splits.test.images, fitted.head())?
            };
            Ok(Fit { train_labels, predicted })
        };
        let key = of.key(encoder).with_text(&format!("{} {training:?} {:?}", setting.name, setting.head));
        let outcome = kept.get_or_fit(&key, || {
            if !learns {
                return run(&frozen_train, &frozen_val, None);
            }
            let (train, val, test) = match &mut read {
                Some(pixels) => pixels,
                none => none.insert(read_pixels()?),
            };
            run(train, val, Some(test))
        });
        let point = Point::of(SEED, outcome, truth, &bootstrap)?;
        let (name, fraction) = (setting.name.to_owned(), setting.fraction);
        parts.push(Part { name, fraction, frozen: !learns, points: vec![point], against_first: None });
    }
    Ok(parts)
}

/// Training and validation; drawn anew by image where the released code does so.
fn divided(task: &TaskEntry, train: &Examples, val: &Examples) -> anyhow::Result<(Examples, Examples)> {
    let all = |examples: &Examples| examples.select(&(0..examples.len()).collect::<Vec<_>>());
    if !task.is_split_by_image() {
        return Ok((all(train), all(val)));
    }
    let join = |a: &Tensor, b: &Tensor| Tensor::cat(&[a, b], 0);
    let others = train.study_of.iter().max().map_or(0, |most| most + 1);
    let joined = Examples {
        inputs: join(&train.inputs, &val.inputs),
        columns: train.columns.as_ref().zip(val.columns.as_ref()).map(|(a, b)| join(a, b)),
        targets: join(&train.targets, &val.targets),
        study_of: train
            .study_of
            .iter()
            .copied()
            .chain(val.study_of.iter().map(|study| others + study))
            .collect(),
    };
    let mut order: Vec<i64> = (0..joined.len()).collect();
    order.sort_by_cached_key(|image| derive_seed(SEED, &[*image as u64]));
    let held_back = (order.len() / 10).max(1);
    Ok((joined.select(&order[held_back..]), joined.select(&order[..held_back])))
}
