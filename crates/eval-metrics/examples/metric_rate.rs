//! The part of ours in `benches/peers/metrics.py` and `scaling.py`: a metric of the cases of a file, as often as each line
//! of standard input says. Answers with `{"units": .., "seconds": ..}`.
//!
//! ```text
//! metric_rate auroc|average_precision|kappa|bootstrap|ranks CASES.json
//! ```
//!
//! `CASES.json` holds `labels`, `scores`, `grades` and `called`, all as long. Of `bootstrap` the number is that of the
//! resamples, of `ranks` the queries, each against as many items.

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;

use eval_metrics::{Auroc, Bootstrap, Clusters, ConfusionMatrix, auroc, average_precision, ranks};
use serde::Deserialize;
use serde_json::json;

const CLASSES: usize = 5;

#[derive(Deserialize)]
struct Cases {
    labels: Vec<bool>,
    scores: Vec<f64>,
    grades: Vec<usize>,
    called: Vec<usize>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(work), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("usage: metric_rate auroc|average_precision|kappa|bootstrap|ranks CASES.json".into());
    };
    let start = Instant::now();
    let cases: Cases = serde_json::from_slice(&std::fs::read(path)?)?;
    let mut answers = std::io::stdout();
    writeln!(answers, "{}", json!({"loaded": start.elapsed().as_secs_f64()}))?;
    answers.flush()?;
    for line in std::io::stdin().lock().lines() {
        let count: usize = line?.trim().parse()?;
        let start = Instant::now();
        let value = measure(&work, &cases, count)?;
        let seconds = start.elapsed().as_secs_f64();
        writeln!(answers, "{}", json!({"units": count, "seconds": seconds, "value": value}))?;
        answers.flush()?;
    }
    Ok(())
}

/// The value, so that peers can be compared with it too.
fn measure(work: &str, cases: &Cases, count: usize) -> Result<f64, Box<dyn Error>> {
    let Cases { labels, scores, grades, called } = cases;
    let mut value = 0.0;
    match work {
        "bootstrap" => {
            let bootstrap = Bootstrap { resamples: count, ..Bootstrap::default() };
            let metric = Auroc::new(labels, scores)?;
            value = bootstrap.interval(&metric, &Clusters::single(labels.len()))?.low;
        }
        "ranks" => {
            let shifted =
                |query: usize| (0..count).map(move |item| scores[(31 * query + item) % scores.len()] as f32);
            let similarity: Vec<f32> = (0..count).flat_map(shifted).collect();
            let targets: Vec<usize> = (0..count).collect();
            value = ranks(&similarity, &targets)?.len() as f64;
        }
        _ => {
            for _ in 0..count {
                value = match work {
                    "auroc" => auroc(black_box(labels), scores)?,
                    "average_precision" => average_precision(black_box(labels), scores)?,
                    "kappa" => ConfusionMatrix::new(black_box(grades), called, CLASSES)?.quadratic_kappa()?,
                    other => return Err(format!("{other} is not measured here").into()),
                };
            }
        }
    }
    Ok(value)
}
