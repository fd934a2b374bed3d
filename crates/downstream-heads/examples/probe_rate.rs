//! The part of ours in `benches/peers/evaluation.py`: a linear probe fitted and measured with intervals, as often as each
//! line of standard input says. Answers with `{"units": .., "seconds": .., "auroc": ..}`.
//!
//! ```text
//! probe_rate CASES.json
//! ```
//!
//! `CASES.json` holds `train` and `test`, each with `features` (row after row), `labels` and `patients`, and `resamples`.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use downstream_heads::{Cases, Evaluation, Features, LinearProbe};
use eval_metrics::Bootstrap;
use serde::Deserialize;
use serde_json::json;
use xray_core::PatientId;

#[derive(Deserialize)]
struct Input {
    train: Part,
    test: Part,
    resamples: usize,
}

#[derive(Deserialize)]
struct Part {
    features: Vec<f32>,
    labels: Vec<usize>,
    patients: Vec<usize>,
}

impl Part {
    fn cases(self) -> downstream_heads::Result<Cases> {
        let size = self.features.len() / self.labels.len();
        let patients = self.patients.iter().map(|patient| PatientId::new(patient.to_string())).collect();
        Cases::new(Features::new(self.features, size)?, self.labels, patients)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: probe_rate CASES.json")?;
    let start = Instant::now();
    let Input { train, test, resamples } = serde_json::from_slice(&std::fs::read(path)?)?;
    let (train, test) = (train.cases()?, test.cases()?);
    let bootstrap = Bootstrap { resamples, ..Bootstrap::default() };
    let mut answers = std::io::stdout();
    writeln!(answers, "{}", json!({"loaded": start.elapsed().as_secs_f64()}))?;
    answers.flush()?;
    for line in std::io::stdin().lock().lines() {
        let count: usize = line?.trim().parse()?;
        let start = Instant::now();
        let mut auroc = 0.0;
        for _ in 0..count {
            let probabilities = LinearProbe::default().fit(&train)?.probabilities(test.features())?;
            let measured = Evaluation::new(&test, probabilities, 2, &bootstrap)?;
            auroc = measured.metrics.get("auroc").map_or(f64::NAN, |interval| interval.estimate);
        }
        let seconds = start.elapsed().as_secs_f64();
        writeln!(answers, "{}", json!({"units": count, "seconds": seconds, "auroc": auroc}))?;
        answers.flush()?;
    }
    Ok(())
}
