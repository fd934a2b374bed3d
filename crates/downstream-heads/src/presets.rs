use serde::Serialize;

use crate::{
    Cases, EfficiencyPoint, Error, FineTuneConfig, HeadConfig, LinearProbe, Result, label_efficiency,
};
use eval_metrics::Bootstrap;

/// What a task predicts, which decides the head's rate in the preset `paper`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Classes or grades.
    Classification,
    /// Measurements.
    Regression,
}

/// One of the six settings of the method's released code: the preset `paper`.
///
/// It is for comparison with that code. It may leak: labels are drawn by image there, not by patient, and
/// so is validation; `strict` is the preset to believe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PaperSetting {
    /// As the released code names it: `linear_all`, `fine_tuning_001`.
    pub name: &'static str,
    /// The share of the training labels.
    pub fraction: f64,
    /// Images a batch: 64.
    pub batch_size: usize,
    /// Dropout 0.2 on the features, then a linear layer.
    pub head: HeadConfig,
    /// Rates, frozen steps and stopping.
    pub training: FineTuneConfig,
}

/// Linear probing and fine-tuning, each with 100, 10 and 1 % of the labels: AdamW with weight decay 1e-6, a
/// head rate of 1e-4 for classes and 1e-3 for measurements, 200 frozen steps and 1e-6 for everything from
/// then on, batches of 64, early stopping after 10 epochs, no augmentation.
///
/// `features` is the length of the encoder's features, with any columns beside them.
pub fn paper(kind: TaskKind, features: i64) -> [PaperSetting; 6] {
    let head_rate = match kind {
        TaskKind::Classification => 1e-4,
        TaskKind::Regression => 1e-3,
    };
    let setting = |name, fraction, frozen_steps| PaperSetting {
        name,
        fraction,
        batch_size: 64,
        head: HeadConfig { features, ..HeadConfig::default() },
        training: FineTuneConfig { head_rate, frozen_steps, ..FineTuneConfig::default() },
    };
    [
        setting("linear_all", 1.0, None),
        setting("linear_01", 0.1, None),
        setting("linear_001", 0.01, None),
        setting("fine_tuning_all", 1.0, Some(200)),
        setting("fine_tuning_01", 0.1, Some(200)),
        setting("fine_tuning_001", 0.01, Some(200)),
    ]
}

/// How often a positive case counts in the preset `paper`: negatives over positives, of the whole training
/// set before any part is drawn.
///
/// # Errors
///
/// [`Error::Config`] if one class has no case.
pub fn positive_weight(labels: &[bool]) -> Result<f64> {
    let positives = labels.iter().filter(|label| **label).count();
    if positives == 0 || positives == labels.len() {
        let reason = format!("{positives} of {} cases are positive", labels.len());
        return Err(Error::config("labels", reason));
    }
    Ok((labels.len() - positives) as f64 / positives as f64)
}

/// The preset `strict`: probes on cached features, labels drawn by patient with several seeds, the
/// regularisation chosen within the training patients, no patient in training and test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Strict {
    /// How a probe is fitted; its seed is replaced by each of `seeds`.
    pub probe: LinearProbe,
    /// The shares of the labels. Default: 1, 10 and 100 %.
    pub fractions: Vec<f64>,
    /// Which labels are drawn. Default: 1, 2, 3.
    pub seeds: Vec<u64>,
    /// How intervals are drawn.
    pub bootstrap: Bootstrap,
}

impl Default for Strict {
    fn default() -> Self {
        Self {
            probe: LinearProbe::default(),
            fractions: vec![0.01, 0.1, 1.0],
            seeds: vec![1, 2, 3],
            bootstrap: Bootstrap::default(),
        }
    }
}

/// What one seed of [`Strict`] gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrictRun {
    /// Which labels were drawn.
    pub seed: u64,
    /// One point a fraction, in their order.
    pub points: Vec<EfficiencyPoint>,
}

impl Strict {
    /// Fits and measures every fraction with every seed.
    ///
    /// # Errors
    ///
    /// As [`label_efficiency`].
    pub fn run(&self, train: &Cases, test: &Cases) -> Result<Vec<StrictRun>> {
        let run = |seed: &u64| {
            let probe = LinearProbe { seed: *seed, ..self.probe.clone() };
            let points = label_efficiency(&probe, train, test, &self.fractions, &self.bootstrap)?;
            Ok(StrictRun { seed: *seed, points })
        };
        self.seeds.iter().map(run).collect()
    }
}
