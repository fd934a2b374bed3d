//! The linear probe as a user relies on it, against scikit-learn (fixture by `scripts/fixtures/probe.py`).

use downstream_heads::{
    Cases, Error, Evaluation, Features, LinearProbe, LogisticRegression, label_efficiency,
};
use eval_metrics::Bootstrap;
use serde_json::Value;
use xray_core::PatientId;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn cases(features: &Value, labels: &Value) -> Cases {
    let rows: Vec<Vec<f64>> = features.as_array().unwrap().iter().map(numbers).collect();
    let values = rows.iter().flatten().map(|value| *value as f32).collect();
    let labels: Vec<usize> = numbers(labels).iter().map(|label| *label as usize).collect();
    let patients = (0..labels.len()).map(|case| PatientId::new((case / 2).to_string())).collect();
    Cases::new(Features::new(values, rows[0].len()).unwrap(), labels, patients).unwrap()
}

/// Simulated: `signal` of the first feature and noise in all of them.
fn simulated(cases: usize, signal: f32, seed: u32) -> Cases {
    let mut state = seed;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let labels: Vec<usize> = (0..cases).map(|case| case / 2 % 2).collect();
    let values = labels.iter().flat_map(|label| {
        let mut row: Vec<f32> = (0..8).map(|_| noise() + noise() + noise()).collect();
        row[0] += signal * *label as f32;
        row
    });
    let values = values.collect();
    let patients = (0..cases).map(|case| PatientId::new(format!("{seed}-{}", case / 2))).collect();
    Cases::new(Features::new(values, 8).unwrap(), labels, patients).unwrap()
}

#[test]
fn probabilities_are_those_of_scikit_learn() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/probe.json")).unwrap();
    for fit in fixture.as_array().unwrap() {
        let train = cases(&fit["train"], &fit["label"]);
        let test = cases(&fit["test"], &Value::Array(vec![0.into(); fit["test"].as_array().unwrap().len()]));
        let classes = fit["classes"].as_u64().unwrap() as usize;
        let model = LogisticRegression::fit(&train, classes, fit["c"].as_f64().unwrap()).unwrap();
        let ours = model.probabilities(test.features()).unwrap();
        let theirs: Vec<f64> = fit["prob"].as_array().unwrap().iter().flat_map(numbers).collect();
        assert_eq!(ours.len(), theirs.len());
        let worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-4, "{classes} classes, c {}: {worst}", fit["c"]);
    }
}

#[test]
fn noise_is_regularised_away_and_signal_is_not() {
    let probe = LinearProbe::default();
    let noise = probe.fit(&simulated(80, 0.0, 1)).unwrap();
    let signal = probe.fit(&simulated(80, 3.0, 1)).unwrap();
    assert!(noise.c <= 1e-2, "{}", noise.c);
    assert!(signal.c >= 1e-2, "{}", signal.c);
}

#[test]
fn a_better_encoder_wins_with_an_interval_that_says_so() {
    let bootstrap = Bootstrap { resamples: 500, ..Bootstrap::default() };
    let evaluate = |signal| {
        let probe = LinearProbe::default().fit(&simulated(120, signal, 1)).unwrap();
        let test = simulated(200, signal, 2);
        let probabilities = probe.probabilities(test.features()).unwrap();
        (Evaluation::new(&test, probabilities, 2, &bootstrap).unwrap(), test)
    };
    let ((weak, _), (strong, test)) = (evaluate(0.2), evaluate(1.5));
    let gain = strong.auroc_gain(&weak, &test, &bootstrap).unwrap();
    assert!(gain.interval.low > 0.0, "{gain:?}");
    let names: Vec<_> = strong.metrics.keys().map(String::as_str).collect();
    assert_eq!(names, ["auroc", "average_precision", "balanced_accuracy", "brier", "f1"]);
    assert_eq!((strong.cases, strong.patients), (200, 100));
}

#[test]
fn few_labels_are_refused_by_name_and_the_rest_goes_on() {
    let bootstrap = Bootstrap { resamples: 200, ..Bootstrap::default() };
    let (train, test) = (simulated(100, 1.5, 1), simulated(100, 1.5, 2));
    let points =
        label_efficiency(&LinearProbe::default(), &train, &test, &[0.01, 0.2, 1.0], &bootstrap).unwrap();
    assert!(points[0].evaluation.is_none());
    assert_eq!(
        points[0].reason.as_deref(),
        Some("1 % of the labels holds no patient of class 0, of whom there are 25")
    );
    assert_eq!((points[1].train_cases, points[2].train_cases), (20, 100));
    assert!(
        points[1..].iter().all(|point| point.evaluation.as_ref().unwrap().auroc().unwrap().estimate > 0.8)
    );
}

#[test]
fn the_same_seed_gives_the_same_probe() {
    let train = simulated(60, 0.5, 3);
    let probe = LinearProbe::default();
    assert_eq!(probe.fit(&train).unwrap(), probe.fit(&train).unwrap());
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let features = || Features::new(vec![1.0, 2.0, 3.0, 4.0], 1).unwrap();
    let patients = || (0..4).map(|case| PatientId::new(case.to_string())).collect();
    let probe = LinearProbe::default();
    let one_class = Cases::new(features(), vec![1; 4], patients()).unwrap();
    assert!(matches!(probe.fit(&one_class), Err(Error::Config { field: "train", .. })));
    let lonely = Cases::new(features(), vec![0, 0, 0, 1], patients()).unwrap();
    assert!(matches!(probe.fit(&lonely), Err(Error::TooFewPatients { class: 1, patients: 1 })));
    let unknown = Cases::new(features(), vec![0, 1, 2, 0], patients()).unwrap();
    assert!(matches!(probe.fit(&unknown), Err(Error::UnknownClass { case: 2, label: 2, classes: 2 })));
    let constant = Features::new(vec![5.0; 4], 1).unwrap();
    let constant = Cases::new(constant, vec![0, 1, 0, 1], patients()).unwrap();
    let probabilities = probe.fit(&constant).unwrap().probabilities(constant.features()).unwrap();
    assert!(probabilities.iter().all(|p| (p - 0.5).abs() < 1e-6));
}
