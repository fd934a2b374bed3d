use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::lbfgs::{add, dot};
use crate::logistic::{moments, standardized};
use crate::sampling::plain_folds;
use crate::{Cases, Error, Features, Result};

/// How a linear probe of measurements is fitted: ridge regression on standardised features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RidgeProbe {
    /// The penalties that are tried, from strong to weak. Default: 10^5 to 10^-1, a power of ten each.
    pub alpha: Vec<f64>,
    /// Parts of the cross-validation by patient that chooses among them. Default: 5.
    pub folds: usize,
    /// Which patients go into which part. Default: 12345.
    pub seed: u64,
}

impl Default for RidgeProbe {
    fn default() -> Self {
        Self { alpha: vec![1e5, 1e4, 1e3, 1e2, 10.0, 1.0, 0.1], folds: 5, seed: 12345 }
    }
}

impl RidgeProbe {
    /// Fits all cases with the penalty that has the least squared error in cross-validation by patient.
    ///
    /// # Errors
    ///
    /// [`Error::TooFewPatients`] if there is one patient only; [`Error::NotFinite`] if a target is not a
    /// number; [`Error::Config`] if a setting makes no sense.
    pub fn fit(&self, train: &Cases<f64>) -> Result<RidgeRegression> {
        if self.alpha.is_empty() {
            return Err(Error::config("alpha", "there is nothing to try"));
        }
        if self.folds < 2 {
            return Err(Error::config("folds", format!("{} is fewer than two", self.folds)));
        }
        check_targets(train.labels())?;
        let (fold_of, count) = plain_folds(train.patients(), self.folds, self.seed)?;
        let losses = (0..count).into_par_iter().map(|fold| {
            let (rest, held_out) = train.fold(&fold_of, fold);
            let normal = Normal::new(&rest);
            let loss = |alpha: &f64| -> Result<f64> {
                let predicted = normal.solve(*alpha)?.predict(held_out.features())?;
                Ok(predicted.iter().zip(held_out.labels()).map(|(p, target)| (p - target).powi(2)).sum())
            };
            self.alpha.iter().map(loss).collect::<Result<Vec<f64>>>()
        });
        let losses = losses.collect::<Result<Vec<_>>>()?;
        let total = |index: usize| losses.iter().map(|fold| fold[index]).sum::<f64>();
        let best = (0..self.alpha.len()).min_by(|a, b| total(*a).total_cmp(&total(*b))).unwrap_or(0);
        RidgeRegression::fit(train, self.alpha[best])
    }
}

/// Ridge regression on standardised features, without a penalty on the intercept: scikit-learn's
/// `make_pipeline(StandardScaler(), Ridge(alpha))`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RidgeRegression {
    alpha: f64,
    mean: Vec<f64>,
    deviation: Vec<f64>,
    weights: Vec<f64>,
    intercept: f64,
}

impl RidgeRegression {
    /// Fits the cases. A large `alpha` keeps the weights small.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if `alpha` is not positive; [`Error::NotFinite`] if a target is not a number.
    pub fn fit(cases: &Cases<f64>, alpha: f64) -> Result<Self> {
        check_targets(cases.labels())?;
        Normal::new(cases).solve(alpha)
    }

    /// The penalty it was fitted with.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// The measurement of each case.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the features have another length than those fitted.
    pub fn predict(&self, features: &Features) -> Result<Vec<f64>> {
        Error::length("features of a case", features.embed_dim(), self.mean.len())?;
        let predict =
            |row| dot(&standardized(row, &self.mean, &self.deviation), &self.weights) + self.intercept;
        Ok(features.rows().map(predict).collect())
    }
}

/// The normal equations, made once for every penalty.
struct Normal {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// Lower triangle of the standardised features' products, row after row, whole rows kept.
    products: Vec<f64>,
    with_target: Vec<f64>,
    target_mean: f64,
}

impl Normal {
    fn new(cases: &Cases<f64>) -> Self {
        let (mean, deviation) = moments(cases.features());
        let size = mean.len();
        let target_mean = cases.labels().iter().sum::<f64>() / cases.labels().len() as f64;
        let (mut products, mut with_target) = (vec![0.0; size * size], vec![0.0; size]);
        for (row, target) in cases.features().rows().zip(cases.labels()) {
            let row = standardized(row, &mean, &deviation);
            for (i, value) in row.iter().enumerate() {
                add(&mut products[i * size..i * size + i + 1], *value, &row[..=i]);
            }
            add(&mut with_target, target - target_mean, &row);
        }
        Self { mean, deviation, products, with_target, target_mean }
    }

    /// By Cholesky's decomposition, which exists since the penalty is positive.
    fn solve(&self, alpha: f64) -> Result<RidgeRegression> {
        if !(alpha > 0.0 && alpha.is_finite()) {
            return Err(Error::config("alpha", format!("{alpha} is not a positive number")));
        }
        let size = self.mean.len();
        let mut factor = self.products.clone();
        for i in 0..size {
            let (above, rest) = factor.split_at_mut(i * size);
            let row = &mut rest[..size];
            for j in 0..i {
                let other = &above[j * size..j * size + size];
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            row[i] = (row[i] + alpha - dot(&row[..i], &row[..i])).sqrt();
        }
        let mut weights = self.with_target.clone();
        for i in 0..size {
            let row = &factor[i * size..(i + 1) * size];
            weights[i] = (weights[i] - dot(&row[..i], &weights[..i])) / row[i];
        }
        for i in (0..size).rev() {
            let row = &factor[i * size..(i + 1) * size];
            weights[i] /= row[i];
            let solved = weights[i];
            add(&mut weights[..i], -solved, &row[..i]);
        }
        Ok(RidgeRegression {
            alpha,
            mean: self.mean.clone(),
            deviation: self.deviation.clone(),
            weights,
            intercept: self.target_mean,
        })
    }
}

fn check_targets(targets: &[f64]) -> Result<()> {
    match targets.iter().position(|target| !target.is_finite()) {
        Some(index) => Err(Error::NotFinite { what: "targets", index }),
        None => Ok(()),
    }
}
