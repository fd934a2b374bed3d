use std::collections::HashSet;

use xray_core::PatientId;

use crate::{Error, Features, Result};

/// Cases with what is to be said of them and whose they are: what a probe is fitted on or measured with.
/// Labels are classes (`usize`) or measurements (`f64`).
#[derive(Debug, Clone, PartialEq)]
pub struct Cases<L = usize> {
    features: Features,
    labels: Vec<L>,
    patients: Vec<PatientId>,
}

impl<L: Clone> Cases<L> {
    /// Cases that belong together by index.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if there is not one label and one patient a case.
    pub fn new(features: Features, labels: Vec<L>, patients: Vec<PatientId>) -> Result<Self> {
        Error::length("labels", labels.len(), features.cases())?;
        Error::length("patients", patients.len(), features.cases())?;
        Ok(Self { features, labels, patients })
    }

    /// What the encoder made of each case.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// The class or the measurement of each case.
    pub fn labels(&self) -> &[L] {
        &self.labels
    }

    /// Whose each case is.
    pub fn patients(&self) -> &[PatientId] {
        &self.patients
    }

    /// Some of the cases, in the order given.
    ///
    /// # Panics
    ///
    /// If one of them is no case.
    #[must_use]
    pub fn select(&self, cases: &[usize]) -> Self {
        Self {
            features: self.features.select(cases),
            labels: cases.iter().map(|case| self.labels[*case].clone()).collect(),
            patients: cases.iter().map(|case| self.patients[*case].clone()).collect(),
        }
    }

    /// Refuses test cases of patients that the training cases have too.
    pub(crate) fn check_disjoint<M: Clone>(&self, test: &Cases<M>) -> Result<()> {
        let ours: HashSet<&PatientId> = self.patients.iter().collect();
        let shared: HashSet<&PatientId> =
            test.patients.iter().filter(|patient| ours.contains(patient)).collect();
        if shared.is_empty() { Ok(()) } else { Err(Error::SharedPatients { patients: shared.len() }) }
    }

    /// Splits off the cases of one fold: the others, then those of the fold.
    pub(crate) fn fold(&self, fold_of: &[usize], fold: usize) -> (Self, Self) {
        let part = |held_out: bool| {
            let cases = (0..fold_of.len()).filter(|case| (fold_of[*case] == fold) == held_out);
            self.select(&cases.collect::<Vec<_>>())
        };
        (part(false), part(true))
    }
}

impl Cases {
    pub(crate) fn check_classes(&self, classes: usize) -> Result<()> {
        match self.labels.iter().position(|label| *label >= classes) {
            Some(case) => Err(Error::UnknownClass { case, label: self.labels[case], classes }),
            None => Ok(()),
        }
    }
}
