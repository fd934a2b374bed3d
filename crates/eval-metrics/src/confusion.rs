use serde::Serialize;

use crate::{Error, Result, check};

/// How often each class was called each class, and what follows from that.
///
/// ```
/// use eval_metrics::ConfusionMatrix;
///
/// let matrix = ConfusionMatrix::new(&[0, 0, 1, 2], &[0, 1, 1, 2], 3)?;
/// assert_eq!(matrix.count(0, 1), 1);
/// assert_eq!(matrix.accuracy()?, 0.75);
/// # Ok::<(), eval_metrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfusionMatrix {
    classes: usize,
    counts: Vec<u64>,
}

impl ConfusionMatrix {
    /// Counts `predictions` by `labels`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`], [`Error::Length`]; [`Error::OutOfRange`] if a label or a prediction is not below
    /// `classes`.
    pub fn new(labels: &[usize], predictions: &[usize], classes: usize) -> Result<Self> {
        check::not_empty("labels", labels)?;
        check::same_length("predictions", predictions.len(), labels.len())?;
        check::classes("labels", labels, classes)?;
        check::classes("predictions", predictions, classes)?;
        let mut counts = vec![0; classes * classes];
        for (label, prediction) in labels.iter().zip(predictions) {
            counts[label * classes + prediction] += 1;
        }
        Ok(Self { classes, counts })
    }

    /// Of two classes, class 1 being "positive": the score at or above `threshold`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`], [`Error::Length`], [`Error::NotFinite`].
    pub fn at_threshold(labels: &[bool], scores: &[f64], threshold: f64) -> Result<Self> {
        check::same_length("scores", scores.len(), labels.len())?;
        check::finite("scores", scores)?;
        let labels: Vec<usize> = labels.iter().map(|label| usize::from(*label)).collect();
        let called: Vec<usize> = scores.iter().map(|score| usize::from(*score >= threshold)).collect();
        Self::new(&labels, &called, 2)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Cases of class `label` that were called `prediction`.
    ///
    /// # Panics
    ///
    /// If one of them is not a class.
    pub fn count(&self, label: usize, prediction: usize) -> u64 {
        assert!(label < self.classes && prediction < self.classes, "no such class");
        self.counts[label * self.classes + prediction]
    }

    /// The counts, one row a true class.
    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.counts.chunks(self.classes)
    }

    /// Share of cases that were called their class. Micro-averaged F1 is the same number where every
    /// case has one class.
    ///
    /// # Errors
    ///
    /// None on a matrix made by [`ConfusionMatrix::new`], which has a case.
    pub fn accuracy(&self) -> Result<f64> {
        let right: u64 = (0..self.classes).map(|class| self.count(class, class)).sum();
        ratio("accuracy", right, self.total(), "there is no case")
    }

    /// Mean of the sensitivities of the classes that have a case.
    ///
    /// # Errors
    ///
    /// None on a matrix made by [`ConfusionMatrix::new`], which has a case.
    pub fn balanced_accuracy(&self) -> Result<f64> {
        let present: Vec<f64> = (0..self.classes)
            .filter(|class| self.of_class(*class) > 0)
            .map(|class| self.count(class, class) as f64 / self.of_class(class) as f64)
            .collect();
        mean("balanced_accuracy", &present)
    }

    /// F1 of one class: the harmonic mean of its precision and its sensitivity.
    ///
    /// # Errors
    ///
    /// [`Error::Undefined`] if the class neither has a case nor was called.
    ///
    /// # Panics
    ///
    /// If `class` is not a class.
    pub fn f1(&self, class: usize) -> Result<f64> {
        let involved = self.of_class(class) + self.called(class);
        ratio("f1", 2 * self.count(class, class), involved, "the class neither has a case nor was called")
    }

    /// Mean of [`ConfusionMatrix::f1`] over the classes that have a case or were called.
    ///
    /// # Errors
    ///
    /// None on a matrix made by [`ConfusionMatrix::new`], which has a case.
    pub fn f1_macro(&self) -> Result<f64> {
        let defined: Vec<f64> = (0..self.classes).filter_map(|class| self.f1(class).ok()).collect();
        mean("f1_macro", &defined)
    }

    /// F1 over the pooled decisions of all classes, which is [`ConfusionMatrix::accuracy`].
    ///
    /// # Errors
    ///
    /// As [`ConfusionMatrix::accuracy`].
    pub fn f1_micro(&self) -> Result<f64> {
        self.accuracy()
    }

    /// Share of the cases of `class` that were called so.
    ///
    /// # Errors
    ///
    /// [`Error::OneClass`] if the class has no case.
    ///
    /// # Panics
    ///
    /// If `class` is not a class.
    pub fn sensitivity(&self, class: usize) -> Result<f64> {
        match self.of_class(class) {
            0 => Err(no_case("sensitivity", format!("of class {class}"))),
            cases => Ok(self.count(class, class) as f64 / cases as f64),
        }
    }

    /// Share of the cases of other classes that were not called `class`.
    ///
    /// # Errors
    ///
    /// [`Error::OneClass`] if every case is of the class.
    ///
    /// # Panics
    ///
    /// If `class` is not a class.
    pub fn specificity(&self, class: usize) -> Result<f64> {
        let others = self.total() - self.of_class(class);
        let wrongly = self.called(class) - self.count(class, class);
        match others {
            0 => Err(no_case("specificity", format!("outside class {class}"))),
            others => Ok((others - wrongly) as f64 / others as f64),
        }
    }

    /// Cohen's kappa with weights that grow with the square of the distance between grades. A class is
    /// its grade, whether or not the classes between have cases.
    ///
    /// # Errors
    ///
    /// [`Error::Undefined`] if every case is of one class and was called so.
    pub fn quadratic_kappa(&self) -> Result<f64> {
        let total = self.total() as f64;
        let (mut observed, mut expected) = (0.0, 0.0);
        for label in 0..self.classes {
            for called in 0..self.classes {
                let weight = (label.abs_diff(called) as f64).powi(2);
                observed += weight * self.count(label, called) as f64;
                expected += weight * self.of_class(label) as f64 * self.called(called) as f64 / total;
            }
        }
        if expected == 0.0 {
            let why = "every case is of one class and was called so";
            return Err(Error::Undefined { metric: "quadratic_kappa".to_owned(), why });
        }
        Ok(1.0 - observed / expected)
    }

    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn of_class(&self, class: usize) -> u64 {
        (0..self.classes).map(|called| self.count(class, called)).sum()
    }

    fn called(&self, class: usize) -> u64 {
        (0..self.classes).map(|label| self.count(label, class)).sum()
    }
}

/// The class of the highest score of each row; the first of equal ones.
///
/// # Shapes
///
/// - `scores`: `[cases, classes]`, row-major
///
/// # Errors
///
/// [`Error::NotFinite`]; [`Error::Length`] if the scores do not fill whole rows.
pub fn argmax(scores: &[f64], classes: usize) -> Result<Vec<usize>> {
    if classes == 0 || !scores.len().is_multiple_of(classes) {
        return Err(Error::Length { what: "scores", expected: classes, got: scores.len() });
    }
    check::finite("scores", scores)?;
    let best =
        |row: &[f64]| (1..classes).fold(0, |best, class| if row[class] > row[best] { class } else { best });
    Ok(scores.chunks(classes).map(best).collect())
}

fn ratio(metric: &str, numerator: u64, denominator: u64, why: &'static str) -> Result<f64> {
    if denominator == 0 {
        return Err(Error::Undefined { metric: metric.to_owned(), why });
    }
    Ok(numerator as f64 / denominator as f64)
}

fn mean(metric: &str, values: &[f64]) -> Result<f64> {
    if values.is_empty() {
        return Err(Error::Undefined { metric: metric.to_owned(), why: "there is no case" });
    }
    Ok(values.iter().sum::<f64>() / values.len() as f64)
}

fn no_case(metric: &str, missing: String) -> Error {
    Error::OneClass { metric: metric.to_owned(), missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitivity_and_specificity_at_a_threshold() {
        let matrix = ConfusionMatrix::at_threshold(
            &[true, true, false, false, false],
            &[0.9, 0.2, 0.5, 0.1, 0.0],
            0.5,
        )
        .unwrap();
        assert_eq!(matrix.sensitivity(1).unwrap(), 0.5);
        assert_eq!(matrix.specificity(1).unwrap(), 2.0 / 3.0);
    }

    #[test]
    fn a_grade_that_no_one_has_keeps_its_distance() {
        let near = ConfusionMatrix::new(&[0, 0, 4, 4], &[0, 1, 4, 4], 5).unwrap();
        let far = ConfusionMatrix::new(&[0, 0, 4, 4], &[0, 4, 4, 4], 5).unwrap();
        assert!(near.quadratic_kappa().unwrap() > far.quadratic_kappa().unwrap() + 0.2);
        let one = ConfusionMatrix::new(&[2, 2], &[2, 2], 5).unwrap();
        assert!(one.quadratic_kappa().unwrap_err().is_undefined());
    }

    #[test]
    fn a_label_outside_the_classes_is_refused() {
        let error = ConfusionMatrix::new(&[0, 3], &[0, 1], 3).unwrap_err();
        assert_eq!(error.to_string(), "labels: the value at index 1 is outside 0..3");
    }

    #[test]
    fn equal_scores_go_to_the_first_class() {
        assert_eq!(argmax(&[0.2, 0.4, 0.4, 0.9, 0.0, 0.1], 3).unwrap(), [1, 0]);
        assert!(argmax(&[0.2, 0.4], 3).is_err());
    }
}
