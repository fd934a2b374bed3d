use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use osteon::contrastive_align::PairIndex;
use osteon::downstream_heads::EfficiencyPoint;
use osteon::eval_metrics::Interval;
use osteon::eval_metrics::plot::{LineChart, Series};
use osteon::xray_core::{AtomicFile, Dataset, Labels, Sample};
use osteon::xray_dataset::{ShardDataset, Split};
use osteon::xray_phantom::ContactSheet;
use serde_json::json;

use crate::evaluate::{Results, present};
use crate::real::Real;
use crate::train::Losses;

/// A file that marks a folder as a demo's, so that nothing else is ever cleared.
const MARK: &str = ".osteon-demo";

/// Makes `out` an empty folder; refuses one that holds anything but an earlier demo.
pub(crate) fn clear(out: &Path) -> anyhow::Result<()> {
    if out.exists() && fs::read_dir(out)?.next().is_some() {
        ensure!(out.join(MARK).is_file(), "the folder holds something else than an earlier demo");
        fs::remove_dir_all(out)?;
    }
    AtomicFile::write(out.join(MARK), b"made by the demo of osteon\n")?;
    Ok(())
}

/// metrics.json, loss.svg, retrieved.png and the table on the terminal.
pub(crate) fn write(
    out: &Path,
    results: &Results,
    losses: &Losses,
    real: &Real,
    started: Instant,
) -> anyhow::Result<()> {
    let metrics = json!({ "results": results, "real_radiographs": real });
    AtomicFile::write(out.join("metrics.json"), format!("{metrics:#}\n").as_bytes())?;
    let chart = LineChart::new("Contrastive loss (simulated radiographs and reports)", "step", "loss")
        .with_series(Series::new("training", losses.training.clone()))
        .with_series(Series::new("validation", losses.validation.clone()));
    AtomicFile::write(out.join("loss.svg"), chart.to_svg()?.as_bytes())?;
    if let Some(pairs) = &results.pairs {
        retrieved(out, pairs).context("drawing the retrieved pairs")?;
    }
    // The archive is the one part that would identify people if they were real.
    fs::remove_dir_all(out.join("archive"))?;
    print(out, results, real, started);
    Ok(())
}

/// Six reports of the test split, each with the three nearest images.
fn retrieved(out: &Path, pairs: &PairIndex) -> anyhow::Result<()> {
    let studies = ShardDataset::open(out.join("shards"), Split::Test)?;
    let study = |key: &str| -> anyhow::Result<Sample> {
        let index = (0..studies.len()).find(|index| studies.key(*index) == key);
        Ok(studies.get(index.context("a retrieved study is in no shard")?)?)
    };
    let title = "SIMULATED: the image of a report, then the three images nearest to it";
    let mut sheet = ContactSheet::new(title, 4);
    let step = (pairs.texts.len() / 6).max(1);
    for row in (0..pairs.texts.len()).step_by(step).take(6) {
        let key = &pairs.texts.keys()[row];
        let own = study(key)?;
        sheet.add(&own.images[0], ["REPORT OF THIS STUDY".to_owned(), describe(&own.labels)]);
        let query = pairs.texts.embeddings().narrow(0, row as i64, 1);
        for neighbour in pairs.images.nearest(&query, 3)?.concat() {
            let found = study(&pairs.images.keys()[neighbour.row])?;
            let which = if found.key == *key { "ITSELF" } else { "ANOTHER" };
            let line = format!("{which}, COSINE {:.2}", neighbour.similarity);
            sheet.add(&found.images[0], [line, describe(&found.labels)]);
        }
    }
    sheet.save(out.join("retrieved.png"))?;
    Ok(())
}

/// Part, side and finding of a simulated study.
fn describe(labels: &Labels) -> String {
    let class = |name: &str| labels.get(name).and_then(|label| serde_json::to_value(label).ok());
    let word =
        |name: &str| class(name).and_then(|value| value.as_str().map(str::to_uppercase)).unwrap_or_default();
    let finding =
        if present(labels) { format!("FRACTURE {}", word("fractured_bone")) } else { "NO FRACTURE".into() };
    format!("{} {}, {finding}", word("body_part"), word("laterality"))
}

#[expect(clippy::print_stdout, reason = "the table is what the demo is run for")]
fn print(out: &Path, results: &Results, real: &Real, started: Instant) {
    let interval = |i: &Interval| format!("{:.3} [{:.3}, {:.3}]", i.estimate, i.low, i.high);
    println!(
        "\nSIMULATED radiographs and reports, patients never seen in training (95 % intervals over patients)\n"
    );
    println!("studies: {:?}", results.studies);
    println!("\n{:<18} {:>4}  {:<24} {:>8} {:>8}", "retrieval", "k", "recall", "chance", "times");
    for (direction, recalls) in &results.retrieval {
        for r in recalls {
            let (recall, times) = (interval(&r.recall), r.recall.estimate / r.chance);
            println!("{direction:<18} {:>4}  {recall:<24} {:>8.4} {times:>8.1}", r.k, r.chance);
        }
    }
    println!("\nfracture, zero-shot from French descriptions: AUROC {}", interval(&results.zero_shot_auroc));
    for (bone, auroc) in &results.zero_shot_auroc_by_bone {
        println!("  {bone:<10} {}", interval(auroc));
    }
    println!(
        "\n{:<12} {:>7}  {:<24} {:<24} {:<24} raw pixels (32 x 32)",
        "linear probe", "studies", "after alignment", "random init", "gain over it"
    );
    let auroc = |point: &EfficiencyPoint| match point.evaluation.as_ref().and_then(|e| e.auroc()) {
        Some(auroc) => interval(&auroc),
        None => point.reason.clone().unwrap_or_default(),
    };
    let beside = results.probe_of_random_init.iter().zip(&results.probe_of_raw_pixels);
    let rows = results.probe_after_alignment.iter().zip(beside).zip(&results.probe_gain);
    for ((after, (random, raw)), gain) in rows {
        let gain = gain.as_ref().map_or(String::new(), |gain| interval(&gain.interval));
        let (fraction, studies) = (format!("{} %", after.fraction * 100.0), after.train_cases);
        println!(
            "{fraction:<12} {studies:>7}  {:<24} {:<24} {gain:<24} {}",
            auroc(after),
            auroc(random),
            auroc(raw)
        );
    }
    match real {
        Real::Skipped { skipped } => println!("\nreal radiographs: skipped, {skipped}"),
        Real::Read(radiographs) => {
            for r in radiographs {
                println!(
                    "\nreal radiograph {} ({}), {} x {}: lossless JPEG 2000 {} the raw file; embedding {}; nearest simulated reports:",
                    r.name,
                    r.shows,
                    r.height,
                    r.width,
                    if r.lossless_equals_raw { "equals" } else { "DIFFERS FROM" },
                    if r.embedding_is_finite { "finite" } else { "NOT FINITE" },
                );
                for (cosine, line) in &r.nearest_reports {
                    println!("  {cosine:.2}  {line}");
                }
            }
        }
    }
    let (seconds, out) = (started.elapsed().as_secs(), out.display());
    println!(
        "\n{} min {:02} s; {out}/ holds metrics.json, loss.svg, retrieved.png, reports-before-after.md,",
        seconds / 60,
        seconds % 60
    );
    println!("the shards, and both encoders in Hugging Face form below {out}/run/");
}
