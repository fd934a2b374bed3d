use std::collections::BTreeMap;

use eval_metrics::{
    BlandAltman, Bootstrap, Clusters, Difference, FromCases, Interval, Mean, Metric, bland_altman, pearson,
    r2, rmse,
};
use serde::Serialize;

use crate::{Cases, Error, Result};

/// The measurements that one model predicted for the test cases, and what they are worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasurementEvaluation {
    /// Test cases.
    pub cases: usize,
    /// Their patients.
    pub patients: usize,
    /// `mae`, `rmse`, `r2` and `pearson` with their intervals over patients; the last is left out where
    /// every prediction is the same.
    pub metrics: BTreeMap<String, Interval>,
    /// How prediction and target agree.
    pub agreement: BlandAltman,
    #[serde(skip)]
    predictions: Vec<f64>,
}

impl MeasurementEvaluation {
    /// Measures predictions.
    ///
    /// # Errors
    ///
    /// [`Error::Metric`] if a prediction is not a number, or every target is the same; [`Error::Length`].
    pub fn new(test: &Cases<f64>, predictions: Vec<f64>, bootstrap: &Bootstrap) -> Result<Self> {
        let targets = test.labels();
        Error::length("predictions", predictions.len(), targets.len())?;
        let agreement = bland_altman(targets, &predictions).map_err(Error::metric)?;
        let clusters = Clusters::by(test.patients());
        let mut metrics = BTreeMap::new();
        let mut measure = |metric: &dyn Metric| -> eval_metrics::Result<()> {
            metrics.insert(metric.name().to_owned(), bootstrap.interval(metric, &clusters)?);
            Ok(())
        };
        let of_pairs = |name: &str, value: fn(&[f64], &[f64]) -> eval_metrics::Result<f64>| {
            let (targets, predictions) = (targets, &predictions);
            FromCases::new(name, targets.len(), move |cases: &[usize]| {
                let gather = |values: &[f64]| cases.iter().map(|case| values[*case]).collect::<Vec<_>>();
                value(&gather(targets), &gather(predictions))
            })
        };
        measure(&absolute_error(targets, &predictions)?).map_err(Error::metric)?;
        measure(&of_pairs("rmse", rmse)).map_err(Error::metric)?;
        measure(&of_pairs("r2", r2)).map_err(Error::metric)?;
        match measure(&of_pairs("pearson", pearson)) {
            Err(error) if !error.is_undefined() => return Err(Error::metric(error)),
            _ => {}
        }
        Ok(Self { cases: targets.len(), patients: clusters.len(), metrics, agreement, predictions })
    }

    /// The measurements that were predicted.
    pub fn predictions(&self) -> &[f64] {
        &self.predictions
    }

    /// The mean absolute error of this one minus that of `other` on the same test cases, by paired
    /// bootstrap over patients: negative where this one is better.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if one of them is of other cases; [`Error::Metric`].
    pub fn mae_change(&self, other: &Self, test: &Cases<f64>, bootstrap: &Bootstrap) -> Result<Difference> {
        let first = absolute_error(test.labels(), &self.predictions)?;
        let second = absolute_error(test.labels(), &other.predictions)?;
        bootstrap.difference(&first, &second, &Clusters::by(test.patients())).map_err(Error::metric)
    }
}

fn absolute_error(targets: &[f64], predictions: &[f64]) -> Result<Mean> {
    Error::length("predictions", predictions.len(), targets.len())?;
    let errors = targets.iter().zip(predictions).map(|(target, prediction)| (prediction - target).abs());
    Mean::new("mae", errors.collect()).map_err(Error::metric)
}
