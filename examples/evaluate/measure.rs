use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use osteon::Studies;
use osteon::downstream_heads::FeatureCache;
use osteon::eval_metrics::{
    Attribute, Audit, AuditConfig, Bootstrap, ConfusionMatrix, Difference, argmax, audit_classifier,
};
use serde::Serialize;

use crate::boxes::Boxes;
use crate::config::{EncoderEntry, EvaluateConfig, Protocol};
use crate::encoder::LoadedEncoder;
use crate::kept::{Fit, Kept};
use crate::latent::Latent;
use crate::learn::Setup;
use crate::maps::Maps;
use crate::outcome::{Outcome, Truth};
use crate::paper;
use crate::strict::Prepared;
use crate::supervised;
use crate::tasks::{Answer, Floor, TaskEntry};

/// All that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) notice: String,
    pub(crate) version: &'static str,
    pub(crate) tasks: Vec<Task>,
}

/// A task, and what each encoder made of it.
#[derive(Debug, Serialize)]
pub(crate) struct Task {
    pub(crate) name: String,
    pub(crate) answer: Answer,
    pub(crate) floor: Option<Floor>,
    /// Labels to learn from; a study with two sides has two.
    pub(crate) train_labels: usize,
    pub(crate) test_labels: usize,
    pub(crate) test_patients: usize,
    /// Of the set's lists, those without an image.
    pub(crate) missing: Vec<String>,
    /// Test studies with an image whose very file is in the training split too.
    pub(crate) shared: Vec<String>,
    pub(crate) encoders: Vec<Measured>,
}

/// One encoder on one task.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: String,
    /// Each way of fitting.
    pub(crate) parts: Vec<Part>,
    /// By all labels and the first seed.
    pub(crate) confusion: Option<Vec<Vec<u64>>>,
    pub(crate) audits: Vec<Audit>,
    pub(crate) latent: Option<Latent>,
    pub(crate) maps: Option<Maps>,
    pub(crate) boxes: Option<Boxes>,
    /// Of the class that comes second, where there are two.
    #[serde(skip)]
    pub(crate) scores: Option<(Vec<bool>, Vec<f64>)>,
}

/// A way of fitting: a part of the labels, and in `paper` whether the encoder learnt too.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) fraction: f64,
    /// Whether the encoder stayed as it was.
    pub(crate) frozen: bool,
    pub(crate) points: Vec<Point>,
    /// The first metric minus that of the first encoder, of the seed in the middle; nothing for the first encoder.
    pub(crate) against_first: Option<Difference>,
}

/// One draw of the labels.
#[derive(Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) seed: u64,
    pub(crate) train_labels: usize,
    pub(crate) outcome: Option<Outcome>,
    /// Why there is none.
    pub(crate) reason: Option<String>,
}

impl Measured {
    fn new(name: String, parts: Vec<Part>) -> Self {
        let (confusion, audits, scores) = (None, Vec::new(), None);
        Self { name, parts, confusion, audits, latent: None, maps: None, boxes: None, scores }
    }
}

impl Point {
    /// What a fit is worth, or why there is none: too few labels, a loss that is no number.
    ///
    /// # Errors
    ///
    /// Where a file could not be read or written, which says nothing of the fit.
    pub(crate) fn of(
        seed: u64,
        fit: anyhow::Result<Fit>,
        truth: &Truth,
        bootstrap: &Bootstrap,
    ) -> anyhow::Result<Self> {
        match fit.and_then(|fit| Ok((fit.train_labels, truth.measure(fit.predicted, bootstrap)?))) {
            Ok((train_labels, outcome)) => {
                Ok(Self { seed, train_labels, outcome: Some(outcome), reason: None })
            }
            Err(error) if error.chain().any(|cause| cause.is::<std::io::Error>()) => Err(error),
            Err(error) => {
                Ok(Self { seed, train_labels: 0, outcome: None, reason: Some(format!("{error:#}")) })
            }
        }
    }
}

impl Part {
    /// The outcome whose first metric is in the middle of the seeds'.
    pub(crate) fn middle(&self, answer: &Answer) -> Option<&Outcome> {
        let (metric, _) = answer.first_metric();
        let mut outcomes: Vec<_> = self.points.iter().filter_map(|point| point.outcome.as_ref()).collect();
        let value = |outcome: &&Outcome| outcome.metrics().get(metric).map_or(0.0, |value| value.estimate);
        outcomes.sort_by(|a, b| value(a).total_cmp(&value(b)));
        outcomes.get(outcomes.len() / 2).copied()
    }
}

pub(crate) fn measure(config: &EvaluateConfig) -> anyhow::Result<Results> {
    let style = ProgressStyle::with_template("{msg:>44} {wide_bar} {pos}/{len}")?;
    let bar = ProgressBar::new((config.encoders.len() * config.tasks.len()) as u64).with_style(style);
    let cache = config.cache.as_ref().map(FeatureCache::new);
    let kept = Kept::new(config.cache.as_ref());
    let mut encoders = Vec::with_capacity(config.encoders.len());
    for entry in &config.encoders {
        if config.protocol == Protocol::Paper && entry.supervised.is_some() {
            // Not by the bar, which says nothing where standard error is no terminal.
            let why = "in paper, fine-tuning of random weights is that";
            bar.suspend(|| eprintln!("{:?} is left out: {why}", entry.name));
            continue;
        }
        let encoder = LoadedEncoder::load(entry).with_context(|| format!("loading {:?}", entry.name))?;
        encoders.push((entry, encoder));
    }
    let mut tasks = Vec::with_capacity(config.tasks.len());
    for entry in &config.tasks {
        let of = || format!("measuring {:?}", entry.name());
        tasks.push(task(config, entry, &encoders, cache.as_ref(), &kept, &bar).with_context(of)?);
    }
    bar.finish_and_clear();
    Ok(Results { notice: config.notice.clone(), version: env!("CARGO_PKG_VERSION"), tasks })
}

fn task(
    config: &EvaluateConfig,
    entry: &TaskEntry,
    encoders: &[(&EncoderEntry, LoadedEncoder)],
    cache: Option<&FeatureCache>,
    kept: &Kept,
    bar: &ProgressBar,
) -> anyhow::Result<Task> {
    let bootstrap = Bootstrap::default();
    let mut found: Option<Task> = None;
    for (of, encoder) in encoders {
        bar.set_message(format!("{}: {}", entry.name(), of.name));
        let paper = config.protocol == Protocol::Paper;
        let splits = entry.encode(&encoder.frozen(cache), paper)?;
        let answer = entry.answer(&splits.train);
        let prepared = Prepared::new(entry, &answer, &splits)?;
        let truth = &prepared.truth;
        let setup = Setup { config, task: entry, answer: &answer, splits: &splits, truth, kept };
        let mut whole = None;
        let mut parts = match (config.protocol, &of.supervised) {
            (Protocol::Strict, Some(settings)) => {
                let learnt = supervised::parts(&setup, settings, encoder, of)?;
                whole = learnt.whole;
                learnt.parts
            }
            (Protocol::Strict, None) => strict_parts(config, &prepared, &bootstrap)?,
            (Protocol::Paper, _) => paper::parts(&setup, encoder, of)?,
        };
        let task = found.get_or_insert_with(|| Task {
            name: entry.name(),
            answer: answer.clone(),
            floor: entry.floor.clone(),
            train_labels: prepared.train_cases(),
            test_labels: prepared.truth.patients().len(),
            test_patients: patients(&prepared.truth),
            missing: splits.missing.clone(),
            shared: splits.test.shared_with(&splits.train).into_iter().map(str::to_owned).collect(),
            encoders: Vec::new(),
        });
        if let Some(first) = task.encoders.first() {
            for (ours, theirs) in parts.iter_mut().zip(&first.parts) {
                if let (Some(mine), Some(theirs)) = (ours.middle(&answer), theirs.middle(&answer)) {
                    ours.against_first = prepared.truth.difference(mine, theirs, &bootstrap)?;
                }
            }
        }
        let mut measured = Measured::new(of.name.clone(), parts);
        // Features and maps of an encoder that learnt are those of its random weights, which are shown already.
        if of.supervised.is_none() {
            measured.latent = Latent::of(entry, &answer, &splits)?;
            measured.maps = Maps::of(entry, &answer, &splits, encoder, of)?;
            if config.protocol == Protocol::Strict {
                measured.boxes = Boxes::of(entry, encoder, of, config.seeds[0])?;
            }
            whole = Some(prepared.fit(1.0, config.seeds[0])?.predicted);
        }
        if let Some(whole) = whole {
            measured.confusion = confusion(&prepared.truth, &whole, &bootstrap)?;
            measured.audits = audits(&splits.test, &prepared, &whole, &bootstrap)?;
            measured.scores = scores(&prepared.truth, &whole);
        }
        task.encoders.push(measured);
        bar.inc(1);
    }
    let task = found.context("there is no encoder")?;
    ensure!(!task.encoders.is_empty(), "there is no encoder");
    Ok(task)
}

fn strict_parts(
    config: &EvaluateConfig,
    prepared: &Prepared,
    bootstrap: &Bootstrap,
) -> anyhow::Result<Vec<Part>> {
    let part = |fraction: &f64| -> anyhow::Result<Part> {
        let mut points = Vec::with_capacity(config.seeds.len());
        for seed in &config.seeds {
            points.push(match prepared.measure(*fraction, *seed, bootstrap)? {
                Ok((train_labels, outcome)) => {
                    Point { seed: *seed, train_labels, outcome: Some(outcome), reason: None }
                }
                Err(reason) => Point { seed: *seed, train_labels: 0, outcome: None, reason: Some(reason) },
            });
        }
        let name = format!("{} %", 100.0 * fraction);
        Ok(Part { name, fraction: *fraction, frozen: true, points, against_first: None })
    };
    config.fractions.iter().map(part).collect()
}

fn patients(truth: &Truth) -> usize {
    truth.patients().iter().collect::<std::collections::HashSet<_>>().len()
}

/// Classes called, or the nearest grades; nothing for measurements.
fn confusion(
    truth: &Truth,
    predicted: &[f64],
    bootstrap: &Bootstrap,
) -> anyhow::Result<Option<Vec<Vec<u64>>>> {
    let matrix = match truth {
        Truth::Classes(test, classes) => {
            ConfusionMatrix::new(test.labels(), &argmax(predicted, *classes)?, *classes)?
        }
        Truth::Grades { grades, count, .. } => match truth.measure(predicted.to_vec(), bootstrap)? {
            Outcome::Grades(evaluation) => ConfusionMatrix::new(grades, evaluation.called(), *count)?,
            _ => return Ok(None),
        },
        Truth::Measurement(_) => return Ok(None),
    };
    Ok(Some(matrix.rows().map(<[u64]>::to_vec).collect()))
}

/// Whether each test case is of the second of two classes, and how probable that is; nothing where all are of one.
fn scores(truth: &Truth, predicted: &[f64]) -> Option<(Vec<bool>, Vec<f64>)> {
    let Truth::Classes(test, 2) = truth else { return None };
    let positive: Vec<bool> = test.labels().iter().map(|label| *label == 1).collect();
    let scores = predicted.iter().skip(1).step_by(2).copied().collect();
    (positive.contains(&true) && positive.contains(&false)).then_some((positive, scores))
}

/// Of two classes; groups that nothing is known of are left out.
fn audits(
    test: &Studies,
    prepared: &Prepared,
    predicted: &[f64],
    bootstrap: &Bootstrap,
) -> anyhow::Result<Vec<Audit>> {
    let Some((labels, scores)) = scores(&prepared.truth, predicted) else { return Ok(Vec::new()) };
    let groups = test.groups(&prepared.rows);
    let known = groups.iter().filter(|(_, groups)| groups.iter().any(Option::is_some));
    let attributes: Vec<_> = known.map(|(name, groups)| Attribute { name, groups }).collect();
    if attributes.is_empty() {
        return Ok(Vec::new());
    }
    let config = AuditConfig { bootstrap: *bootstrap, ..AuditConfig::default() };
    Ok(audit_classifier(&labels, &scores, &attributes, prepared.truth.patients(), &config)?)
}
