//! The linear probe as a user relies on it, against scikit-learn (fixture by `scripts/fixtures/probe.py`).

use downstream_heads::{
    Cases, Error, Evaluation, Features, LinearProbe, LogisticRegression, MeasurementEvaluation,
    NearestNeighbors, RidgeProbe, RidgeRegression, Strict, TaskKind, case_fraction, label_efficiency, paper,
    positive_weight,
};
use eval_metrics::Bootstrap;
use serde_json::Value;
use xray_core::PatientId;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn fixture(kind: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("fixtures/probe.json")).unwrap();
    all[kind].as_array().unwrap().clone()
}

fn features(rows: &Value) -> Features {
    let rows: Vec<Vec<f64>> = rows.as_array().unwrap().iter().map(numbers).collect();
    Features::new(rows.iter().flatten().map(|value| *value as f32).collect(), rows[0].len()).unwrap()
}

fn patients(cases: usize) -> Vec<PatientId> {
    (0..cases).map(|case| PatientId::new((case / 2).to_string())).collect()
}

fn cases(fit: &Value) -> Cases {
    let labels: Vec<usize> = numbers(&fit["label"]).iter().map(|label| *label as usize).collect();
    let patients = patients(labels.len());
    Cases::new(features(&fit["train"]), labels, patients).unwrap()
}

#[track_caller]
fn all_close(ours: &[f64], theirs: &Value, tolerance: f64) {
    let theirs: Vec<f64> = match theirs[0].is_array() {
        true => theirs.as_array().unwrap().iter().flat_map(numbers).collect(),
        false => numbers(theirs),
    };
    assert_eq!(ours.len(), theirs.len());
    let worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst < tolerance, "{worst}");
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
    for fit in fixture("logistic") {
        let classes = fit["classes"].as_u64().unwrap() as usize;
        let model = LogisticRegression::fit(&cases(&fit), classes, fit["c"].as_f64().unwrap()).unwrap();
        all_close(&model.probabilities(&features(&fit["test"])).unwrap(), &fit["prob"], 1e-6);
    }
}

#[test]
fn measurements_are_those_of_scikit_learn() {
    for fit in fixture("ridge") {
        let target = numbers(&fit["target"]);
        let patients = patients(target.len());
        let train = Cases::new(features(&fit["train"]), target, patients).unwrap();
        let model = RidgeRegression::fit(&train, fit["alpha"].as_f64().unwrap()).unwrap();
        all_close(&model.predict(train.features()).unwrap(), &fit["predicted"], 1e-6);
    }
}

#[test]
fn neighbours_are_those_of_scikit_learn() {
    for fit in fixture("neighbors") {
        let number = |name: &str| fit[name].as_u64().unwrap() as usize;
        let neighbors = NearestNeighbors { k: number("k") };
        let test = features(&fit["test"]);
        let ours = neighbors.probabilities(&cases(&fit), number("classes"), &test).unwrap();
        all_close(&ours, &fit["prob"], 1e-9);
        assert!(NearestNeighbors { k: 61 }.probabilities(&cases(&fit), 3, &test).is_err());
    }
}

/// The simulated cases with a measurement that follows the first feature.
fn measured(cases: usize, seed: u32) -> Cases<f64> {
    let simulated = simulated(cases, 1.0, seed);
    let rows = simulated.features().rows();
    let targets = rows.map(|row| 100.0 + 30.0 * f64::from(row[0]) + 5.0 * f64::from(row[1])).collect();
    Cases::new(simulated.features().clone(), targets, simulated.patients().to_vec()).unwrap()
}

#[test]
fn measurements_have_intervals_and_a_paired_comparison() {
    let bootstrap = Bootstrap { resamples: 300, ..Bootstrap::default() };
    let (train, test) = (measured(80, 1), measured(100, 2));
    let probe = RidgeProbe::default().fit(&train).unwrap();
    assert!(probe.alpha() <= 1.0, "{}", probe.alpha());
    let good =
        MeasurementEvaluation::new(&test, probe.predict(test.features()).unwrap(), &bootstrap).unwrap();
    assert!(good.metrics["mae"].high < 1.0 && good.metrics["r2"].low > 0.95, "{good:?}");
    let constant = MeasurementEvaluation::new(&test, vec![110.0; 100], &bootstrap).unwrap();
    assert!(!constant.metrics.contains_key("pearson") && constant.metrics.contains_key("mae"));
    assert!(good.mae_change(&constant, &test, &bootstrap).unwrap().interval.high < 0.0);
}

#[test]
fn a_patient_on_both_sides_is_refused() {
    let (train, test) = (simulated(40, 1.0, 1), simulated(40, 1.0, 2));
    let mixed = Cases::new(test.features().clone(), test.labels().to_vec(), {
        let mut patients = test.patients().to_vec();
        patients[7] = train.patients()[3].clone();
        patients
    });
    let mixed = mixed.unwrap();
    let bootstrap = Bootstrap::default();
    let error = label_efficiency(&LinearProbe::default(), &train, &mixed, &[1.0], &bootstrap).unwrap_err();
    assert!(matches!(error, Error::SharedPatients { patients: 1 }));
    let error = LinearProbe::default().fit_with_validation(&train, &mixed).unwrap_err();
    assert!(matches!(error, Error::SharedPatients { .. }));
    assert!(LinearProbe::default().fit_with_validation(&train, &test).is_ok());
}

#[test]
fn strict_draws_other_labels_with_each_seed() {
    let bootstrap = Bootstrap { resamples: 100, ..Bootstrap::default() };
    let strict = Strict { fractions: vec![0.2, 1.0], bootstrap, ..Strict::default() };
    let runs = strict.run(&simulated(120, 0.8, 1), &simulated(120, 0.8, 2)).unwrap();
    let auroc = |run: usize, point: usize| {
        runs[run].points[point].evaluation.as_ref().unwrap().auroc().unwrap().estimate
    };
    assert_eq!(runs.len(), 3);
    assert_ne!(auroc(0, 0), auroc(1, 0));
    assert!((auroc(0, 1) - auroc(1, 1)).abs() < 0.05);
}

#[test]
fn paper_is_what_the_released_code_does() {
    let settings = paper(TaskKind::Regression, 769);
    let names: Vec<_> = settings.iter().map(|setting| setting.name).collect();
    assert_eq!(names[..3], ["linear_all", "linear_01", "linear_001"]);
    let tuned = &settings[5];
    assert_eq!((tuned.name, tuned.fraction, tuned.batch_size), ("fine_tuning_001", 0.01, 64));
    assert_eq!((tuned.training.head_rate, tuned.training.joint_rate), (1e-3, 1e-6));
    assert_eq!((tuned.training.frozen_steps, settings[0].training.frozen_steps), (Some(200), None));
    assert_eq!((tuned.head.features, tuned.head.dropout), (769, 0.2));
    assert_eq!(paper(TaskKind::Classification, 768)[0].training.head_rate, 1e-4);
    assert_eq!(positive_weight(&[true, false, false, false]).unwrap(), 3.0);
    assert!(positive_weight(&[true]).is_err());
    assert_eq!(case_fraction(1000, 0.01, 12345).unwrap().len(), 10);
    assert!(case_fraction(99, 0.01, 12345).is_err());
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
