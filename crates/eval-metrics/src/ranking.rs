use crate::{Error, Metric, Result, check};

/// Area under the ROC curve: the chance that a positive case scores above a negative one, a tie counting
/// half.
///
/// # Errors
///
/// [`Error::OneClass`] if one class has no case; [`Error::Length`], [`Error::Empty`],
/// [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// let auroc = eval_metrics::auroc(&[false, true, false, true], &[0.1, 0.4, 0.4, 0.8])?;
/// assert_eq!(auroc, 0.875);
/// # Ok::<(), eval_metrics::Error>(())
/// ```
pub fn auroc(labels: &[bool], scores: &[f64]) -> Result<f64> {
    Auroc::new(labels, scores)?.value()
}

/// Mean over the classes of [`auroc`] of one class against the rest.
///
/// # Shapes
///
/// - `labels`: `[cases]`, each below `classes`
/// - `scores`: `[cases, classes]`, row-major
///
/// # Errors
///
/// [`Error::OneClass`] if a class has no case; [`Error::OutOfRange`], [`Error::Length`],
/// [`Error::Empty`], [`Error::NotFinite`].
pub fn auroc_macro_ovr(labels: &[usize], scores: &[f64], classes: usize) -> Result<f64> {
    AurocMacroOvr::new(labels, scores, classes)?.value()
}

/// Average precision: the sum over thresholds of precision times the recall gained there, without
/// interpolation.
///
/// # Errors
///
/// [`Error::OneClass`] if no case is positive; [`Error::Length`], [`Error::Empty`],
/// [`Error::NotFinite`].
pub fn average_precision(labels: &[bool], scores: &[f64]) -> Result<f64> {
    AveragePrecision::new(labels, scores)?.value()
}

/// One point of a ROC curve.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct RocPoint {
    /// Cases at or above it are called positive; infinite at the first point, where none is.
    pub threshold: f64,
    /// One minus specificity.
    pub false_positive_rate: f64,
    /// Sensitivity.
    pub true_positive_rate: f64,
}

/// The ROC curve from (0, 0) to (1, 1), one point a distinct score.
///
/// # Errors
///
/// As [`auroc`].
pub fn roc_curve(labels: &[bool], scores: &[f64]) -> Result<Vec<RocPoint>> {
    let sorted = Sorted::new(labels, scores)?;
    let (positives, negatives) = sorted.totals("roc_curve", &vec![1; labels.len()])?;
    let (mut above, mut false_above) = (0, 0);
    let mut curve =
        vec![RocPoint { threshold: f64::INFINITY, false_positive_rate: 0.0, true_positive_rate: 0.0 }];
    for group in sorted.0.chunk_by(|a, b| !a.ends_tie && a.score == b.score) {
        let true_here = group.iter().filter(|case| case.positive).count();
        above += true_here;
        false_above += group.len() - true_here;
        curve.push(RocPoint {
            threshold: group[0].score,
            false_positive_rate: false_above as f64 / negatives as f64,
            true_positive_rate: above as f64 / positives as f64,
        });
    }
    Ok(curve)
}

/// [`auroc`] as a [`Metric`]; sorted once, so that a resample costs one pass.
#[derive(Debug, Clone)]
pub struct Auroc(Sorted, String);

impl Auroc {
    /// Of `scores` for `labels`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`], [`Error::Empty`], [`Error::NotFinite`].
    pub fn new(labels: &[bool], scores: &[f64]) -> Result<Self> {
        Ok(Self(Sorted::new(labels, scores)?, "auroc".to_owned()))
    }
}

impl Metric for Auroc {
    fn name(&self) -> &str {
        &self.1
    }

    fn cases(&self) -> usize {
        self.0.0.len()
    }

    fn weighted(&self, counts: &[u32]) -> Result<f64> {
        let (positives, negatives) = self.0.totals(&self.1, counts)?;
        // Twice the pairs that are in order, in whole numbers: exact for any number of cases met here.
        let (mut twice, mut positives_above) = (0_u64, 0_u64);
        self.0.sweep(counts, |positive, negative| {
            twice += negative * (2 * positives_above + positive);
            positives_above += positive;
        });
        Ok(twice as f64 / (2.0 * positives as f64 * negatives as f64))
    }
}

/// [`auroc_macro_ovr`] as a [`Metric`].
#[derive(Debug, Clone)]
pub struct AurocMacroOvr(Vec<Auroc>);

impl AurocMacroOvr {
    /// Of `scores` for `labels`; shapes as [`auroc_macro_ovr`].
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`], [`Error::Length`], [`Error::Empty`], [`Error::NotFinite`],
    /// [`Error::Argument`] if there are fewer than two classes.
    pub fn new(labels: &[usize], scores: &[f64], classes: usize) -> Result<Self> {
        if classes < 2 {
            return Err(Error::Argument { name: "classes", why: "fewer than two" });
        }
        check::same_length("scores", scores.len(), labels.len().saturating_mul(classes))?;
        check::classes("labels", labels, classes)?;
        let one_against_rest = |class| {
            let is_class: Vec<bool> = labels.iter().map(|label| *label == class).collect();
            let column: Vec<f64> = scores.iter().skip(class).step_by(classes).copied().collect();
            Ok(Auroc(Sorted::new(&is_class, &column)?, format!("auroc of class {class}")))
        };
        (0..classes).map(one_against_rest).collect::<Result<_>>().map(Self)
    }
}

impl Metric for AurocMacroOvr {
    fn name(&self) -> &str {
        "auroc_macro_ovr"
    }

    fn cases(&self) -> usize {
        self.0[0].cases()
    }

    fn weighted(&self, counts: &[u32]) -> Result<f64> {
        let sum = self.0.iter().map(|class| class.weighted(counts)).sum::<Result<f64>>()?;
        Ok(sum / self.0.len() as f64)
    }
}

/// [`average_precision`] as a [`Metric`]; sorted once, so that a resample costs one pass.
#[derive(Debug, Clone)]
pub struct AveragePrecision(Sorted);

impl AveragePrecision {
    /// Of `scores` for `labels`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`], [`Error::Empty`], [`Error::NotFinite`].
    pub fn new(labels: &[bool], scores: &[f64]) -> Result<Self> {
        Sorted::new(labels, scores).map(Self)
    }
}

impl Metric for AveragePrecision {
    fn name(&self) -> &str {
        "average_precision"
    }

    fn cases(&self) -> usize {
        self.0.0.len()
    }

    fn weighted(&self, counts: &[u32]) -> Result<f64> {
        let (mut sum, mut hits, mut called) = (0.0, 0, 0);
        self.0.sweep(counts, |positive, negative| {
            hits += positive;
            called += positive + negative;
            if positive > 0 {
                sum += positive as f64 * hits as f64 / called as f64;
            }
        });
        if hits == 0 {
            return Err(one_class(self.name(), "positive"));
        }
        Ok(sum / hits as f64)
    }
}

/// Cases from the highest score to the lowest.
#[derive(Debug, Clone)]
struct Sorted(Vec<Case>);

#[derive(Debug, Clone, Copy)]
struct Case {
    score: f64,
    index: u32,
    positive: bool,
    /// Whether the next case has another score.
    ends_tie: bool,
}

impl Sorted {
    fn new(labels: &[bool], scores: &[f64]) -> Result<Self> {
        check::not_empty("labels", labels)?;
        check::same_length("scores", scores.len(), labels.len())?;
        check::finite("scores", scores)?;
        let mut cases = Vec::with_capacity(labels.len());
        for ((index, score), positive) in (0_u32..).zip(scores).zip(labels) {
            // The two zeros are one score.
            cases.push(Case { score: score + 0.0, index, positive: *positive, ends_tie: true });
        }
        cases.sort_by(|a, b| b.score.total_cmp(&a.score));
        for i in 1..cases.len() {
            cases[i - 1].ends_tie = cases[i - 1].score != cases[i].score;
        }
        Ok(Self(cases))
    }

    /// Gives the positives and negatives of each group of equal scores, highest first.
    fn sweep(&self, counts: &[u32], mut group: impl FnMut(u64, u64)) {
        let (mut positive, mut negative) = (0_u64, 0_u64);
        for case in &self.0 {
            let count = u64::from(counts[case.index as usize]);
            if case.positive {
                positive += count;
            } else {
                negative += count;
            }
            if case.ends_tie {
                group(positive, negative);
                (positive, negative) = (0, 0);
            }
        }
    }

    fn totals(&self, metric: &str, counts: &[u32]) -> Result<(u64, u64)> {
        let (mut positives, mut negatives) = (0, 0);
        self.sweep(counts, |positive, negative| {
            positives += positive;
            negatives += negative;
        });
        match (positives, negatives) {
            (0, 0) => Err(Error::Empty { what: "counts" }),
            (0, _) => Err(one_class(metric, "positive")),
            (_, 0) => Err(one_class(metric, "negative")),
            both => Ok(both),
        }
    }
}

fn one_class(metric: &str, missing: &str) -> Error {
    Error::OneClass { metric: metric.to_owned(), missing: missing.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auroc_counts_pairs() {
        let labels = [true, false, true, false, false, true, true];
        let scores = [0.3, 0.3, 0.9, -0.0, 0.0, 0.0, 0.2];
        let (mut pairs, mut wins) = (0.0, 0.0);
        for (a, is_positive) in labels.iter().enumerate() {
            for (b, other) in labels.iter().enumerate() {
                if *is_positive && !other {
                    pairs += 1.0;
                    wins += if scores[a] > scores[b] { 1.0 } else { f64::from(scores[a] == scores[b]) / 2.0 };
                }
            }
        }
        assert_eq!(auroc(&labels, &scores).unwrap(), wins / pairs);
    }

    #[test]
    fn a_constant_score_is_chance() {
        assert_eq!(auroc(&[true, false, false], &[0.7; 3]).unwrap(), 0.5);
        assert_eq!(average_precision(&[true, false, false], &[0.7; 3]).unwrap(), 1.0 / 3.0);
    }

    #[test]
    fn one_class_is_refused_by_name() {
        let error = auroc(&[true; 3], &[0.1, 0.2, 0.3]).unwrap_err();
        assert_eq!(error.to_string(), "auroc needs cases of both classes, and no case is negative");
        let error = auroc_macro_ovr(&[0, 1], &[1.0; 6], 3).unwrap_err();
        assert!(error.to_string().contains("class 2"), "{error}");
    }

    #[test]
    fn the_curve_runs_from_corner_to_corner() {
        let curve = roc_curve(&[true, false, true], &[0.5, 0.5, 0.9]).unwrap();
        let points: Vec<[f64; 2]> =
            curve.iter().map(|p| [p.false_positive_rate, p.true_positive_rate]).collect();
        assert_eq!(points, [[0.0, 0.0], [0.0, 0.5], [1.0, 1.0]]);
    }
}
