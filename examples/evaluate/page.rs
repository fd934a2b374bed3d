use std::fmt::Write;

use osteon::eval_metrics::plot::{LineChart, Series};
use osteon::eval_metrics::{Binning, reliability_curve, roc_curve};

use crate::config::EvaluateConfig;
use crate::measure::{Measured, Results, Task};
use crate::tables::{interval, rows};

const STYLE: &str = include_str!("page.css");
const SORT: &str = include_str!("sort.js");

/// One page with everything in it: no script is needed but to sort a table, and nothing is fetched.
pub(crate) fn html(config: &EvaluateConfig, results: &Results) -> anyhow::Result<String> {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Evaluation</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Evaluation</h1>\n<p class=\"notice\">{}</p>\n",
        escaped(&results.notice)
    );
    out += "<p>Linear probes on frozen features, the mean over a study's images. Each value is the seed in the middle; \
            brackets hold 95 % bootstrap intervals over patients of the test split.</p>\n";
    overview(&mut out, results)?;
    for task in &results.tasks {
        section(&mut out, task)?;
    }
    everything(&mut out, results)?;
    writeln!(out, "<section>\n<h2>What was run</h2>\n<p>osteon {}</p>\n<pre>", results.version)?;
    write!(out, "{}", escaped(&toml::to_string_pretty(config)?))?;
    write!(out, "</pre>\n</section>\n</main>\n<script>\n{SORT}</script>\n</body>\n</html>\n")?;
    Ok(out)
}

/// AUROC of every label and encoder by share of the labels.
fn overview(out: &mut String, results: &Results) -> anyhow::Result<()> {
    let first = results.tasks.first().and_then(|task| task.encoders.first());
    let fractions = first.iter().flat_map(|encoder| &encoder.parts).map(|part| percent(part.fraction));
    let head: Vec<String> = ["label", "encoder"].into_iter().map(str::to_owned).chain(fractions).collect();
    let rows = results.tasks.iter().flat_map(|task| {
        task.encoders.iter().map(|encoder| {
            let aurocs = encoder.parts.iter().map(|part| match part.middle().and_then(|e| e.auroc()) {
                Some(auroc) => interval(&auroc),
                None => "too few patients".to_owned(),
            });
            [task.label.clone(), encoder.name.clone()].into_iter().chain(aurocs).collect()
        })
    });
    out.push_str("<section>\n<h2>AUROC by share of the labels</h2>\n");
    table(out, &head.iter().map(String::as_str).collect::<Vec<_>>(), rows)?;
    out.push_str("</section>\n");
    Ok(())
}

/// Every metric of every row, folded away.
fn everything(out: &mut String, results: &Results) -> anyhow::Result<()> {
    let rows = rows(results).into_iter().map(|row| {
        let value = match row.value {
            Ok(value) => interval(&value),
            Err(reason) => reason.to_owned(),
        };
        let [label, encoder, metric] = [row.label, row.encoder, row.metric].map(str::to_owned);
        vec![label, encoder, percent(row.fraction), row.studies.to_string(), metric, value]
    });
    out.push_str("<section>\n<h2>All metrics</h2>\n<details><summary>Table</summary>\n");
    let head = ["label", "encoder", "labels", "training studies", "metric", "value"];
    table(out, &head, rows)?;
    out.push_str("</details>\n</section>\n");
    Ok(())
}

fn percent(fraction: f64) -> String {
    format!("{} %", 100.0 * fraction)
}

fn section(out: &mut String, task: &Task) -> anyhow::Result<()> {
    let Task { label, classes, train_studies, test_studies, test_patients, encoders } = task;
    writeln!(
        out,
        "<section>\n<h2>{}</h2>\n<p>Classes: {}. Fitted on parts of {train_studies} studies, measured on {test_studies} studies of \
         {test_patients} patients.</p>",
        escaped(label),
        escaped(&classes.join(", "))
    )?;
    out.push_str("<div class=\"charts\">\n");
    figure(out, &efficiency(task)?)?;
    if let Some(roc) = roc(encoders)? {
        figure(out, &roc)?;
    }
    if let Some(reliability) = reliability(encoders)? {
        figure(out, &reliability)?;
    }
    out.push_str("</div>\n");
    gains(out, encoders)?;
    for encoder in encoders {
        writeln!(out, "<h3>{}, all labels</h3>", escaped(&encoder.name))?;
        let mut head = vec!["truth \\ called".to_owned()];
        head.extend(classes.iter().cloned());
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        let counts = classes.iter().zip(&encoder.confusion).map(|(class, counts)| {
            let mut row = vec![class.clone()];
            row.extend(counts.iter().map(u64::to_string));
            row
        });
        table(out, &head, counts)?;
        let groups = encoder.audit.subgroups.iter().map(|group| {
            let value =
                group.value.as_ref().map_or_else(|| group.reason.clone().unwrap_or_default(), interval);
            let gap = group.gap.as_ref().map(interval).unwrap_or_default();
            let flag = if group.flagged { "more than chance" } else { "" };
            let name = format!("{} {}", group.attribute, group.group);
            vec![name, group.cases.to_string(), value, gap, flag.to_owned()]
        });
        let metric = encoder.audit.metric.as_str();
        table(out, &["subgroup", "studies", metric, "gap to the others", "flag"], groups)?;
    }
    out.push_str("</section>\n");
    Ok(())
}

/// How each encoder compares with the first.
fn gains(out: &mut String, encoders: &[Measured]) -> anyhow::Result<()> {
    let Some((first, others)) = encoders.split_first() else { return Ok(()) };
    let rows = others.iter().flat_map(|encoder| {
        encoder.parts.iter().filter_map(|part| {
            let gain = part.against_first.as_ref()?;
            Some(vec![encoder.name.clone(), percent(part.fraction), interval(&gain.interval)])
        })
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let difference = format!("AUROC minus that of {}", first.name);
    table(out, &["encoder", "labels", &difference], rows.into_iter())
}

fn efficiency(task: &Task) -> anyhow::Result<String> {
    let mut chart = LineChart::new("AUROC by share of the labels", "share of the training labels", "AUROC")
        .with_log_x()
        .with_y_range(0.0, 1.0);
    for encoder in &task.encoders {
        let points = encoder.parts.iter().filter_map(|part| Some((part.fraction, part.middle()?.auroc()?)));
        let points: Vec<_> = points.collect();
        if points.is_empty() {
            continue;
        }
        let line = points.iter().map(|(fraction, auroc)| [*fraction, auroc.estimate]).collect();
        let band = points.iter().map(|(_, auroc)| [auroc.low, auroc.high]).collect();
        chart = chart.with_series(Series::new(&encoder.name, line).with_band(band));
    }
    Ok(chart.to_svg()?)
}

fn roc(encoders: &[Measured]) -> anyhow::Result<Option<String>> {
    let mut chart =
        LineChart::new("ROC, all labels", "1 - specificity", "sensitivity").with_y_range(0.0, 1.0);
    for encoder in encoders {
        let Some((labels, scores)) = &encoder.scores else { return Ok(None) };
        let curve = roc_curve(labels, scores)?;
        let points = curve.iter().map(|point| [point.false_positive_rate, point.true_positive_rate]);
        chart = chart.with_series(Series::new(&encoder.name, points.collect()));
    }
    Ok(Some(chart.to_svg()?))
}

fn reliability(encoders: &[Measured]) -> anyhow::Result<Option<String>> {
    let mut chart = LineChart::new("Reliability, all labels", "predicted probability", "observed share")
        .with_y_range(0.0, 1.0);
    for encoder in encoders {
        let Some((labels, scores)) = &encoder.scores else { return Ok(None) };
        let curve = reliability_curve(labels, scores, 8, Binning::Quantile)?;
        let points = curve.iter().map(|bin| [bin.predicted, bin.observed]).collect();
        chart = chart.with_series(Series::new(&encoder.name, points));
    }
    // Last, so that an encoder has its colour in every chart.
    let perfect = Series::new("perfect", vec![[0.0, 0.0], [1.0, 1.0]]);
    Ok(Some(chart.with_series(perfect).to_svg()?))
}

fn figure(out: &mut String, svg: &str) -> anyhow::Result<()> {
    Ok(writeln!(out, "<figure>{svg}</figure>")?)
}

fn table(out: &mut String, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> anyhow::Result<()> {
    out.push_str("<div class=\"wide\"><table>\n<thead><tr>");
    for name in head {
        write!(out, "<th scope=\"col\">{}</th>", escaped(name))?;
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for cell in row {
            write!(out, "<td>{}</td>", escaped(&cell))?;
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n");
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
