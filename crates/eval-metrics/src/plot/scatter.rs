use std::fmt::Write;

use super::colors::color;
use super::escaped;
use crate::{Error, Result, check};

const SIZE: f64 = 480.0;
const MARGIN: f64 = 14.0;
const LEGEND: f64 = 20.0;
const TOP: f64 = 34.0;

/// Points in groups, where only their nearness says something: t-SNE, a discriminant plane. There are no axes.
///
/// ```
/// use eval_metrics::plot::ScatterChart;
///
/// let svg = ScatterChart::new("Features by region")
///     .with_group("wrist", vec![[0.0, 1.0], [0.2, 0.9]])
///     .with_group("hand", vec![[3.0, -1.0]])
///     .to_svg()?;
/// assert_eq!(svg.matches("<circle").count(), 3);
/// # Ok::<(), eval_metrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterChart {
    title: String,
    groups: Vec<(String, Vec<[f64; 2]>)>,
}

impl ScatterChart {
    /// An empty chart.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), groups: Vec::new() }
    }

    /// The same chart with the points of one more group.
    #[must_use]
    pub fn with_group(mut self, name: impl Into<String>, points: Vec<[f64; 2]>) -> Self {
        self.groups.push((name.into(), points));
        self
    }

    /// The chart, drawn.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if there is no point; [`Error::NotFinite`].
    pub fn to_svg(&self) -> Result<String> {
        let points: Vec<[f64; 2]> = self.groups.iter().flat_map(|(_, points)| points).copied().collect();
        check::not_empty("points", &points)?;
        check::finite("points", &points.concat())?;
        let mut svg = String::new();
        self.write(&mut svg, &points).map_err(|source| Error::Plot { title: self.title.clone(), source })?;
        Ok(svg)
    }

    fn write(&self, svg: &mut String, points: &[[f64; 2]]) -> std::fmt::Result {
        let rows = self.groups.len().div_ceil(2) as f64;
        let (top, bottom) = (TOP + rows * LEGEND, TOP + rows * LEGEND + SIZE);
        let place = |axis: usize, low: f64, high: f64| {
            let least = points.iter().map(|point| point[axis]).fold(f64::INFINITY, f64::min);
            let most = points.iter().map(|point| point[axis]).fold(f64::NEG_INFINITY, f64::max);
            let scale = if most > least { (high - low) / (most - least) } else { 0.0 };
            move |value: f64| low + (value - least) * scale
        };
        let x = place(0, 2.0 * MARGIN, SIZE - MARGIN);
        let y = place(1, bottom - MARGIN, top + MARGIN);
        writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" class="chart">
<title>{title}</title>
<text x="{MARGIN}" y="22" font-size="16" font-weight="600">{title}</text>"#,
            width = SIZE + MARGIN,
            height = bottom + MARGIN,
            title = escaped(&self.title),
        )?;
        for (group, (name, _)) in self.groups.iter().enumerate() {
            let left = MARGIN + (group % 2) as f64 * SIZE / 2.0;
            let line = TOP + (group / 2) as f64 * LEGEND + 8.0;
            let fill = color(group);
            writeln!(svg, r#"<rect x="{left}" y="{}" width="11" height="11" fill="{fill}"/>"#, line - 9.0)?;
            writeln!(svg, r#"<text x="{}" y="{line}" font-size="13">{}</text>"#, left + 17.0, escaped(name))?;
        }
        for (group, (_, points)) in self.groups.iter().enumerate() {
            writeln!(svg, r#"<g fill="{}" fill-opacity="0.7">"#, color(group))?;
            for point in points {
                writeln!(svg, r#"<circle cx="{:.1}" cy="{:.1}" r="3.2"/>"#, x(point[0]), y(point[1]))?;
            }
            writeln!(svg, "</g>")?;
        }
        writeln!(svg, "</svg>")
    }
}
