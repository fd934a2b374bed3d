use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use osteon::downstream_heads::{Cases, EfficiencyPoint, Evaluation, LinearProbe, label_efficiency};
use osteon::eval_metrics::{Audit, Bootstrap, ConfusionMatrix, Difference, argmax};
use osteon::model_core::{Pretrained, load_pretrained};
use osteon::vision_encoder::VisionModel;
use osteon::xray_dataset::Split;
use osteon::{Aligned, Studies};
use serde::Serialize;
use tch::{Device, nn};

use crate::config::{EncoderEntry, EvaluateConfig};

/// All that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) notice: String,
    pub(crate) version: &'static str,
    pub(crate) tasks: Vec<Task>,
}

/// A label, and what each encoder made of it.
#[derive(Debug, Serialize)]
pub(crate) struct Task {
    pub(crate) label: String,
    pub(crate) classes: Vec<String>,
    pub(crate) train_studies: usize,
    pub(crate) test_studies: usize,
    pub(crate) test_patients: usize,
    pub(crate) encoders: Vec<Measured>,
}

/// One encoder on one label.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: String,
    /// For each part of the labels, one point a seed.
    pub(crate) parts: Vec<Part>,
    /// By all labels and the first seed.
    pub(crate) confusion: Vec<Vec<u64>>,
    pub(crate) audit: Audit,
    /// Of the class that comes second, where there are two.
    #[serde(skip)]
    pub(crate) scores: Option<(Vec<bool>, Vec<f64>)>,
}

/// A part of the labels.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    pub(crate) fraction: f64,
    pub(crate) points: Vec<EfficiencyPoint>,
    /// The AUROC minus that of the first encoder, of the seed in the middle; nothing for the first encoder.
    pub(crate) against_first: Option<Difference>,
}

impl Part {
    /// The evaluation whose AUROC is in the middle of the seeds'.
    pub(crate) fn middle(&self) -> Option<&Evaluation> {
        let mut evaluations: Vec<_> = self.points.iter().filter_map(|p| p.evaluation.as_ref()).collect();
        let auroc = |evaluation: &&Evaluation| evaluation.auroc().map_or(0.0, |auroc| auroc.estimate);
        evaluations.sort_by(|a, b| auroc(a).total_cmp(&auroc(b)));
        evaluations.get(evaluations.len() / 2).copied()
    }
}

/// An encoder's features of the splits that are used.
struct Features {
    name: String,
    train: Studies,
    test: Studies,
}

pub(crate) fn measure(config: &EvaluateConfig) -> anyhow::Result<Results> {
    let style = ProgressStyle::with_template("{msg:>30} {wide_bar} {pos}/{len}")?;
    let bar = ProgressBar::new((config.encoders.len() * (1 + config.labels.len())) as u64).with_style(style);
    let mut features = Vec::with_capacity(config.encoders.len());
    for entry in &config.encoders {
        bar.set_message(format!("encode: {}", entry.name));
        features.push(encode(config, entry).with_context(|| format!("encoding with {:?}", entry.name))?);
        bar.inc(1);
    }
    let mut tasks = Vec::with_capacity(config.labels.len());
    for label in &config.labels {
        bar.set_message(format!("probe: {label}"));
        tasks.push(task(config, label, &features, &bar).with_context(|| format!("measuring {label:?}"))?);
    }
    bar.finish_and_clear();
    Ok(Results { notice: config.notice.clone(), version: env!("CARGO_PKG_VERSION"), tasks })
}

fn encode(config: &EvaluateConfig, entry: &EncoderEntry) -> anyhow::Result<Features> {
    let transform = Aligned::load(&entry.run, Device::Cpu)?.plain;
    let folder = entry.pretrained.clone().unwrap_or_else(|| entry.run.join("vision_encoder"));
    let (_weights, mut encoder, _) = load_pretrained::<VisionModel>(folder, Device::Cpu)?;
    if let Some(seed) = entry.random_init {
        tch::manual_seed(seed.cast_signed());
        encoder = VisionModel::new(&nn::VarStore::new(Device::Cpu).root(), encoder.config())?;
    }
    let encoder = encoder.without_projection();
    let studies = |split| Studies::encode(&encoder, transform, &config.shards, split, Device::Cpu);
    Ok(Features { name: entry.name.clone(), train: studies(Split::Train)?, test: studies(Split::Test)? })
}

fn task(
    config: &EvaluateConfig,
    label: &str,
    features: &[Features],
    bar: &ProgressBar,
) -> anyhow::Result<Task> {
    let classes = features[0].train.classes(label);
    ensure!(classes.len() > 1, "the training split has no two classes of it");
    let bootstrap = Bootstrap::default();
    let mut encoders: Vec<Measured> = Vec::new();
    let (mut train_studies, mut test_cases) = (0, None);
    for of in features {
        let (train, _) = of.train.cases(label, &classes)?;
        let (test, rows) = of.test.cases(label, &classes)?;
        let mut by_seed = Vec::with_capacity(config.seeds.len());
        for seed in &config.seeds {
            let probe = LinearProbe { classes: classes.len(), seed: *seed, ..LinearProbe::default() };
            by_seed.push(label_efficiency(&probe, &train, &test, &config.fractions, &bootstrap)?);
        }
        let mut parts: Vec<Part> = config.fractions.iter().map(|fraction| part(*fraction)).collect();
        for points in by_seed {
            parts.iter_mut().zip(points).for_each(|(part, point)| part.points.push(point));
        }
        if let Some(first) = encoders.first() {
            for (ours, theirs) in parts.iter_mut().zip(&first.parts) {
                if let (Some(ours_middle), Some(theirs)) = (ours.middle(), theirs.middle()) {
                    ours.against_first = Some(ours_middle.auroc_gain(theirs, &test, &bootstrap)?);
                }
            }
        }
        let whole = LinearProbe { classes: classes.len(), seed: config.seeds[0], ..LinearProbe::default() };
        let probabilities = whole.fit(&train)?.probabilities(test.features())?;
        let evaluation = Evaluation::new(&test, probabilities, classes.len(), &bootstrap)?;
        let called = argmax(evaluation.probabilities(), classes.len())?;
        let confusion = ConfusionMatrix::new(test.labels(), &called, classes.len())?;
        encoders.push(Measured {
            name: of.name.clone(),
            parts,
            confusion: confusion.rows().map(<[u64]>::to_vec).collect(),
            audit: of.test.audit(&evaluation, &test, &rows)?,
            scores: (classes.len() == 2).then(|| scores(&test, &evaluation)),
        });
        (train_studies, test_cases) =
            (train.labels().len(), Some((test.labels().len(), evaluation.patients)));
        bar.inc(1);
    }
    let (test_studies, test_patients) = test_cases.unwrap_or_default();
    Ok(Task { label: label.to_owned(), classes, train_studies, test_studies, test_patients, encoders })
}

fn part(fraction: f64) -> Part {
    Part { fraction, points: Vec::new(), against_first: None }
}

fn scores(test: &Cases, evaluation: &Evaluation) -> (Vec<bool>, Vec<f64>) {
    let positive = test.labels().iter().map(|label| *label == 1).collect();
    (positive, evaluation.probabilities().iter().skip(1).step_by(2).copied().collect())
}
