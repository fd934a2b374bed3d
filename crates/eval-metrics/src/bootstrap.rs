use std::collections::HashMap;
use std::hash::Hash;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Error, Metric, Result, check};

/// A value and the interval around it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The value on the cases as they are.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How much of the distribution lies between the ends, such as 0.95.
    pub confidence: f64,
}

/// One metric minus another on the same cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// First minus second, with its interval.
    #[serde(flatten)]
    pub interval: Interval,
    /// Two-sided: twice the share of resamples on the far side of 0, at most 1 and never 0.
    pub p_value: f64,
}

/// Which cases belong together. A patient's cases are drawn together or not at all, since they are
/// not independent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    /// Cases, patient after patient.
    members: Vec<usize>,
    /// Where each patient begins in `members`, and the end.
    starts: Vec<usize>,
}

impl Clusters {
    /// Every case by itself.
    pub fn single(cases: usize) -> Self {
        Self { members: (0..cases).collect(), starts: (0..=cases).collect() }
    }

    /// The cases of equal `ids` together.
    pub fn by<T: Eq + Hash>(ids: &[T]) -> Self {
        let mut index = HashMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (case, id) in ids.iter().enumerate() {
            let group = *index.entry(id).or_insert(groups.len());
            if group == groups.len() {
                groups.push(Vec::new());
            }
            groups[group].push(case);
        }
        let mut starts = vec![0];
        starts.extend(groups.iter().scan(0, |end, group| {
            *end += group.len();
            Some(*end)
        }));
        Self { members: groups.concat(), starts }
    }

    /// Number of clusters.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of cases.
    pub fn cases(&self) -> usize {
        self.members.len()
    }

    /// Number of clusters with a case that `is_in`.
    pub(crate) fn count(&self, is_in: impl Fn(usize) -> bool) -> usize {
        let clusters = self.starts.windows(2).map(|ends| &self.members[ends[0]..ends[1]]);
        clusters.filter(|cluster| cluster.iter().any(|case| is_in(*case))).count()
    }
}

/// Percentile bootstrap over patients (Efron and Tibshirani 1993). What is drawn depends on the seed
/// alone, not on the number of threads.
///
/// ```
/// use eval_metrics::{Auroc, Bootstrap, Clusters};
///
/// let labels = [true, false, true, false, true, false, false, true];
/// let scores = [0.9, 0.2, 0.6, 0.7, 0.8, 0.1, 0.3, 0.4];
/// let patients = ["a", "a", "b", "c", "d", "e", "e", "f"];
/// let interval = Bootstrap::default().interval(&Auroc::new(&labels, &scores)?, &Clusters::by(&patients))?;
/// assert!(interval.low <= interval.estimate && interval.estimate <= interval.high);
/// # Ok::<(), eval_metrics::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bootstrap {
    /// Resamples drawn. Default: 2,000.
    pub resamples: usize,
    /// Share of the resamples between the ends of the interval. Default: 0.95.
    pub confidence: f64,
    /// Default: 12345.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 2_000, confidence: 0.95, seed: 12345 }
    }
}

impl Bootstrap {
    /// `metric` with its interval. Resamples on which it has no value (one class only) are passed over.
    ///
    /// # Errors
    ///
    /// As the metric; [`Error::Resamples`] if it has no value on half of the resamples or more;
    /// [`Error::Length`] if the clusters are of other cases; [`Error::Argument`] if an option makes no
    /// sense.
    pub fn interval(&self, metric: &(impl Metric + ?Sized), clusters: &Clusters) -> Result<Interval> {
        check::same_length("clusters", clusters.cases(), metric.cases())?;
        let estimate = metric.value()?;
        let values = self.resample(clusters, |counts| defined(metric.weighted(counts)))?;
        self.summary(metric.name(), estimate, values).map(|(interval, _)| interval)
    }

    /// `first` minus `second`, both on the same resamples.
    ///
    /// # Errors
    ///
    /// As [`Bootstrap::interval`], of both metrics.
    pub fn difference(
        &self,
        first: &(impl Metric + ?Sized),
        second: &(impl Metric + ?Sized),
        clusters: &Clusters,
    ) -> Result<Difference> {
        check::same_length("clusters", clusters.cases(), first.cases())?;
        check::same_length("second", second.cases(), first.cases())?;
        let estimate = first.value()? - second.value()?;
        let values = self.resample(clusters, |counts| {
            let pair = (defined(first.weighted(counts))?, defined(second.weighted(counts))?);
            Ok(pair.0.zip(pair.1).map(|(first, second)| first - second))
        })?;
        let (interval, values) = self.summary(first.name(), estimate, values)?;
        // The values are sorted. One is added so that no number of resamples proves a difference.
        let not_above = values.partition_point(|value| *value <= 0.0);
        let not_below = values.len() - values.partition_point(|value| *value < 0.0);
        let tail = (not_above.min(not_below) + 1) as f64 / (values.len() + 1) as f64;
        Ok(Difference { interval, p_value: (2.0 * tail).min(1.0) })
    }

    /// Calls `function` with the counts of each resample, on all threads; results are in order.
    pub(crate) fn resample<T: Send>(
        &self,
        clusters: &Clusters,
        function: impl Fn(&[u32]) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        check::open_unit("confidence", self.confidence)?;
        if self.resamples == 0 {
            return Err(Error::Argument { name: "resamples", why: "at least one is needed" });
        }
        if clusters.is_empty() {
            return Err(Error::Empty { what: "clusters" });
        }
        let start = ChaCha8Rng::seed_from_u64(self.seed);
        (0..self.resamples as u64)
            .into_par_iter()
            .map_init(
                || vec![0_u32; clusters.cases()],
                |counts, resample| {
                    let mut rng = start.clone();
                    rng.set_stream(resample);
                    counts.fill(0);
                    for _ in 0..clusters.len() {
                        let cluster = rng.random_range(0..clusters.len());
                        for case in &clusters.members[clusters.starts[cluster]..clusters.starts[cluster + 1]]
                        {
                            counts[*case] += 1;
                        }
                    }
                    function(counts)
                },
            )
            .collect()
    }

    /// The interval, and the sorted values that it comes from.
    pub(crate) fn summary(
        &self,
        metric: &str,
        estimate: f64,
        values: Vec<Option<f64>>,
    ) -> Result<(Interval, Vec<f64>)> {
        let resamples = values.len();
        let mut values: Vec<f64> = values.into_iter().flatten().collect();
        if values.len() * 2 <= resamples {
            let undefined = resamples - values.len();
            return Err(Error::Resamples { metric: metric.to_owned(), undefined, resamples });
        }
        values.sort_by(f64::total_cmp);
        let tail = (1.0 - self.confidence) / 2.0;
        let (low, high) = (quantile(&values, tail), quantile(&values, 1.0 - tail));
        Ok((Interval { estimate, low, high, confidence: self.confidence }, values))
    }
}

/// The value, or nothing where the cases leave it without one; a wrong call stays an error.
pub(crate) fn defined(value: Result<f64>) -> Result<Option<f64>> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_undefined() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The quantile of sorted values, between two of them by straight line.
pub(crate) fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Auroc, Mean};

    fn noise(seed: u64, n: usize) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..n).map(|_| (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0).collect()
    }

    #[test]
    fn intervals_of_a_mean_are_those_of_theory() {
        let mean = Mean::new("mean", noise(1, 400)).unwrap();
        let interval = Bootstrap::default().interval(&mean, &Clusters::single(400)).unwrap();
        let expected = 2.0 * 1.96 / 20.0;
        assert!((interval.high - interval.low - expected).abs() < 0.02, "{interval:?}");
    }

    #[test]
    fn patients_are_drawn_whole() {
        // Ten equal cases a patient say no more than one: the interval must not shrink.
        let values = noise(2, 60);
        let repeated: Vec<f64> = values.iter().flat_map(|value| [*value; 10]).collect();
        let ids: Vec<usize> = (0..600).map(|case| case / 10).collect();
        let bootstrap = Bootstrap::default();
        let once = bootstrap.interval(&Mean::new("m", values).unwrap(), &Clusters::single(60)).unwrap();
        let metric = Mean::new("m", repeated).unwrap();
        let tenfold = bootstrap.interval(&metric, &Clusters::by(&ids)).unwrap();
        let naive = bootstrap.interval(&metric, &Clusters::single(600)).unwrap();
        assert!((once.low - tenfold.low).abs() < 1e-9 && (once.high - tenfold.high).abs() < 1e-9);
        assert!(naive.high - naive.low < 0.4 * (tenfold.high - tenfold.low));
    }

    #[test]
    fn threads_do_not_change_what_is_drawn() {
        let labels: Vec<bool> = (0..50).map(|case| case % 3 == 0).collect();
        let metric = Auroc::new(&labels, &noise(3, 50)).unwrap();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Bootstrap::default().interval(&metric, &Clusters::single(50)).unwrap())
        };
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn an_interval_of_lucky_resamples_is_refused() {
        let mut labels = vec![false; 40];
        labels[0] = true;
        let metric = Auroc::new(&labels, &noise(4, 40)).unwrap();
        let interval = Bootstrap::default().interval(&metric, &Clusters::single(40));
        assert!(interval.is_ok(), "a single positive is in 64 % of the resamples");
        let ids = vec![0; 40];
        let one_patient = Bootstrap::default()
            .interval(&Auroc::new(&[true, false], &[1.0, 0.0]).unwrap(), &Clusters::single(2));
        assert!(matches!(one_patient, Err(Error::Resamples { .. })), "{one_patient:?}");
        assert_eq!(Clusters::by(&ids).len(), 1);
    }

    #[test]
    fn a_difference_that_is_there_is_found() {
        let labels: Vec<bool> = (0..300).map(|case| case % 2 == 0).collect();
        let shifted = |by: f64, seed| -> Vec<f64> {
            noise(seed, 300).iter().zip(&labels).map(|(n, l)| n + if *l { by } else { 0.0 }).collect()
        };
        let (weak, strong) = (shifted(0.5, 5), shifted(1.5, 6));
        let (weak, strong) = (Auroc::new(&labels, &weak).unwrap(), Auroc::new(&labels, &strong).unwrap());
        let found = Bootstrap::default().difference(&strong, &weak, &Clusters::single(300)).unwrap();
        assert!(found.interval.low > 0.0 && found.p_value < 0.01, "{found:?}");
        let none = Bootstrap::default().difference(&weak, &weak, &Clusters::single(300)).unwrap();
        assert_eq!((none.interval.low, none.interval.high, none.p_value), (0.0, 0.0, 1.0));
    }
}
