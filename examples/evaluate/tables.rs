use std::fmt::Write;

use osteon::eval_metrics::Interval;

use crate::measure::Results;

/// One row a task, encoder, way of fitting and metric: the seed in the middle.
pub(crate) struct Row<'a> {
    pub(crate) task: &'a str,
    pub(crate) encoder: &'a str,
    pub(crate) part: &'a str,
    pub(crate) train_labels: usize,
    pub(crate) metric: &'a str,
    /// Nothing where no probe could be fitted.
    pub(crate) value: Result<Interval, &'a str>,
}

pub(crate) fn rows(results: &Results) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for task in &results.tasks {
        for encoder in &task.encoders {
            for part in &encoder.parts {
                let train_labels = part.points.first().map_or(0, |point| point.train_labels);
                let row = |metric, value| Row {
                    task: &task.name,
                    encoder: &encoder.name,
                    part: &part.name,
                    train_labels,
                    metric,
                    value,
                };
                match part.middle(&task.answer) {
                    Some(outcome) => {
                        rows.extend(outcome.metrics().iter().map(|(metric, value)| row(metric, Ok(*value))));
                    }
                    None => {
                        let reason = part.points.iter().find_map(|point| point.reason.as_deref());
                        let (metric, _) = task.answer.first_metric();
                        rows.push(row(metric, Err(reason.unwrap_or("no probe was fitted"))));
                    }
                }
            }
        }
    }
    rows
}

pub(crate) fn csv(results: &Results) -> String {
    let mut out = String::from("task,encoder,fitted,train_labels,metric,estimate,low,high,reason\n");
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    for row in rows(results) {
        let Row { train_labels, metric, .. } = row;
        let [task, encoder, part] = [row.task, row.encoder, row.part].map(quoted);
        let value = match row.value {
            Ok(Interval { estimate, low, high, .. }) => format!("{estimate},{low},{high},"),
            Err(reason) => format!(",,,{}", quoted(reason)),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{task},{encoder},{part},{train_labels},{metric},{value}");
    }
    out
}

pub(crate) fn markdown(results: &Results) -> String {
    let mut out = format!("# Evaluation\n\n{}\n\n", results.notice);
    out +=
        "| task | encoder | fitted on | training labels | metric | value [95 % interval over patients] |\n";
    out += "|---|---|---|---|---|---|\n";
    for row in rows(results) {
        let value = match row.value {
            Ok(value) => interval(&value),
            Err(reason) => reason.to_owned(),
        };
        let Row { task, encoder, part, train_labels, metric, .. } = row;
        let _ = writeln!(out, "| {task} | {encoder} | {part} | {train_labels} | {metric} | {value} |");
    }
    for task in &results.tasks {
        for (what, names) in
            [("without an image", &task.missing), ("also in the training split", &task.shared)]
        {
            if !names.is_empty() {
                let _ =
                    writeln!(out, "\n{}: {} studies {what}: {}", task.name, names.len(), names.join(", "));
            }
        }
    }
    out
}

pub(crate) fn interval(value: &Interval) -> String {
    format!("{:.3} [{:.3}, {:.3}]", value.estimate, value.low, value.high)
}
