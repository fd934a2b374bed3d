use serde::{Deserialize, Serialize};

use crate::{Cases, Error, Features, FittedProbe, LogisticRegression, Result};

/// How freely the scaling may differ from nothing; weak, as it has one weight a class.
const C: f64 = 100.0;
/// A probability that rounded to 0 or 1 still has a finite logarithm.
const TINY: f64 = 1e-12;

/// A probe whose probabilities were set right on cases that it was not fitted on: a logistic regression on its own
/// log-odds ([Platt 1999](https://citeseerx.ist.psu.edu/document?doi=10.1.1.41.1639)), for more than two classes on
/// the logarithms of all probabilities.
///
/// ```
/// use downstream_heads::{CalibratedProbe, Cases, Features, LinearProbe};
/// use xray_core::PatientId;
///
/// // Simulated features of 60 patients; the number leans towards the class.
/// let cases = |seed: usize| {
///     let values = (0..60).map(|i| (i % 2) as f32 + ((i * 7 + seed) % 5) as f32 / 2.0);
///     let patients = (0..60).map(|i| PatientId::new(format!("{seed}-{i}"))).collect();
///     Cases::new(Features::new(values.collect(), 1)?, (0..60).map(|i| i % 2).collect(), patients)
/// };
/// let (train, validation) = (cases(0)?, cases(1)?);
/// let probe = CalibratedProbe::new(LinearProbe::default().fit(&train)?, &validation)?;
/// let probabilities = probe.probabilities(&Features::new(vec![3.0], 1)?)?;
/// assert!(probabilities[1] > 0.5);
/// # Ok::<(), downstream_heads::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibratedProbe {
    probe: FittedProbe,
    scaling: LogisticRegression,
}

impl CalibratedProbe {
    /// Sets `probe` right on `validation`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClass`]; [`Error::Config`] if `validation` lacks a class; [`Error::Length`] if its features are
    /// not those of the probe.
    pub fn new(probe: FittedProbe, validation: &Cases) -> Result<Self> {
        let classes = probe.model.classes();
        validation.check_classes(classes)?;
        if let Some(class) = (0..classes).find(|class| !validation.labels().contains(class)) {
            return Err(Error::config("validation", format!("no case is of class {class}")));
        }
        let odds = log_odds(&probe, validation.features())?;
        let cases = Cases::new(odds, validation.labels().to_vec(), validation.patients().to_vec())?;
        let scaling = LogisticRegression::fit(&cases, classes, C)?;
        Ok(Self { probe, scaling })
    }

    /// The probability of each class.
    ///
    /// # Shapes
    ///
    /// - result: `[cases, classes]`, row-major
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the features have another length than those fitted.
    pub fn probabilities(&self, features: &Features) -> Result<Vec<f64>> {
        self.scaling.probabilities(&log_odds(&self.probe, features)?)
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.scaling.classes()
    }
}

/// One column for two classes, else one a class.
fn log_odds(probe: &FittedProbe, features: &Features) -> Result<Features> {
    let probabilities = probe.probabilities(features)?;
    let log = |p: &f64| p.max(TINY).ln() as f32;
    if probe.model.classes() == 2 {
        return Features::new(probabilities.chunks_exact(2).map(|p| log(&p[1]) - log(&p[0])).collect(), 1);
    }
    Features::new(probabilities.iter().map(log).collect(), probe.model.classes())
}

#[cfg(test)]
mod tests {
    use xray_core::PatientId;

    use super::*;
    use crate::LinearProbe;

    /// One feature that says the class of a case, apart from every `wrong`th case.
    fn cases(name: &str, count: usize, wrong: usize) -> Cases {
        let label = |i: usize| usize::from((i % 2 == 1) != i.is_multiple_of(wrong));
        let values = (0..count).map(|i| (i % 2) as f32).collect();
        let patients = (0..count).map(|i| PatientId::new(format!("{name}{i}"))).collect();
        Cases::new(Features::new(values, 1).unwrap(), (0..count).map(label).collect(), patients).unwrap()
    }

    #[test]
    fn a_probe_that_is_too_sure_is_set_right() {
        // Right in 39 of 40 training cases, in 4 of 5 elsewhere.
        let probe = LinearProbe::default().fit(&cases("train", 200, 40)).unwrap();
        let one = Features::new(vec![1.0], 1).unwrap();
        let sure = probe.probabilities(&one).unwrap()[1];
        let calibrated = CalibratedProbe::new(probe, &cases("validation", 200, 5)).unwrap();
        let honest = calibrated.probabilities(&one).unwrap()[1];
        assert!(sure > 0.9 && (honest - 0.8).abs() < 0.03, "{sure} became {honest}");
    }

    #[test]
    fn a_class_without_a_case_cannot_be_set_right() {
        let probe = LinearProbe::default().fit(&cases("train", 200, 40)).unwrap();
        let all = cases("validation", 200, 5);
        let negative: Vec<usize> = (0..200).filter(|i| all.labels()[*i] == 0).collect();
        let error = CalibratedProbe::new(probe, &all.select(&negative)).unwrap_err();
        assert!(error.to_string().contains("class 1"));
    }
}
