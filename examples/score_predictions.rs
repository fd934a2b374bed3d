//! Scores a file of predictions and writes the metrics, named as scikit-learn names them.
//!
//! ```text
//! cargo run --release --no-default-features --example score_predictions -- \
//!     --task binary --input predictions.json --output metrics.json
//! ```
//!
//! | task | input | called positive, or the class |
//! |---|---|---|
//! | `binary` | `{"label": [0, 1], "score": [0.2, 0.7]}`, scores being probabilities | score of at least 0.5 |
//! | `multiclass` | `{"label": [0, 2], "prob": [[0.8, 0.1, 0.1], [0.2, 0.3, 0.5]]}` | highest, first of equal ones |
//! | `regression` | `{"target": [1.5], "prediction": [1.7]}` | |

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use eval_metrics::{
    ConfusionMatrix, argmax, auroc, auroc_macro_ovr, average_precision, brier, expected_calibration_error,
    mae, pearson, r2, rmse,
};
use serde::Deserialize;
use serde_json::Value;
use xray_core::AtomicFile;

#[derive(Parser)]
#[command(about = "Scores a file of predictions")]
struct Args {
    /// What was predicted.
    #[arg(long)]
    task: Task,
    /// The predictions, a JSON file.
    #[arg(long)]
    input: PathBuf,
    /// Where the metrics go, a JSON file.
    #[arg(long)]
    output: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Task {
    Binary,
    Multiclass,
    Regression,
}

#[derive(Deserialize)]
struct Binary {
    label: Vec<Value>,
    score: Vec<f64>,
}

#[derive(Deserialize)]
struct Multiclass {
    label: Vec<Value>,
    prob: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Regression {
    target: Vec<f64>,
    prediction: Vec<f64>,
}

type Metrics = BTreeMap<&'static str, f64>;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let text = std::fs::read_to_string(&args.input).with_context(|| format!("reading {:?}", args.input))?;
    let metrics = match args.task {
        Task::Binary => serde_json::from_str(&text).map_err(Into::into).and_then(binary),
        Task::Multiclass => serde_json::from_str(&text).map_err(Into::into).and_then(multiclass),
        Task::Regression => serde_json::from_str(&text).map_err(Into::into).and_then(regression),
    }
    .with_context(|| format!("scoring {:?}", args.input))?;
    AtomicFile::write(&args.output, (serde_json::to_string_pretty(&metrics)? + "\n").as_bytes())?;
    Ok(())
}

fn binary(input: Binary) -> Result<Metrics> {
    let labels: Vec<bool> = classes(&input.label, 2)?.iter().map(|label| *label == 1).collect();
    let matrix = ConfusionMatrix::at_threshold(&labels, &input.score, 0.5)?;
    Ok(Metrics::from([
        ("accuracy", matrix.accuracy()?),
        ("auroc", auroc(&labels, &input.score)?),
        ("average_precision", average_precision(&labels, &input.score)?),
        ("balanced_accuracy", matrix.balanced_accuracy()?),
        ("brier", brier(&labels, &input.score)?),
        ("expected_calibration_error", expected_calibration_error(&labels, &input.score, 10)?),
        ("f1", matrix.f1(1)?),
        ("sensitivity", matrix.sensitivity(1)?),
        ("specificity", matrix.specificity(1)?),
    ]))
}

fn multiclass(input: Multiclass) -> Result<Metrics> {
    let Some(first) = input.prob.first() else { bail!("prob: no case") };
    let count = first.len();
    if let Some(index) = input.prob.iter().position(|row| row.len() != count) {
        bail!("prob: the row at index {index} has not {count} values as the first has");
    }
    let labels = classes(&input.label, count)?;
    let scores = input.prob.concat();
    let matrix = ConfusionMatrix::new(&labels, &argmax(&scores, count)?, count)?;
    Ok(Metrics::from([
        ("accuracy", matrix.accuracy()?),
        ("auroc_macro_ovr", auroc_macro_ovr(&labels, &scores, count)?),
        ("balanced_accuracy", matrix.balanced_accuracy()?),
        ("f1_macro", matrix.f1_macro()?),
        ("quadratic_kappa", matrix.quadratic_kappa()?),
    ]))
}

fn regression(input: Regression) -> Result<Metrics> {
    let (target, prediction) = (&input.target, &input.prediction);
    Ok(Metrics::from([
        ("mae", mae(target, prediction)?),
        ("pearson", pearson(target, prediction)?),
        ("r2", r2(target, prediction)?),
        ("rmse", rmse(target, prediction)?),
    ]))
}

/// Class numbers, written as 1, 1.0 or, of two classes, true.
fn classes(labels: &[Value], count: usize) -> Result<Vec<usize>> {
    let class = |(index, label): (usize, &Value)| {
        let number = label.as_f64().or_else(|| label.as_bool().map(|yes| f64::from(u8::from(yes))));
        let class = number.and_then(|number| (0..count).find(|class| *class as f64 == number));
        class.with_context(|| format!("label: the value at index {index} is not a class below {count}"))
    };
    labels.iter().enumerate().map(class).collect()
}
