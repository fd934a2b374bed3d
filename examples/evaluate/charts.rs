use std::collections::BTreeMap;

use osteon::eval_metrics::plot::{LineChart, ScatterChart, Series};
use osteon::eval_metrics::{Binning, reliability_curve, roc_curve};

use crate::latent::Plane;
use crate::measure::{Measured, Task};
use crate::tasks::Answer;

/// The charts of a task.
pub(crate) fn of(task: &Task) -> anyhow::Result<Vec<String>> {
    let charts = [efficiency(task)?, roc(&task.encoders)?, reliability(&task.encoders)?];
    Ok(charts.into_iter().flatten().collect())
}

/// Points in groups by their names.
pub(crate) fn plane(title: &str, plane: &Plane) -> anyhow::Result<String> {
    let mut groups: BTreeMap<&str, Vec<[f64; 2]>> = BTreeMap::new();
    for (name, point) in plane {
        groups.entry(name).or_default().push(*point);
    }
    let empty = ScatterChart::new(title);
    let chart = groups.into_iter().fold(empty, |chart, (name, points)| chart.with_group(name, points));
    Ok(chart.to_svg()?)
}

fn efficiency(task: &Task) -> anyhow::Result<Option<String>> {
    let (metric, _) = task.answer.first_metric();
    let name = task.answer.first_metric_name();
    let mut chart =
        LineChart::new("By share of the labels", "share of the training labels", &name).with_log_x();
    if matches!(task.answer, Answer::Classes(_)) {
        chart = chart.with_y_range(0.0, 1.0);
    }
    let mut drawn = false;
    for encoder in &task.encoders {
        for frozen in [true, false] {
            let parts = encoder.parts.iter().filter(|part| part.frozen == frozen);
            let mut points: Vec<_> = parts
                .filter_map(|part| Some((part.fraction, *part.middle(&task.answer)?.metrics().get(metric)?)))
                .collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            if points.is_empty() {
                continue;
            }
            let line = points.iter().map(|(fraction, value)| [*fraction, value.estimate]).collect();
            let band = points.iter().map(|(_, value)| [value.low, value.high]).collect();
            let name = if frozen { encoder.name.clone() } else { format!("{}, learning", encoder.name) };
            chart = chart.with_series(Series::new(name, line).with_band(band));
            drawn = true;
        }
    }
    Ok(if drawn { Some(chart.to_svg()?) } else { None })
}

fn roc(encoders: &[Measured]) -> anyhow::Result<Option<String>> {
    let mut chart =
        LineChart::new("ROC, all labels", "1 - specificity", "sensitivity").with_y_range(0.0, 1.0);
    let mut drawn = false;
    for (encoder, (labels, scores)) in with_scores(encoders) {
        drawn = true;
        let curve = roc_curve(labels, scores)?;
        let points = curve.iter().map(|point| [point.false_positive_rate, point.true_positive_rate]);
        chart = chart.with_series(Series::new(&encoder.name, points.collect()));
    }
    Ok(if drawn { Some(chart.to_svg()?) } else { None })
}

fn reliability(encoders: &[Measured]) -> anyhow::Result<Option<String>> {
    let mut chart = LineChart::new("Reliability, all labels", "predicted probability", "observed share")
        .with_y_range(0.0, 1.0);
    let mut drawn = false;
    for (encoder, (labels, scores)) in with_scores(encoders) {
        drawn = true;
        let curve = reliability_curve(labels, scores, 8, Binning::Quantile)?;
        let points = curve.iter().map(|bin| [bin.predicted, bin.observed]).collect();
        chart = chart.with_series(Series::new(&encoder.name, points));
    }
    // Last, so that an encoder has its colour in every chart.
    let perfect = Series::new("perfect", vec![[0.0, 0.0], [1.0, 1.0]]);
    Ok(if drawn { Some(chart.with_series(perfect).to_svg()?) } else { None })
}

/// The encoders whose head could be fitted on all labels, where the answer is one of two classes.
fn with_scores(encoders: &[Measured]) -> impl Iterator<Item = (&Measured, &(Vec<bool>, Vec<f64>))> {
    encoders.iter().filter_map(|encoder| Some((encoder, encoder.scores.as_ref()?)))
}
