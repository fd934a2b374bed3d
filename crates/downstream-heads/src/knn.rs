use eval_metrics::argmax;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Cases, Error, Features, Result};

/// Classes by the nearest training cases: what the features say without anything being fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NearestNeighbors {
    /// How many neighbours vote, each with the same weight. Default: 20.
    pub k: usize,
}

impl Default for NearestNeighbors {
    fn default() -> Self {
        Self { k: 20 }
    }
}

impl NearestNeighbors {
    /// The share of each class among the nearest training cases by cosine similarity; of equally near ones
    /// those that come first.
    ///
    /// # Shapes
    ///
    /// - result: `[cases, classes]`, row-major
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if `k` is 0 or more than the training cases; [`Error::UnknownClass`];
    /// [`Error::Length`] if the features differ in length.
    pub fn probabilities(&self, train: &Cases, classes: usize, features: &Features) -> Result<Vec<f64>> {
        train.check_classes(classes)?;
        Error::length("features of a case", features.embed_dim(), train.features().embed_dim())?;
        let cases = train.features().cases();
        if self.k == 0 || self.k > cases {
            return Err(Error::config("k", format!("{} of {cases} training cases", self.k)));
        }
        let (known, asked) = (train.features().unit_rows(), features.unit_rows());
        let rows: Vec<&[f32]> = asked.rows().collect();
        let vote = |row: &&[f32]| {
            let similarity = |other: &[f32]| other.iter().zip(*row).map(|(a, b)| a * b).sum::<f32>();
            let mut order: Vec<(f32, usize)> = known.rows().map(similarity).zip(0..).collect();
            let nearer = |a: &(f32, usize), b: &(f32, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
            order.select_nth_unstable_by(self.k - 1, nearer);
            let mut shares = vec![0.0; classes];
            for (_, case) in &order[..self.k] {
                shares[train.labels()[*case]] += 1.0 / self.k as f64;
            }
            shares
        };
        Ok(rows.par_iter().flat_map_iter(vote).collect())
    }

    /// The share of `test` whose class is that of most of its nearest training cases.
    ///
    /// # Errors
    ///
    /// As [`NearestNeighbors::probabilities`].
    pub fn accuracy(&self, train: &Cases, test: &Cases, classes: usize) -> Result<f64> {
        let shares = self.probabilities(train, classes, test.features())?;
        let called = argmax(&shares, classes).map_err(Error::metric)?;
        let right = called.iter().zip(test.labels()).filter(|(called, label)| called == label).count();
        Ok(right as f64 / test.labels().len() as f64)
    }
}
