use std::fmt::Write;

use crate::boxes::Boxes;
use crate::charts;
use crate::config::{EvaluateConfig, Protocol};
use crate::html::{escaped, figure, table};
use crate::latent::Latent;
use crate::maps::Maps;
use crate::measure::{Measured, Part, Results, Task};
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
    out += match config.protocol {
        Protocol::Strict => {
            "<p>Linear probes on frozen features, the mean over a study's images; labels drawn by patient, regularisation \
             chosen within the training patients. Each value is the seed in the middle; brackets hold 95 % bootstrap \
             intervals over patients of the test split.</p>\n"
        }
        Protocol::Paper => {
            "<p>The protocol of the method's released code: labels drawn by image, for comparison with that code alone. \
             Brackets hold 95 % bootstrap intervals over patients of the test split.</p>\n"
        }
    };
    for encoder in config.encoders.iter().filter(|encoder| encoder.supervised.is_some()) {
        if config.protocol == Protocol::Strict {
            writeln!(
                out,
                "<p>{}: encoder and head learn from the labels alone, those of four fifths of the drawn patients; the others \
                 tell when to stop.</p>",
                escaped(&encoder.name)
            )?;
        }
    }
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

/// The first metric of every task and encoder, by way of fitting.
fn overview(out: &mut String, results: &Results) -> anyhow::Result<()> {
    let first = results.tasks.first().and_then(|task| task.encoders.first());
    let parts = first.iter().flat_map(|encoder| &encoder.parts).map(|part| part.name.clone());
    let head: Vec<String> = ["task", "metric", "encoder"]
        .map(str::to_owned)
        .into_iter()
        .chain(parts)
        .chain(["floor".to_owned()])
        .collect();
    let rows = results.tasks.iter().flat_map(|task| {
        let floor = task.floor.as_ref().map_or_else(String::new, |floor| floor.value.to_string());
        task.encoders.iter().map(move |encoder| {
            let values = encoder.parts.iter().map(|part| value(task, part));
            let (metric, better) = task.answer.first_metric();
            let metric = format!("{metric} {}", if better { "↑" } else { "↓" });
            let names = [task.name.clone(), metric, encoder.name.clone()];
            names.into_iter().chain(values).chain([floor.clone()]).collect()
        })
    });
    out.push_str("<section>\n<h2>By share of the labels</h2>\n");
    table(out, &head.iter().map(String::as_str).collect::<Vec<_>>(), rows)?;
    out.push_str(
        "<p>↑ more is better, ↓ less is better. <em>Floor</em> is what the labels themselves leave open, where that is \
         known.</p>\n</section>\n",
    );
    Ok(())
}

fn value(task: &Task, part: &Part) -> String {
    let (metric, _) = task.answer.first_metric();
    match part.middle(&task.answer).and_then(|outcome| outcome.metrics().get(metric)) {
        Some(value) => interval(value),
        None => "none".to_owned(),
    }
}

/// Every metric of every row, folded away.
fn everything(out: &mut String, results: &Results) -> anyhow::Result<()> {
    let rows = rows(results).into_iter().map(|row| {
        let value = match row.value {
            Ok(value) => interval(&value),
            Err(reason) => reason.to_owned(),
        };
        let [task, encoder, part, metric] = [row.task, row.encoder, row.part, row.metric].map(str::to_owned);
        vec![task, encoder, part, row.train_labels.to_string(), metric, value]
    });
    out.push_str("<section>\n<h2>All metrics</h2>\n<details><summary>Table</summary>\n");
    let head = ["task", "encoder", "fitted on", "training labels", "metric", "value"];
    table(out, &head, rows)?;
    out.push_str("</details>\n</section>\n");
    Ok(())
}

fn section(out: &mut String, task: &Task) -> anyhow::Result<()> {
    let Task { name, train_labels, test_labels, test_patients, encoders, .. } = task;
    writeln!(
        out,
        "<section>\n<h2>{}</h2>\n<p>Fitted on parts of {train_labels} labels, measured on {test_labels} cases of \
         {test_patients} patients.</p>",
        escaped(name)
    )?;
    if let Some(floor) = &task.floor {
        writeln!(out, "<p>Floor: {} {}. {}</p>", escaped(&floor.metric), floor.value, escaped(&floor.why))?;
    }
    faults(out, task)?;
    out.push_str("<div class=\"charts\">\n");
    for chart in charts::of(task)? {
        figure(out, &chart)?;
    }
    out.push_str("</div>\n");
    gains(out, task)?;
    for encoder in encoders {
        writeln!(out, "<h3>{}</h3>", escaped(&encoder.name))?;
        confusion(out, task, encoder)?;
        audit(out, encoder)?;
        if let Some(latent) = &encoder.latent {
            latent_space(out, latent)?;
        }
        if let Some(maps) = &encoder.maps {
            looks(out, maps)?;
        }
        if let Some(boxes) = &encoder.boxes {
            boxes_found(out, boxes)?;
        }
    }
    out.push_str("</section>\n");
    Ok(())
}

/// What is wrong with the set.
fn faults(out: &mut String, task: &Task) -> anyhow::Result<()> {
    let faults =
        [("are listed and have no image", &task.missing), ("are in the training split too", &task.shared)];
    for (what, names) in faults {
        if !names.is_empty() {
            writeln!(
                out,
                "<details class=\"notice\"><summary>{} studies {what}</summary>{}</details>",
                names.len(),
                escaped(&names.join(", "))
            )?;
        }
    }
    Ok(())
}

/// How each encoder compares with the first.
fn gains(out: &mut String, task: &Task) -> anyhow::Result<()> {
    let Some((first, others)) = task.encoders.split_first() else { return Ok(()) };
    let rows = others.iter().flat_map(|encoder| {
        encoder.parts.iter().filter_map(|part| {
            let gain = part.against_first.as_ref()?;
            let chance = format!("{:.4}", gain.p_value);
            Some(vec![encoder.name.clone(), part.name.clone(), interval(&gain.interval), chance])
        })
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let difference = format!("{} minus that of {}", task.answer.first_metric_name(), first.name);
    table(out, &["encoder", "fitted on", &difference, "p"], rows.into_iter())
}

fn confusion(out: &mut String, task: &Task, encoder: &Measured) -> anyhow::Result<()> {
    let Some(counts) = &encoder.confusion else { return Ok(()) };
    let classes = task.answer.names();
    let mut head = vec!["truth \\ called, all labels".to_owned()];
    head.extend(classes.iter().cloned());
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let rows = classes.iter().zip(counts).map(|(class, counts)| {
        let mut row = vec![class.clone()];
        row.extend(counts.iter().map(u64::to_string));
        row
    });
    table(out, &head, rows)
}

fn audit(out: &mut String, encoder: &Measured) -> anyhow::Result<()> {
    let rows = encoder.audits.iter().flat_map(|audit| {
        audit.subgroups.iter().map(|group| {
            let value =
                group.value.as_ref().map_or_else(|| group.reason.clone().unwrap_or_default(), interval);
            let gap = group.gap.as_ref().map(interval).unwrap_or_default();
            let flag = if group.flagged { "more than chance" } else { "" };
            let name = format!("{} {}", group.attribute, group.group);
            vec![name, group.cases.to_string(), audit.metric.replace('_', " "), value, gap, flag.to_owned()]
        })
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    out.push_str("<h4>Subgroups</h4>\n");
    table(out, &["subgroup", "studies", "of", "value", "gap to the others", "flag"], rows.into_iter())
}

fn latent_space(out: &mut String, latent: &Latent) -> anyhow::Result<()> {
    out.push_str("<h4>Features without a head</h4>\n");
    if let Some([right, most]) = latent.neighbour_accuracy {
        writeln!(
            out,
            "<p>The 20 nearest training studies have the right label in {:.1} % of the test; the most frequent label \
             would in {:.1} %.</p>",
            100.0 * right,
            100.0 * most
        )?;
    }
    out.push_str("<div class=\"charts\">\n");
    for (title, plane) in &latent.planes {
        figure(out, &charts::plane(title, plane)?)?;
    }
    out.push_str("</div>\n");
    if !latent.gallery.is_empty() {
        out.push_str("<p>A test study, and the training studies nearest to it:</p>\n");
    }
    for row in &latent.gallery {
        out.push_str("<div class=\"row\">\n");
        for (place, shown) in std::iter::once(&row.query).chain(&row.found).enumerate() {
            let class = if place == 0 { "query" } else { "found" };
            writeln!(
                out,
                "<figure class=\"{class}\"><img src=\"{}\" alt=\"{}\"><figcaption>{}</figcaption></figure>",
                shown.picture,
                class,
                escaped(&shown.label)
            )?;
        }
        out.push_str("</div>\n");
    }
    Ok(())
}

fn looks(out: &mut String, maps: &Maps) -> anyhow::Result<()> {
    out.push_str("<h4>Where it looks</h4>\n");
    let rows = maps.pointing.iter().map(|pointing| vec![pointing.asked.clone(), interval(&pointing.hits)]);
    table(out, &["asked", "highest place in a box"], rows)?;
    writeln!(
        out,
        "<p>{} test images of the finding; boxes cover {:.3} of an image. Blue: the boxes.</p>\n<div class=\"row\">",
        maps.images, maps.chance
    )?;
    for (asked, picture) in &maps.pictures {
        writeln!(
            out,
            "<figure class=\"map\"><img src=\"{picture}\" alt=\"map\"><figcaption>{}</figcaption></figure>",
            escaped(asked)
        )?;
    }
    out.push_str("</div>\n");
    Ok(())
}

fn boxes_found(out: &mut String, boxes: &Boxes) -> anyhow::Result<()> {
    out.push_str("<h4>Boxes</h4>\n");
    writeln!(
        out,
        "<p>A head on the frozen places of {} training images; {} boxes in {} test images. Average precision as COCO \
         defines it, over the classes that the test has.</p>",
        boxes.train_images, boxes.test_boxes, boxes.test_images
    )?;
    let rows = boxes.found.iter().map(|found| {
        vec![found.classes.to_owned(), format!("{:.3}", found.at_half), interval(&found.average)]
    });
    table(out, &["classes", "at a common part of 0.5", "from 0.5 to 0.95"], rows)
}
