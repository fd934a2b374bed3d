use serde::Serialize;

use crate::{Error, Result, check};

/// Mean squared difference between the probability of the positive class and what came true.
///
/// # Errors
///
/// [`Error::OutOfRange`] if a value is no probability; [`Error::Empty`], [`Error::Length`],
/// [`Error::NotFinite`].
pub fn brier(labels: &[bool], probabilities: &[f64]) -> Result<f64> {
    check_pair(labels, probabilities)?;
    let squares = labels.iter().zip(probabilities).map(|(label, p)| (p - outcome(*label)).powi(2));
    Ok(squares.sum::<f64>() / labels.len() as f64)
}

/// How predictions are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// Bins of equal width over `[0, 1]`.
    #[default]
    Uniform,
    /// Bins of as equal numbers of cases as ties allow.
    Quantile,
}

/// One bin of a reliability curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Mean of the predicted probabilities.
    pub predicted: f64,
    /// Share of cases that were positive.
    pub observed: f64,
    /// Number of cases.
    pub cases: usize,
}

/// What was predicted against what came true, for each bin that has a case. A bin holds its upper
/// edge; the first one holds both.
///
/// # Errors
///
/// [`Error::Argument`] if `bins` is 0; [`Error::OutOfRange`] if a value is no probability;
/// [`Error::Empty`], [`Error::Length`], [`Error::NotFinite`].
pub fn reliability_curve(
    labels: &[bool],
    probabilities: &[f64],
    bins: usize,
    binning: Binning,
) -> Result<Vec<ReliabilityBin>> {
    check_pair(labels, probabilities)?;
    if bins == 0 {
        return Err(Error::Argument { name: "bins", why: "at least one is needed" });
    }
    let edges = inner_edges(probabilities, bins, binning);
    let mut sums = vec![(0.0, 0.0, 0_usize); bins];
    for (label, p) in labels.iter().zip(probabilities) {
        let bin = &mut sums[edges.partition_point(|edge| edge < p)];
        *bin = (bin.0 + p, bin.1 + outcome(*label), bin.2 + 1);
    }
    let curve = sums.into_iter().filter(|bin| bin.2 > 0).map(|(predicted, observed, cases)| ReliabilityBin {
        predicted: predicted / cases as f64,
        observed: observed / cases as f64,
        cases,
    });
    Ok(curve.collect())
}

/// Expected calibration error: the distance between prediction and outcome in each bin of equal width,
/// weighted by the cases of the bin (Naeini et al., AAAI 2015). For several classes give whether the
/// called class was right, and its probability.
///
/// # Errors
///
/// As [`reliability_curve`].
pub fn expected_calibration_error(labels: &[bool], probabilities: &[f64], bins: usize) -> Result<f64> {
    let curve = reliability_curve(labels, probabilities, bins, Binning::Uniform)?;
    let gaps = curve.iter().map(|bin| bin.cases as f64 * (bin.predicted - bin.observed).abs());
    Ok(gaps.sum::<f64>() / labels.len() as f64)
}

fn check_pair(labels: &[bool], probabilities: &[f64]) -> Result<()> {
    check::not_empty("labels", labels)?;
    check::same_length("probabilities", probabilities.len(), labels.len())?;
    check::probabilities("probabilities", probabilities)
}

fn inner_edges(probabilities: &[f64], bins: usize, binning: Binning) -> Vec<f64> {
    let parts = (1..bins).map(|edge| edge as f64 / bins as f64);
    match binning {
        Binning::Uniform => parts.collect(),
        Binning::Quantile => {
            let mut sorted = probabilities.to_vec();
            sorted.sort_by(f64::total_cmp);
            parts.map(|part| crate::bootstrap::quantile(&sorted, part)).collect()
        }
    }
}

fn outcome(label: bool) -> f64 {
    f64::from(u8::from(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_probability_is_refused() {
        let error = brier(&[true, false], &[0.5, 1.5]).unwrap_err();
        assert_eq!(error.to_string(), "probabilities: the value at index 1 is outside [0, 1]");
    }

    #[test]
    fn bins_hold_their_upper_edge() {
        let curve = reliability_curve(&[true, false, true], &[0.0, 0.5, 1.0], 2, Binning::Uniform).unwrap();
        assert_eq!(curve.iter().map(|bin| bin.cases).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(expected_calibration_error(&[true, false], &[1.0, 0.0], 10).unwrap(), 0.0);
    }
}
