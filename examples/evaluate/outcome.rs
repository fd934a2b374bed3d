use std::collections::BTreeMap;

use osteon::downstream_heads::{Cases, Evaluation, GradeEvaluation, MeasurementEvaluation, Result};
use osteon::eval_metrics::{Bootstrap, Difference, Interval};
use osteon::xray_core::PatientId;
use serde::Serialize;

use crate::tasks::Answer;

/// What is true of the test cases; several outputs of a study are cases of their own, of one patient.
pub(crate) enum Truth {
    Classes(Cases, usize),
    Grades { grades: Vec<usize>, patients: Vec<PatientId>, count: usize },
    Measurement(Cases<f64>),
}

/// What predictions are worth.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Outcome {
    Classes(Evaluation),
    Grades(GradeEvaluation),
    Measurement(MeasurementEvaluation),
}

impl Truth {
    /// `predicted` holds probabilities `[cases, classes]`, or one number a case.
    pub(crate) fn measure(&self, predicted: Vec<f64>, bootstrap: &Bootstrap) -> Result<Outcome> {
        Ok(match self {
            Self::Classes(test, classes) => {
                Outcome::Classes(Evaluation::new(test, predicted, *classes, bootstrap)?)
            }
            Self::Grades { grades, patients, count } => {
                Outcome::Grades(GradeEvaluation::new(grades, &predicted, patients, *count, bootstrap)?)
            }
            Self::Measurement(test) => {
                Outcome::Measurement(MeasurementEvaluation::new(test, predicted, bootstrap)?)
            }
        })
    }

    /// The first metric of `ours` minus that of `theirs`; nothing where they answer different questions.
    pub(crate) fn difference(
        &self,
        ours: &Outcome,
        theirs: &Outcome,
        bootstrap: &Bootstrap,
    ) -> Result<Option<Difference>> {
        match (self, ours, theirs) {
            (Self::Classes(test, _), Outcome::Classes(ours), Outcome::Classes(theirs)) => {
                ours.auroc_gain(theirs, test, bootstrap).map(Some)
            }
            (Self::Grades { grades, patients, .. }, Outcome::Grades(ours), Outcome::Grades(theirs)) => {
                ours.kappa_gain(theirs, grades, patients, bootstrap).map(Some)
            }
            (Self::Measurement(test), Outcome::Measurement(ours), Outcome::Measurement(theirs)) => {
                ours.mae_change(theirs, test, bootstrap).map(Some)
            }
            _ => Ok(None),
        }
    }

    pub(crate) fn patients(&self) -> &[PatientId] {
        match self {
            Self::Classes(test, _) => test.patients(),
            Self::Grades { patients, .. } => patients,
            Self::Measurement(test) => test.patients(),
        }
    }
}

impl Outcome {
    pub(crate) fn metrics(&self) -> &BTreeMap<String, Interval> {
        match self {
            Self::Classes(evaluation) => &evaluation.metrics,
            Self::Grades(evaluation) => &evaluation.metrics,
            Self::Measurement(evaluation) => &evaluation.metrics,
        }
    }
}

impl Answer {
    /// The metric that comes first, and whether more of it is better.
    pub(crate) fn first_metric(&self) -> (&'static str, bool) {
        match self {
            Self::Classes(names) if names.len() == 2 => ("auroc", true),
            Self::Classes(_) => ("auroc_macro_ovr", true),
            Self::Grades(_) => ("quadratic_kappa", true),
            Self::Measurement(_) => ("mae", false),
        }
    }

    /// The classes or grades; nothing for measurements.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::Classes(names) => names.clone(),
            Self::Grades(count) => (0..*count).map(|grade| format!("grade {grade}")).collect(),
            Self::Measurement(_) => Vec::new(),
        }
    }

    /// How that metric is called on a page.
    pub(crate) fn first_metric_name(&self) -> String {
        match self {
            Self::Classes(names) if names.len() == 2 => "AUROC".to_owned(),
            Self::Classes(_) => "AUROC, macro one-vs-rest".to_owned(),
            Self::Grades(_) => "quadratic-weighted kappa".to_owned(),
            Self::Measurement(unit) => format!("mean absolute error, {unit}"),
        }
    }
}
