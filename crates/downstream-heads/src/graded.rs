use std::collections::BTreeMap;

use eval_metrics::{
    Auroc, Bootstrap, Clusters, ConfusionMatrix, Difference, FromCases, Interval, Mean, Metric,
};
use serde::Serialize;
use xray_core::PatientId;

use crate::{Error, Result};

/// The grades that one model predicted for the test cases, as Kellgren-Lawrence grades, and what they are worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GradeEvaluation {
    /// Test cases.
    pub cases: usize,
    /// Their patients.
    pub patients: usize,
    /// `quadratic_kappa`, `balanced_accuracy`, `accuracy`, `mae` in grades, and `auroc_from_2`, of being of grade 2
    /// or above, with their intervals over patients. What has no value on these cases is left out.
    pub metrics: BTreeMap<String, Interval>,
    #[serde(skip)]
    grades: usize,
    #[serde(skip)]
    called: Vec<usize>,
}

impl GradeEvaluation {
    /// Measures predictions, which may lie between grades: the nearest one is called.
    ///
    /// # Errors
    ///
    /// [`Error::Metric`] if a prediction is not a number; [`Error::Length`]; [`Error::UnknownClass`].
    ///
    /// # Examples
    ///
    /// ```
    /// use downstream_heads::GradeEvaluation;
    /// use eval_metrics::Bootstrap;
    /// use xray_core::PatientId;
    ///
    /// let truth: Vec<usize> = (0..60).map(|knee| knee % 5).collect();
    /// let predicted: Vec<f64> = truth.iter().map(|grade| *grade as f64 * 0.9 + 0.1).collect();
    /// let patients: Vec<_> = (0..60).map(|knee| PatientId::new((knee / 2).to_string())).collect();
    /// let evaluation = GradeEvaluation::new(&truth, &predicted, &patients, 5, &Bootstrap::default())?;
    /// assert_eq!(evaluation.metrics["quadratic_kappa"].estimate, 1.0);
    /// # Ok::<(), downstream_heads::Error>(())
    /// ```
    pub fn new(
        truth: &[usize],
        predicted: &[f64],
        patients: &[PatientId],
        grades: usize,
        bootstrap: &Bootstrap,
    ) -> Result<Self> {
        Error::length("predictions", predicted.len(), truth.len())?;
        Error::length("patients", patients.len(), truth.len())?;
        if let Some(index) = predicted.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite { what: "predictions", index });
        }
        if let Some(case) = truth.iter().position(|grade| *grade >= grades) {
            return Err(Error::UnknownClass { case, label: truth[case], classes: grades });
        }
        let clusters = Clusters::by(patients);
        let most = grades.saturating_sub(1) as f64;
        let called: Vec<usize> =
            predicted.iter().map(|value| value.round().clamp(0.0, most) as usize).collect();
        let mut metrics = BTreeMap::new();
        let mut measure = |metric: &dyn Metric| -> Result<()> {
            match bootstrap.interval(metric, &clusters) {
                Ok(interval) => drop(metrics.insert(metric.name().to_owned(), interval)),
                Err(error) if error.is_undefined() => {}
                Err(error) => return Err(Error::metric(error)),
            }
            Ok(())
        };
        let matrix = |name: &'static str, value: Value| of_matrix(name, truth, &called, grades, value);
        measure(&matrix(KAPPA, ConfusionMatrix::quadratic_kappa))?;
        measure(&matrix("balanced_accuracy", ConfusionMatrix::balanced_accuracy))?;
        measure(&matrix("accuracy", ConfusionMatrix::accuracy))?;
        let errors = predicted.iter().zip(truth).map(|(value, grade)| (value - *grade as f64).abs());
        measure(&Mean::new("mae", errors.collect()).map_err(Error::metric)?)?;
        let from_2: Vec<bool> = truth.iter().map(|grade| *grade >= 2).collect();
        match Auroc::new(&from_2, predicted) {
            Ok(auroc) => measure(&Named("auroc_from_2", auroc))?,
            Err(error) if error.is_undefined() => {}
            Err(error) => return Err(Error::metric(error)),
        }
        Ok(Self { cases: truth.len(), patients: clusters.len(), metrics, grades, called })
    }

    /// The grade that was called for each case.
    pub fn called(&self) -> &[usize] {
        &self.called
    }

    /// The quadratic-weighted kappa of this one minus that of `other` on the same test cases, by paired bootstrap
    /// over patients.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if one of them is of other cases; [`Error::Metric`].
    pub fn kappa_gain(
        &self,
        other: &Self,
        truth: &[usize],
        patients: &[PatientId],
        bootstrap: &Bootstrap,
    ) -> Result<Difference> {
        Error::length("grades", self.called.len(), truth.len())?;
        Error::length("grades", other.called.len(), truth.len())?;
        let kappa = |called| of_matrix(KAPPA, truth, called, self.grades, ConfusionMatrix::quadratic_kappa);
        let clusters = Clusters::by(patients);
        bootstrap.difference(&kappa(&self.called), &kappa(&other.called), &clusters).map_err(Error::metric)
    }
}

const KAPPA: &str = "quadratic_kappa";

type Value = fn(&ConfusionMatrix) -> eval_metrics::Result<f64>;

fn of_matrix<'a>(
    name: &'static str,
    truth: &'a [usize],
    called: &'a [usize],
    classes: usize,
    value: Value,
) -> FromCases<impl Fn(&[usize]) -> eval_metrics::Result<f64> + Sync + 'a> {
    FromCases::new(name, truth.len(), move |cases: &[usize]| {
        let gather = |values: &[usize]| cases.iter().map(|case| values[*case]).collect::<Vec<_>>();
        value(&ConfusionMatrix::new(&gather(truth), &gather(called), classes)?)
    })
}

/// A metric under another name.
struct Named<M>(&'static str, M);

impl<M: Metric> Metric for Named<M> {
    fn name(&self) -> &str {
        self.0
    }

    fn cases(&self) -> usize {
        self.1.cases()
    }

    fn weighted(&self, counts: &[u32]) -> eval_metrics::Result<f64> {
        self.1.weighted(counts)
    }
}
