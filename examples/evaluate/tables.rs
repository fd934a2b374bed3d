use std::fmt::Write;

use osteon::eval_metrics::Interval;

use crate::measure::Results;

/// One row a label, encoder, part of the labels and metric: the seed in the middle, and the range of the seeds.
pub(crate) struct Row<'a> {
    pub(crate) label: &'a str,
    pub(crate) encoder: &'a str,
    pub(crate) fraction: f64,
    pub(crate) studies: usize,
    pub(crate) metric: &'a str,
    /// Nothing where no probe could be fitted.
    pub(crate) value: Result<Interval, &'a str>,
}

pub(crate) fn rows(results: &Results) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for task in &results.tasks {
        for encoder in &task.encoders {
            for part in &encoder.parts {
                let studies = part.points.first().map_or(0, |point| point.train_cases);
                let row = |metric, value| Row {
                    label: &task.label,
                    encoder: &encoder.name,
                    fraction: part.fraction,
                    studies,
                    metric,
                    value,
                };
                match part.middle() {
                    Some(evaluation) => {
                        rows.extend(evaluation.metrics.iter().map(|(metric, value)| row(metric, Ok(*value))))
                    }
                    None => {
                        let reason = part.points.iter().find_map(|point| point.reason.as_deref());
                        rows.push(row("auroc", Err(reason.unwrap_or("no probe was fitted"))));
                    }
                }
            }
        }
    }
    rows
}

pub(crate) fn csv(results: &Results) -> String {
    let mut out = String::from("label,encoder,fraction,train_studies,metric,estimate,low,high,reason\n");
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    for row in rows(results) {
        let Row { fraction, studies, metric, .. } = row;
        let (label, encoder) = (quoted(row.label), quoted(row.encoder));
        let value = match row.value {
            Ok(Interval { estimate, low, high, .. }) => format!("{estimate},{low},{high},"),
            Err(reason) => format!(",,,{}", quoted(reason)),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{label},{encoder},{fraction},{studies},{metric},{value}");
    }
    out
}

pub(crate) fn markdown(results: &Results) -> String {
    let mut out = format!("# Evaluation\n\n{}\n\n", results.notice);
    out += "| label | encoder | labels | training studies | metric | value [95 % interval over patients] |\n";
    out += "|---|---|---|---|---|---|\n";
    for row in rows(results) {
        let value = match row.value {
            Ok(value) => interval(&value),
            Err(reason) => reason.to_owned(),
        };
        let (label, encoder, metric) = (row.label, row.encoder, row.metric);
        let (percent, studies) = (100.0 * row.fraction, row.studies);
        let _ = writeln!(out, "| {label} | {encoder} | {percent} % | {studies} | {metric} | {value} |");
    }
    out
}

pub(crate) fn interval(value: &Interval) -> String {
    format!("{:.3} [{:.3}, {:.3}]", value.estimate, value.low, value.high)
}
