use std::collections::HashSet;

use anyhow::ensure;
use osteon::downstream_heads::{FineTuneConfig, HeadConfig, encode_features, label_fraction};
use osteon::eval_metrics::Bootstrap;
use osteon::model_core::Encoder;
use osteon::vision_encoder::VisionModel;
use osteon::xray_core::{PatientId, patient_of};
use osteon::xray_dataset::Split;
use tch::{Device, nn};

use crate::config::{EncoderEntry, Supervised};
use crate::encoder::LoadedEncoder;
use crate::kept::Fit;
use crate::learn::{Examples, Setup, fit, head, pixels, predict};
use crate::measure::{Part, Point};
use crate::strict::value;
use crate::tasks::Answer;

/// Images a step.
const BATCH: usize = 64;
/// The share of the drawn patients that is learnt from; the rest tells when to stop.
const LEARNT: f64 = 0.8;

/// What was learnt from the labels.
pub(crate) struct Learnt {
    pub(crate) parts: Vec<Part>,
    /// What the first seed says of the test cases after all labels.
    pub(crate) whole: Option<Vec<f64>>,
}

/// Encoder and head learnt from the labels alone, from the random weights of `encoder`, on the parts of the labels that the
/// probes of the other encoders have.
pub(crate) fn parts(
    of: &Setup<'_>,
    settings: &Supervised,
    encoder: &LoadedEncoder,
    entry: &EncoderEntry,
) -> anyhow::Result<Learnt> {
    let Setup { config, task, answer, splits, truth, kept } = *of;
    // Pixels are read by the first fit that is not kept.
    let mut read = None;
    let (studies, labels, patients) = labelled(of);
    let mut run = |fraction: f64, seed: u64| -> anyhow::Result<Fit> {
        let (train, test) = match &mut read {
            Some(pixels) => pixels,
            none => {
                let train = pixels(task, encoder, Split::Train, &splits.train)?;
                let train = Examples::new(task, answer, &splits.train, train)?;
                none.insert((train, pixels(task, encoder, Split::Test, &splits.test)?))
            }
        };
        let part = label_fraction(&labels, &patients, fraction, seed)?;
        let of_part = |cases: &[usize]| -> (Vec<usize>, Vec<PatientId>) {
            cases.iter().map(|case| (labels[*case], patients[*case].clone())).unzip()
        };
        let (part_labels, part_patients) = of_part(&part);
        let learnt: HashSet<usize> = label_fraction(&part_labels, &part_patients, LEARNT, seed)?
            .into_iter()
            .map(|place| part[place])
            .collect();
        let images = |learns: bool| -> Examples {
            let chosen: HashSet<usize> = part
                .iter()
                .filter(|case| learnt.contains(case) == learns)
                .map(|case| studies[*case])
                .collect();
            let images = (0..train.len()).filter(|image| chosen.contains(&train.study_of[*image as usize]));
            train.select(&images.collect::<Vec<_>>())
        };
        let (learns, stops) = (images(true), images(false));
        ensure!(stops.len() > 0, "of {} patients none is left to tell when to stop", part.len());
        let head_vs = nn::VarStore::new(Device::Cpu);
        tch::manual_seed(seed.cast_signed());
        let size = encoder.model.embed_dim() + i64::from(task.has_column());
        let head_config = HeadConfig { features: size, ..HeadConfig::default() };
        let head = head(&head_vs.root(), task, answer, &head_config, &learns.targets)?;
        let own = LoadedEncoder::load(entry)?;
        let training = FineTuneConfig {
            frozen_steps: Some(0),
            joint_rate: settings.learning_rate,
            epochs: settings.steps.div_ceil((learns.len() as u64).div_ceil(BATCH as u64)),
            seed,
            ..FineTuneConfig::default()
        };
        let fitted = fit(&training, BATCH, (own.model, &own.weights), (head, &head_vs), learns, stops)?;
        let images = encode_features::<VisionModel>(
            fitted.encoder(),
            test.split(BATCH as i64, 0).into_iter().map(Ok),
        )?;
        let predicted = predict(task, answer, &splits.test, &images, fitted.head())?;
        Ok(Fit { train_labels: part.len() * task.outputs().len(), predicted })
    };
    let bootstrap = Bootstrap::default();
    let (mut parts, mut whole) = (Vec::new(), None);
    for fraction in &config.fractions {
        let mut points = Vec::new();
        for seed in settings.seeds.as_ref().unwrap_or(&config.seeds) {
            let key = of.key(encoder).with_text(&format!("supervised {settings:?} {fraction} {seed}"));
            let fit = kept.get_or_fit(&key, || run(*fraction, *seed));
            if let (None, 1.0, Ok(fit)) = (&whole, *fraction, &fit) {
                whole = Some(fit.predicted.clone());
            }
            points.push(Point::of(*seed, fit, truth, &bootstrap)?);
        }
        let name = format!("{} %", 100.0 * fraction);
        parts.push(Part { name, fraction: *fraction, frozen: false, points, against_first: None });
    }
    Ok(Learnt { parts, whole })
}

/// The training studies that have a label, their classes (one for all that are none) and their patients.
fn labelled(of: &Setup<'_>) -> (Vec<usize>, Vec<usize>, Vec<PatientId>) {
    let studies = &of.splits.train;
    let first = of.task.outputs().swap_remove(0);
    let (mut rows, mut classes, mut patients) = (Vec::new(), Vec::new(), Vec::new());
    for (row, labels) in studies.labels.iter().enumerate() {
        if let Some((value, _)) = value(of.answer, labels.get(&first)).zip(of.task.column(labels)) {
            rows.push(row);
            classes.push(if matches!(of.answer, Answer::Classes(_)) { value as usize } else { 0 });
            patients.push(PatientId::new(patient_of(&studies.keys[row])));
        }
    }
    (rows, classes, patients)
}
