use std::fmt::Write;

use crate::config::{Comparison, Variant};
use crate::measure::{K, Measured, Measures};

/// A row a variant: the mean over its seeds, with the lowest and the highest.
pub(crate) fn markdown(
    comparison: &Comparison,
    measures: &Measures,
    of: impl Fn(&Variant, u64) -> anyhow::Result<Option<Measured>>,
) -> anyhow::Result<String> {
    let mut found = Vec::new();
    for variant in &comparison.variants {
        let runs: Vec<Option<Measured>> =
            comparison.seeds.iter().map(|seed| of(variant, *seed)).collect::<anyhow::Result<_>>()?;
        found.push((variant, runs.into_iter().flatten().collect::<Vec<_>>()));
    }
    let mut page = format!("{}\n\n", comparison.notice);
    if let Some(run) = found.iter().find_map(|(_, runs)| runs.first()) {
        writeln!(
            page,
            "The mean over seeds [lowest, highest], on {} studies of the test split; chance is {:.3} at R@{K}. Zero-shot \
             and probes are of `{}`, as AUROC.\n",
            run.studies, run.chance, comparison.label
        )?;
    }
    let percent = |fraction: &f64| format!(" probe, {} % of labels |", fraction * 100.0);
    let probes: String = measures.fractions().iter().map(percent).collect();
    writeln!(
        page,
        "| trained with | seeds | image to report, R@{K} | report to image, R@{K} | zero-shot |{probes}"
    )?;
    writeln!(page, "|---|---|---|---|---|{}", "---|".repeat(measures.fractions().len()))?;
    for (variant, runs) in &found {
        let cell = |value: &dyn Fn(&Measured) -> Option<f64>| spread(runs.iter().filter_map(value));
        let mut row = format!("| {} | {} |", variant.name, runs.len());
        for value in [
            &|run: &Measured| Some(run.image_to_report) as Option<f64>,
            &|run: &Measured| Some(run.report_to_image),
            &|run: &Measured| Some(run.zero_shot),
        ] as [&dyn Fn(&Measured) -> Option<f64>; 3]
        {
            write!(row, " {} |", cell(value))?;
        }
        for place in 0..measures.fractions().len() {
            write!(row, " {} |", cell(&|run| run.probes.get(place).copied().flatten()))?;
        }
        writeln!(page, "{row}")?;
    }
    let all = || found.iter().flat_map(|(_, runs)| runs);
    let seeds = found.iter().map(|(_, runs)| runs.len()).max().unwrap_or(0);
    let mut row = format!("| nothing: random weights | {seeds} | | | |");
    for place in 0..measures.fractions().len() {
        write!(row, " {} |", spread(all().filter_map(|run| run.random.get(place).copied().flatten())))?;
    }
    writeln!(page, "{row}")?;
    Ok(page)
}

fn spread(values: impl Iterator<Item = f64>) -> String {
    let values: Vec<f64> = values.collect();
    if values.is_empty() {
        return "–".to_owned();
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
    format!("{mean:.3} [{low:.3}, {high:.3}]")
}
