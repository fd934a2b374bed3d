use serde::Serialize;

use crate::{Error, Interval, Result, auroc, check, normal};

/// Two AUROCs on the same cases, compared without resampling.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DeLong {
    /// AUROC of the first scores.
    pub first: f64,
    /// AUROC of the second scores.
    pub second: f64,
    /// Variance of first minus second.
    pub variance: f64,
    /// The difference in its standard deviations; 0 where both are equal.
    pub z: f64,
    /// Two-sided, from the normal distribution; 1 where both are equal.
    pub p_value: f64,
}

/// Compares the AUROCs of two scores of the same cases (DeLong, DeLong and Clarke-Pearson, Biometrics
/// 1988, by the mid-ranks of Sun and Xu, IEEE SPL 2014). Cases count as independent: where a patient has
/// several, use [`Bootstrap::difference`](crate::Bootstrap::difference).
///
/// # Errors
///
/// [`Error::OneClass`] if a class has no case, [`Error::Undefined`] if it has one only;
/// [`Error::Empty`], [`Error::Length`], [`Error::NotFinite`].
pub fn delong(labels: &[bool], first: &[f64], second: &[f64]) -> Result<DeLong> {
    let (a, b) = (Placements::new(labels, first)?, Placements::new(labels, second)?);
    let variance = a.covariance(&a) + b.covariance(&b) - 2.0 * a.covariance(&b);
    // Rounding may leave a trace of variance where both rank the cases alike.
    let variance = if variance <= 1e-15 { 0.0 } else { variance };
    let difference = a.auroc - b.auroc;
    let z = match (difference.abs() < 1e-12, variance == 0.0) {
        (true, _) => 0.0,
        (false, true) => {
            let why = "the two differ and their difference does not vary";
            return Err(Error::Undefined { metric: "delong".to_owned(), why });
        }
        (false, false) => difference / variance.sqrt(),
    };
    Ok(DeLong { first: a.auroc, second: b.auroc, variance, z, p_value: normal::two_sided_p(z) })
}

/// The AUROC with its interval by DeLong's variance, cut to `[0, 1]`.
///
/// # Errors
///
/// As [`delong`]; [`Error::Argument`] if `confidence` is not between 0 and 1.
pub fn auroc_delong(labels: &[bool], scores: &[f64], confidence: f64) -> Result<Interval> {
    check::open_unit("confidence", confidence)?;
    let placements = Placements::new(labels, scores)?;
    let half = normal::half_width(confidence) * placements.covariance(&placements).sqrt();
    let (low, high) = ((placements.auroc - half).max(0.0), (placements.auroc + half).min(1.0));
    Ok(Interval { estimate: placements.auroc, low, high, confidence })
}

/// For each case the share of the other class that it is on the right side of.
struct Placements {
    auroc: f64,
    positive: Vec<f64>,
    negative: Vec<f64>,
}

impl Placements {
    fn new(labels: &[bool], scores: &[f64]) -> Result<Self> {
        let auroc = auroc(labels, scores)?;
        let of = |class: bool| -> Vec<f64> {
            labels.iter().zip(scores).filter(|(label, _)| **label == class).map(|(_, score)| *score).collect()
        };
        let (positive, negative) = (of(true), of(false));
        if positive.len() < 2 || negative.len() < 2 {
            return Err(Error::Undefined { metric: "delong".to_owned(), why: "a class has one case only" });
        }
        Ok(Self {
            auroc,
            positive: shares_below(&positive, &negative),
            negative: shares_below(&negative, &positive).iter().map(|share| 1.0 - share).collect(),
        })
    }

    fn covariance(&self, other: &Self) -> f64 {
        let of = |a: &[f64], b: &[f64]| {
            let (mean_a, mean_b) = (mean(a), mean(b));
            let sum: f64 = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum();
            sum / (a.len() - 1) as f64 / a.len() as f64
        };
        of(&self.positive, &other.positive) + of(&self.negative, &other.negative)
    }
}

/// For each of `values` the share of `others` below it, equal ones counting half.
fn shares_below(values: &[f64], others: &[f64]) -> Vec<f64> {
    let mut sorted = others.to_vec();
    sorted.sort_by(f64::total_cmp);
    let share = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let up_to = sorted.partition_point(|other| other <= value);
        (below + up_to) as f64 / 2.0 / sorted.len() as f64
    };
    values.iter().map(share).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rankings_do_not_differ() {
        let labels = [true, false, true, false, true];
        let scores = [0.9, 0.2, 0.4, 0.5, 0.7];
        let doubled: Vec<f64> = scores.iter().map(|score| 2.0 * score).collect();
        let test = delong(&labels, &scores, &doubled).unwrap();
        assert_eq!((test.z, test.p_value), (0.0, 1.0));
    }

    #[test]
    fn one_case_of_a_class_has_no_variance() {
        let error = delong(&[true, false, false], &[0.1; 3], &[0.2; 3]).unwrap_err();
        assert!(error.is_undefined());
    }
}
