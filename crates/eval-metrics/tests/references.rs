//! Every metric against scikit-learn, scipy, statsmodels and MLstatkit on the same numbers, ties included;
//! the fixture is made by `scripts/fixtures/metrics.py`.

use eval_metrics as m;
use eval_metrics::{Binning, ConfusionMatrix};
use serde_json::Value;

const TOLERANCE: f64 = 1e-9;

fn fixture(task: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("fixtures/metrics.json")).unwrap();
    all[task].as_array().unwrap().clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn classes(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as usize).collect()
}

#[track_caller]
fn equal(ours: f64, theirs: &Value) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= TOLERANCE, "{ours} is not {theirs}");
}

#[track_caller]
fn all_equal(ours: &[[f64; 2]], theirs: &Value) {
    assert_eq!(ours.len(), theirs.as_array().unwrap().len());
    for (ours, theirs) in ours.iter().zip(theirs.as_array().unwrap()) {
        equal(ours[0], &theirs[0]);
        equal(ours[1], &theirs[1]);
    }
}

#[test]
fn binary_metrics_are_those_of_scikit_learn() {
    for case in fixture("binary") {
        let labels: Vec<bool> = classes(&case["label"]).iter().map(|label| *label == 1).collect();
        let scores = numbers(&case["first"]);
        equal(m::auroc(&labels, &scores).unwrap(), &case["auroc"]);
        equal(m::average_precision(&labels, &scores).unwrap(), &case["average_precision"]);
        equal(m::brier(&labels, &scores).unwrap(), &case["brier"]);
        let matrix = ConfusionMatrix::at_threshold(&labels, &scores, 0.5).unwrap();
        equal(matrix.accuracy().unwrap(), &case["accuracy"]);
        equal(matrix.balanced_accuracy().unwrap(), &case["balanced_accuracy"]);
        equal(matrix.f1(1).unwrap(), &case["f1"]);
        equal(matrix.f1_macro().unwrap(), &case["f1_macro"]);
        equal(matrix.f1_micro().unwrap(), &case["f1_micro"]);
        equal(matrix.sensitivity(1).unwrap(), &case["sensitivity"]);
        equal(matrix.specificity(1).unwrap(), &case["specificity"]);
        let curve = m::roc_curve(&labels, &scores).unwrap();
        let points: Vec<_> = curve.iter().map(|p| [p.false_positive_rate, p.true_positive_rate]).collect();
        all_equal(&points, &case["roc"]);
    }
}

#[test]
fn calibration_is_that_of_scikit_learn() {
    for case in fixture("binary") {
        let labels: Vec<bool> = classes(&case["label"]).iter().map(|label| *label == 1).collect();
        let scores = numbers(&case["first"]);
        equal(m::expected_calibration_error(&labels, &scores, 10).unwrap(), &case["ece"]);
        for (bins, binning, name) in [(10, Binning::Uniform, "uniform"), (5, Binning::Quantile, "quantile")] {
            let curve = m::reliability_curve(&labels, &scores, bins, binning).unwrap();
            let points: Vec<_> = curve.iter().map(|bin| [bin.predicted, bin.observed]).collect();
            all_equal(&points, &case[name]);
            assert_eq!(curve.iter().map(|bin| bin.cases).sum::<usize>(), labels.len());
        }
    }
}

#[test]
fn delong_and_wilson_are_those_of_their_packages() {
    for case in fixture("binary") {
        let labels: Vec<bool> = classes(&case["label"]).iter().map(|label| *label == 1).collect();
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        let test = m::delong(&labels, &first, &second).unwrap();
        equal(test.z.abs(), &case["delong_z"]);
        equal(test.p_value, &case["delong_p"]);
        let interval = m::auroc_delong(&labels, &first, 0.95).unwrap();
        equal(interval.low, &case["delong_low"]);
        equal(interval.high, &case["delong_high"]);
        let called = first.iter().filter(|score| **score >= 0.5).count() as u64;
        let share = m::wilson(called, labels.len() as u64, 0.95).unwrap();
        all_equal(&[[share.low, share.high]], &Value::Array(vec![case["wilson"].clone()]));
    }
}

#[test]
fn multiclass_metrics_are_those_of_scikit_learn() {
    for case in fixture("multiclass") {
        let labels = classes(&case["label"]);
        let rows: Vec<Vec<f64>> = case["prob"].as_array().unwrap().iter().map(numbers).collect();
        let count = rows[0].len();
        let scores = rows.concat();
        equal(m::auroc_macro_ovr(&labels, &scores, count).unwrap(), &case["auroc_macro_ovr"]);
        let called = m::argmax(&scores, count).unwrap();
        let matrix = ConfusionMatrix::new(&labels, &called, count).unwrap();
        for (row, theirs) in matrix.rows().zip(case["confusion"].as_array().unwrap()) {
            assert_eq!(row.iter().map(|n| *n as usize).collect::<Vec<_>>(), classes(theirs));
        }
        equal(matrix.accuracy().unwrap(), &case["accuracy"]);
        equal(matrix.balanced_accuracy().unwrap(), &case["balanced_accuracy"]);
        equal(matrix.f1_macro().unwrap(), &case["f1_macro"]);
        equal(matrix.f1_micro().unwrap(), &case["f1_micro"]);
        equal(matrix.f1(1).unwrap(), &case["f1_of_class_1"]);
        equal(matrix.quadratic_kappa().unwrap(), &case["quadratic_kappa"]);
    }
}

#[test]
fn regression_metrics_are_those_of_scikit_learn_and_scipy() {
    for case in fixture("regression") {
        let (target, prediction) = (numbers(&case["target"]), numbers(&case["prediction"]));
        equal(m::mae(&target, &prediction).unwrap(), &case["mae"]);
        equal(m::rmse(&target, &prediction).unwrap(), &case["rmse"]);
        equal(m::r2(&target, &prediction).unwrap(), &case["r2"]);
        equal(m::pearson(&target, &prediction).unwrap(), &case["pearson"]);
        let agreement = m::bland_altman(&target, &prediction).unwrap();
        let ours = [agreement.bias, agreement.deviation, agreement.lower, agreement.upper];
        for (ours, theirs) in ours.iter().zip(case["bland_altman"].as_array().unwrap()) {
            equal(*ours, theirs);
        }
    }
}

#[test]
fn recall_is_top_k_accuracy() {
    for case in fixture("retrieval") {
        let similarity: Vec<f32> = numbers(&case["similarity"]).iter().map(|value| *value as f32).collect();
        let queries = similarity.len().isqrt();
        let ranks = m::ranks(&similarity, &(0..queries).collect::<Vec<_>>()).unwrap();
        for (k, theirs) in case["recall"].as_object().unwrap() {
            equal(m::recall_at(&ranks, k.parse().unwrap()).unwrap(), theirs);
        }
        equal(m::median_rank(&ranks).unwrap(), &case["median_rank"]);
    }
}

#[test]
fn types_may_cross_threads() {
    fn check<T: Send + Sync>() {}
    check::<m::Auroc>();
    check::<m::Clusters>();
    check::<m::Error>();
    check::<m::plot::LineChart>();
}

/// A metric from outside the crate: the share of cases with a prediction of 1.
struct Called(Vec<bool>);

impl m::Metric for Called {
    fn name(&self) -> &str {
        "called"
    }

    fn cases(&self) -> usize {
        self.0.len()
    }

    fn weighted(&self, counts: &[u32]) -> m::Result<f64> {
        let called: u32 = self.0.iter().zip(counts).map(|(called, count)| u32::from(*called) * count).sum();
        Ok(f64::from(called) / f64::from(counts.iter().sum::<u32>()))
    }
}

#[test]
fn a_metric_from_outside_gets_intervals_and_comparisons() {
    let called = Called((0..200).map(|case| case % 4 == 0).collect());
    let clusters = m::Clusters::single(200);
    let interval = m::Bootstrap::default().interval(&called, &clusters).unwrap();
    let theory = m::wilson(50, 200, 0.95).unwrap();
    assert!((interval.low - theory.low).abs() < 0.01 && (interval.high - theory.high).abs() < 0.01);
    let same =
        m::Mean::new("same", (0..200).map(|case| f64::from(u8::from(case % 4 == 0))).collect()).unwrap();
    let difference = m::Bootstrap::default().difference(&called, &same, &clusters).unwrap();
    assert_eq!((difference.interval.estimate, difference.p_value), (0.0, 1.0));
}
