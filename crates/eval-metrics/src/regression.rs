use serde::Serialize;

use crate::{Error, Result, check};

/// Mean absolute error.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::Length`], [`Error::NotFinite`].
pub fn mae(target: &[f64], prediction: &[f64]) -> Result<f64> {
    check_pair(target, prediction)?;
    Ok(differences(target, prediction).map(f64::abs).sum::<f64>() / target.len() as f64)
}

/// Root of the mean squared error.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::Length`], [`Error::NotFinite`].
pub fn rmse(target: &[f64], prediction: &[f64]) -> Result<f64> {
    check_pair(target, prediction)?;
    Ok((squares(differences(target, prediction)) / target.len() as f64).sqrt())
}

/// Coefficient of determination: the share of the target's variance that the prediction explains;
/// negative for a prediction worse than the target's mean.
///
/// # Errors
///
/// [`Error::Undefined`] if every target is the same; [`Error::Empty`], [`Error::Length`],
/// [`Error::NotFinite`].
pub fn r2(target: &[f64], prediction: &[f64]) -> Result<f64> {
    check_pair(target, prediction)?;
    not_constant("r2", target, "every target is the same")?;
    let center = mean(target);
    let total = squares(target.iter().map(|value| value - center));
    Ok(1.0 - squares(differences(target, prediction)) / total)
}

/// Pearson's correlation coefficient.
///
/// # Errors
///
/// [`Error::Undefined`] if every target or every prediction is the same; [`Error::Empty`],
/// [`Error::Length`], [`Error::NotFinite`].
pub fn pearson(target: &[f64], prediction: &[f64]) -> Result<f64> {
    check_pair(target, prediction)?;
    not_constant("pearson", target, "every target is the same")?;
    not_constant("pearson", prediction, "every prediction is the same")?;
    let (center_t, center_p) = (mean(target), mean(prediction));
    let norm = |values: &[f64], center: f64| squares(values.iter().map(|value| value - center)).sqrt();
    let (norm_t, norm_p) = (norm(target, center_t), norm(prediction, center_p));
    let product: f64 =
        target.iter().zip(prediction).map(|(t, p)| (t - center_t) / norm_t * ((p - center_p) / norm_p)).sum();
    Ok(product.clamp(-1.0, 1.0))
}

/// Agreement of two measurements of the same thing (Bland and Altman, Lancet 1986).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BlandAltman {
    /// Mean of prediction minus target.
    pub bias: f64,
    /// Standard deviation of the differences, with n - 1.
    pub deviation: f64,
    /// Lower limit of agreement: bias - 1.96 deviations.
    pub lower: f64,
    /// Upper limit of agreement: bias + 1.96 deviations.
    pub upper: f64,
}

/// How far predictions lie from targets, and how widely that varies.
///
/// # Errors
///
/// [`Error::Undefined`] if there is one case only; [`Error::Empty`], [`Error::Length`],
/// [`Error::NotFinite`].
pub fn bland_altman(target: &[f64], prediction: &[f64]) -> Result<BlandAltman> {
    check_pair(target, prediction)?;
    if target.len() == 1 {
        return Err(Error::Undefined { metric: "bland_altman".to_owned(), why: "there is one case only" });
    }
    let bias = differences(target, prediction).sum::<f64>() / target.len() as f64;
    let spread = squares(differences(target, prediction).map(|difference| difference - bias));
    let deviation = (spread / (target.len() - 1) as f64).sqrt();
    Ok(BlandAltman { bias, deviation, lower: bias - 1.96 * deviation, upper: bias + 1.96 * deviation })
}

fn check_pair(target: &[f64], prediction: &[f64]) -> Result<()> {
    check::not_empty("target", target)?;
    check::same_length("prediction", prediction.len(), target.len())?;
    check::finite("target", target)?;
    check::finite("prediction", prediction)
}

fn not_constant(metric: &str, values: &[f64], why: &'static str) -> Result<()> {
    if values.iter().all(|value| *value == values[0]) {
        return Err(Error::Undefined { metric: metric.to_owned(), why });
    }
    Ok(())
}

/// Prediction minus target, case by case.
fn differences(target: &[f64], prediction: &[f64]) -> impl Iterator<Item = f64> {
    target.iter().zip(prediction).map(|(target, prediction)| prediction - target)
}

fn squares(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_is_reported_by_name() {
        let error = pearson(&[1.0, 2.0], &[3.0, 3.0]).unwrap_err();
        assert_eq!(error.to_string(), "pearson is not defined: every prediction is the same");
        assert!(r2(&[0.1; 3], &[1.0, 2.0, 3.0]).unwrap_err().is_undefined());
    }

    #[test]
    fn infinities_and_lengths_are_refused() {
        let error = mae(&[1.0, 2.0], &[1.0, f64::INFINITY]).unwrap_err();
        assert_eq!(error.to_string(), "prediction: the value at index 1 is not finite");
        assert!(matches!(rmse(&[1.0], &[1.0, 2.0]), Err(Error::Length { expected: 1, got: 2, .. })));
        assert!(matches!(mae(&[], &[]), Err(Error::Empty { .. })));
    }
}
