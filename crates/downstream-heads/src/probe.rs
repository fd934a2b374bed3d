use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::logistic::Problem;
use crate::sampling::folds;
use crate::{Cases, Error, Features, LogisticRegression, Result};

/// How a linear probe is fitted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinearProbe {
    /// Default: 2.
    pub classes: usize,
    /// The regularisations that are tried, from strong to weak. Default: 10^-5 to 10, a power of ten each.
    pub c: Vec<f64>,
    /// Parts of the cross-validation that chooses among them; fewer where a class has fewer patients.
    /// Default: 5.
    pub folds: usize,
    /// Which patients go into which part. Default: 12345.
    pub seed: u64,
}

impl Default for LinearProbe {
    fn default() -> Self {
        Self { classes: 2, c: vec![1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0], folds: 5, seed: 12345 }
    }
}

impl LinearProbe {
    /// Fits all cases with the regularisation that does best in cross-validation by patient. The cases
    /// that the probe is measured on have no part in that.
    ///
    /// # Errors
    ///
    /// [`Error::TooFewPatients`] if a class has one patient only; [`Error::UnknownClass`];
    /// [`Error::Config`] if a setting makes no sense or the cases are all of one class.
    pub fn fit(&self, train: &Cases) -> Result<FittedProbe> {
        self.check(train)?;
        let (fold_of, count) = folds(train.labels(), train.patients(), self.folds, self.seed)?;
        let of_folds = (0..count).into_par_iter().map(|fold| {
            let (rest, held_out) = train.fold(&fold_of, fold);
            self.path_losses(&rest, &held_out)
        });
        let of_folds = of_folds.collect::<Result<Vec<_>>>()?;
        self.refit(train, &of_folds)
    }

    /// Fits all training cases with the regularisation that does best on `validation`.
    ///
    /// # Errors
    ///
    /// As [`LinearProbe::fit`], apart from the number of patients; [`Error::SharedPatients`].
    pub fn fit_with_validation(&self, train: &Cases, validation: &Cases) -> Result<FittedProbe> {
        self.check(train)?;
        validation.check_classes(self.classes)?;
        train.check_disjoint(validation)?;
        self.refit(train, &[self.path_losses(train, validation)?])
    }

    fn check(&self, train: &Cases) -> Result<()> {
        if self.c.is_empty() {
            return Err(Error::config("c", "there is nothing to try"));
        }
        if self.folds < 2 {
            return Err(Error::config("folds", format!("{} is fewer than two", self.folds)));
        }
        train.check_classes(self.classes)?;
        if train.labels().iter().all(|label| *label == train.labels()[0]) {
            let reason = format!("all {} cases are of class {}", train.labels().len(), train.labels()[0]);
            return Err(Error::config("train", reason));
        }
        Ok(())
    }

    /// The summed cross-entropy of the held-out cases for each regularisation.
    fn path_losses(&self, train: &Cases, held_out: &Cases) -> Result<Vec<f64>> {
        let problem = Problem::new(train, self.classes)?;
        let mut fit: Option<LogisticRegression> = None;
        let mut losses = Vec::with_capacity(self.c.len());
        for c in &self.c {
            let next = problem.fit(*c, fit.as_ref())?;
            let probabilities = next.probabilities(held_out.features())?;
            let rows = probabilities.chunks_exact(self.classes).zip(held_out.labels());
            // A probability that rounded to 0 must not decide alone.
            losses.push(rows.map(|(row, label)| -row[*label].max(1e-15).ln()).sum());
            fit = Some(next);
        }
        Ok(losses)
    }

    fn refit(&self, train: &Cases, losses: &[Vec<f64>]) -> Result<FittedProbe> {
        let total = |index: usize| losses.iter().map(|fold| fold[index]).sum::<f64>();
        // Of equal ones the strongest, which comes first.
        let best = (0..self.c.len()).min_by(|a, b| total(*a).total_cmp(&total(*b))).unwrap_or(0);
        let model = Problem::new(train, self.classes)?.fit(self.c[best], None)?;
        Ok(FittedProbe { c: self.c[best], model })
    }
}

/// A linear probe that knows its classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedProbe {
    /// The regularisation that was chosen.
    pub c: f64,
    /// The weights.
    pub model: LogisticRegression,
}

impl FittedProbe {
    /// The probability of each class; see [`LogisticRegression::probabilities`].
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the features have another length than those fitted.
    pub fn probabilities(&self, features: &Features) -> Result<Vec<f64>> {
        self.model.probabilities(features)
    }
}
