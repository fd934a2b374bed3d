use std::fmt;

use crate::{Error, Result, check};

/// A number measured on cases, when each case may count several times or not at all.
///
/// Resampling a set with replacement is the same as counting its cases; leaving a subgroup out is
/// counting the others 0 times. So one implementation gives the value, its bootstrap interval
/// ([`Bootstrap`](crate::Bootstrap)) and its value by subgroup ([`audit`](crate::audit)).
pub trait Metric: Sync {
    /// What tables and errors call it.
    fn name(&self) -> &str;

    /// How many cases it was given.
    fn cases(&self) -> usize;

    /// The value when case `i` counts `counts[i]` times.
    ///
    /// # Errors
    ///
    /// [`Error::OneClass`], [`Error::Undefined`] or [`Error::Empty`] where these counts leave it without
    /// a value.
    ///
    /// # Panics
    ///
    /// May panic if `counts` does not hold [`Metric::cases`] numbers.
    fn weighted(&self, counts: &[u32]) -> Result<f64>;

    /// The value on all cases, each once.
    ///
    /// # Errors
    ///
    /// As [`Metric::weighted`].
    fn value(&self) -> Result<f64> {
        self.weighted(&vec![1; self.cases()])
    }
}

/// The mean over cases of a number that each case has by itself: accuracy of hits and misses, mean
/// absolute error of errors, recall@k of hits in the first k.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    name: String,
    values: Vec<f64>,
}

impl Mean {
    /// The mean of `values`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`], [`Error::NotFinite`].
    pub fn new(name: impl Into<String>, values: Vec<f64>) -> Result<Self> {
        check::not_empty("values", &values)?;
        check::finite("values", &values)?;
        Ok(Self { name: name.into(), values })
    }
}

impl Metric for Mean {
    fn name(&self) -> &str {
        &self.name
    }

    fn cases(&self) -> usize {
        self.values.len()
    }

    fn weighted(&self, counts: &[u32]) -> Result<f64> {
        let (sum, weight) =
            self.values.iter().zip(counts).fold((0.0, 0.0), |(sum, weight), (value, count)| {
                let count = f64::from(*count);
                (sum + count * value, weight + count)
            });
        if weight == 0.0 { Err(Error::Empty { what: "counts" }) } else { Ok(sum / weight) }
    }
}

/// Makes any function of case indices a [`Metric`]: F1, kappa, R2, or one of your own.
///
/// Slower than a metric that counts, since the cases are gathered for each resample.
///
/// ```
/// use eval_metrics::{FromCases, Metric, r2};
///
/// let target = [1.0, 2.0, 4.0];
/// let prediction = [1.1, 1.9, 3.5];
/// let metric = FromCases::new("r2", target.len(), |cases| {
///     let gather = |values: &[f64]| cases.iter().map(|case| values[*case]).collect::<Vec<_>>();
///     r2(&gather(&target), &gather(&prediction))
/// });
/// assert_eq!(metric.value()?, r2(&target, &prediction)?);
/// # Ok::<(), eval_metrics::Error>(())
/// ```
pub struct FromCases<F> {
    name: String,
    cases: usize,
    function: F,
}

impl<F: Fn(&[usize]) -> Result<f64> + Sync> FromCases<F> {
    /// `function` is given the index of each case as often as the case counts, in increasing order.
    pub fn new(name: impl Into<String>, cases: usize, function: F) -> Self {
        Self { name: name.into(), cases, function }
    }
}

impl<F: Fn(&[usize]) -> Result<f64> + Sync> Metric for FromCases<F> {
    fn name(&self) -> &str {
        &self.name
    }

    fn cases(&self) -> usize {
        self.cases
    }

    fn weighted(&self, counts: &[u32]) -> Result<f64> {
        let mut cases = Vec::with_capacity(self.cases);
        for (case, count) in counts.iter().enumerate() {
            cases.extend(std::iter::repeat_n(case, *count as usize));
        }
        check::not_empty("counts", &cases)?;
        (self.function)(&cases)
    }
}

impl<F> fmt::Debug for FromCases<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromCases")
            .field("name", &self.name)
            .field("cases", &self.cases)
            .finish_non_exhaustive()
    }
}
