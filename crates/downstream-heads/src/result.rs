use std::collections::BTreeMap;

use eval_metrics::{
    Attribute, Audit, AuditConfig, Auroc, AurocMacroOvr, AveragePrecision, Bootstrap, Clusters,
    ConfusionMatrix, Difference, FromCases, Interval, Mean, Metric, argmax, audit,
};
use serde::Serialize;

use crate::{Cases, Error, FittedProbe, LinearProbe, Result, label_fraction};

/// The predictions of one model on the test cases, and what they are worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Test cases.
    pub cases: usize,
    /// Their patients.
    pub patients: usize,
    /// Each metric with its interval over patients, by scikit-learn's name.
    pub metrics: BTreeMap<String, Interval>,
    #[serde(skip)]
    classes: usize,
    #[serde(skip)]
    probabilities: Vec<f64>,
}

impl Evaluation {
    /// Measures probabilities: for two classes AUROC (`auroc`), average precision, balanced accuracy, F1
    /// and Brier score; for more, macro one-vs-rest AUROC (`auroc_macro_ovr`), balanced accuracy and macro F1.
    /// The class called is the most probable one. For classes that have an order there is
    /// [`GradeEvaluation`](crate::GradeEvaluation).
    ///
    /// # Shapes
    ///
    /// - probabilities: `[cases, classes]`, row-major
    ///
    /// # Errors
    ///
    /// [`Error::Metric`] if a metric has no value, as AUROC where the test cases are of one class;
    /// [`Error::Length`]; [`Error::UnknownClass`].
    pub fn new(test: &Cases, probabilities: Vec<f64>, classes: usize, bootstrap: &Bootstrap) -> Result<Self> {
        test.check_classes(classes)?;
        Error::length("probabilities", probabilities.len(), test.labels().len() * classes)?;
        let clusters = Clusters::by(test.patients());
        let mut metrics = BTreeMap::new();
        let mut measure = |metric: &dyn Metric| -> Result<()> {
            let interval = bootstrap.interval(metric, &clusters).map_err(Error::metric)?;
            metrics.insert(metric.name().to_owned(), interval);
            Ok(())
        };
        measure(&*ranking(test, &probabilities, classes)?)?;
        let labels = test.labels();
        let called = argmax(&probabilities, classes).map_err(Error::metric)?;
        let of_matrix = |name: &str, value: fn(&ConfusionMatrix) -> eval_metrics::Result<f64>| {
            let (called, labels) = (&called, labels);
            FromCases::new(name, labels.len(), move |cases: &[usize]| {
                let gather = |values: &[usize]| cases.iter().map(|case| values[*case]).collect::<Vec<_>>();
                value(&ConfusionMatrix::new(&gather(labels), &gather(called), classes)?)
            })
        };
        measure(&of_matrix("balanced_accuracy", ConfusionMatrix::balanced_accuracy))?;
        if classes == 2 {
            let (positive, scores) = positive(labels, &probabilities);
            measure(&AveragePrecision::new(&positive, &scores).map_err(Error::metric)?)?;
            measure(&of_matrix("f1", |matrix| matrix.f1(1)))?;
            let squares = scores.iter().zip(labels).map(|(score, label)| (score - *label as f64).powi(2));
            measure(&Mean::new("brier", squares.collect()).map_err(Error::metric)?)?;
        } else {
            measure(&of_matrix("f1_macro", ConfusionMatrix::f1_macro))?;
        }
        Ok(Self { cases: labels.len(), patients: clusters.len(), metrics, classes, probabilities })
    }

    /// The probabilities that were measured, `[cases, classes]`.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The AUROC (for several classes macro one-vs-rest).
    pub fn auroc(&self) -> Option<Interval> {
        self.metrics.get("auroc").or_else(|| self.metrics.get("auroc_macro_ovr")).copied()
    }

    /// The AUROC in each subgroup of the test cases, and where it is lower than elsewhere; see
    /// [`audit`](eval_metrics::audit).
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if it is of other cases; [`Error::Metric`].
    pub fn audit(&self, test: &Cases, attributes: &[Attribute<'_>], config: &AuditConfig) -> Result<Audit> {
        Error::length("probabilities", self.probabilities.len(), test.labels().len() * self.classes)?;
        let metric = ranking(test, &self.probabilities, self.classes)?;
        audit(&*metric, attributes, &Clusters::by(test.patients()), config).map_err(Error::metric)
    }

    /// The AUROC of this one minus the AUROC of `other` on the same test cases, by paired bootstrap over
    /// patients.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if one of them is of other cases; [`Error::Metric`].
    pub fn auroc_gain(&self, other: &Self, test: &Cases, bootstrap: &Bootstrap) -> Result<Difference> {
        for evaluation in [self, other] {
            let expected = test.labels().len() * self.classes;
            Error::length("probabilities", evaluation.probabilities.len(), expected)?;
        }
        let first = ranking(test, &self.probabilities, self.classes)?;
        let second = ranking(test, &other.probabilities, self.classes)?;
        bootstrap.difference(&*first, &*second, &Clusters::by(test.patients())).map_err(Error::metric)
    }
}

/// A probe fitted on a part of the labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EfficiencyPoint {
    /// The part, in `(0, 1]`.
    pub fraction: f64,
    /// Training cases in the part.
    pub train_cases: usize,
    /// The regularisation chosen; nothing where no probe was fitted.
    pub c: Option<f64>,
    /// What the probe is worth; nothing where no probe was fitted.
    pub evaluation: Option<Evaluation>,
    /// Why no probe was fitted.
    pub reason: Option<String>,
}

/// Fits `probe` on parts of the training labels and measures each on `test`. A part in which no probe can
/// be fitted, as when a class has no patient, says so instead.
///
/// # Errors
///
/// What is wrong with the test cases or the settings, [`Error::SharedPatients`] among them. What is wrong
/// with a part is its `reason`.
///
/// # Examples
///
/// ```
/// use downstream_heads::{Cases, Features, LinearProbe, label_efficiency};
/// use eval_metrics::Bootstrap;
/// use xray_core::PatientId;
///
/// // Simulated: the second feature says the class.
/// let cases = |from: u16| {
///     let values = (from..from + 80).flat_map(|i| [f32::from(i % 7), f32::from(i % 2) + f32::from(i % 3)]);
///     let labels = (from..from + 80).map(|i| usize::from(i % 2)).collect();
///     let patients = (from..from + 80).map(|i| PatientId::new(i.to_string())).collect();
///     Cases::new(Features::new(values.collect(), 2)?, labels, patients)
/// };
/// let points =
///     label_efficiency(&LinearProbe::default(), &cases(0)?, &cases(80)?, &[0.01, 0.5], &Bootstrap::default())?;
/// assert!(points[0].reason.as_deref().is_some_and(|reason| reason.starts_with("1 % of the labels")));
/// assert!(points[1].evaluation.as_ref().and_then(|e| e.auroc()).is_some_and(|auroc| auroc.estimate > 0.7));
/// # Ok::<(), downstream_heads::Error>(())
/// ```
pub fn label_efficiency(
    probe: &LinearProbe,
    train: &Cases,
    test: &Cases,
    fractions: &[f64],
    bootstrap: &Bootstrap,
) -> Result<Vec<EfficiencyPoint>> {
    train.check_disjoint(test)?;
    let point = |fraction: &f64| {
        let mut point =
            EfficiencyPoint { fraction: *fraction, train_cases: 0, c: None, evaluation: None, reason: None };
        match fit_part(probe, train, *fraction) {
            Ok((cases, fitted)) => {
                let probabilities = fitted.probabilities(test.features())?;
                (point.train_cases, point.c) = (cases, Some(fitted.c));
                point.evaluation = Some(Evaluation::new(test, probabilities, probe.classes, bootstrap)?);
            }
            Err(error @ (Error::EmptyClass { .. } | Error::TooFewPatients { .. })) => {
                point.reason = Some(error.to_string());
            }
            Err(error) => return Err(error),
        }
        Ok(point)
    };
    fractions.iter().map(point).collect()
}

fn fit_part(probe: &LinearProbe, train: &Cases, fraction: f64) -> Result<(usize, FittedProbe)> {
    let part = label_fraction(train.labels(), train.patients(), fraction, probe.seed)?;
    Ok((part.len(), probe.fit(&train.select(&part))?))
}

fn ranking(test: &Cases, probabilities: &[f64], classes: usize) -> Result<Box<dyn Metric>> {
    if classes == 2 {
        let (positive, scores) = positive(test.labels(), probabilities);
        Ok(Box::new(Auroc::new(&positive, &scores).map_err(Error::metric)?))
    } else {
        Ok(Box::new(AurocMacroOvr::new(test.labels(), probabilities, classes).map_err(Error::metric)?))
    }
}

fn positive(labels: &[usize], probabilities: &[f64]) -> (Vec<bool>, Vec<f64>) {
    (
        labels.iter().map(|label| *label == 1).collect(),
        probabilities.iter().skip(1).step_by(2).copied().collect(),
    )
}
