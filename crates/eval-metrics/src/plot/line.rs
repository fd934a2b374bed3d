use std::fmt::Write;

use super::axis::Axis;
use super::colors::color;
use super::escaped;
use crate::{Error, Result, check};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 378.0;
/// Radius of the mark at a point.
const MARK: f64 = 3.5;
/// One line of a [`LineChart`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    name: String,
    points: Vec<[f64; 2]>,
    band: Vec<[f64; 2]>,
}

impl Series {
    /// A line through `points`, from left to right.
    pub fn new(name: impl Into<String>, points: Vec<[f64; 2]>) -> Self {
        Self { name: name.into(), points, band: Vec::new() }
    }

    /// The same line within a band, given by its lower and upper end at each point.
    #[must_use]
    pub fn with_band(mut self, band: Vec<[f64; 2]>) -> Self {
        self.band = band;
        self
    }
}

/// Lines over a common axis, with bands where there are any: a loss over steps, AUROC over the share of
/// labels, a ROC curve.
///
/// ```
/// use eval_metrics::plot::{LineChart, Series};
///
/// let loss = Series::new("train", vec![[0.0, 4.2], [100.0, 2.1], [200.0, 1.4]]);
/// let svg = LineChart::new("Loss", "step", "loss").with_series(loss).to_svg()?;
/// assert!(svg.starts_with("<svg"));
/// # Ok::<(), eval_metrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LineChart {
    title: String,
    x_label: String,
    y_label: String,
    series: Vec<Series>,
    log_x: bool,
    y_range: Option<[f64; 2]>,
}

impl LineChart {
    /// An empty chart.
    pub fn new(title: impl Into<String>, x_label: impl Into<String>, y_label: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            series: Vec::new(),
            log_x: false,
            y_range: None,
        }
    }

    /// The same chart with one more line.
    #[must_use]
    pub fn with_series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// The same chart with a logarithmic horizontal axis, for shares of labels.
    #[must_use]
    pub fn with_log_x(mut self) -> Self {
        self.log_x = true;
        self
    }

    /// The same chart with a vertical axis from `low` to `high`. Default: as the lines need it.
    #[must_use]
    pub fn with_y_range(mut self, low: f64, high: f64) -> Self {
        self.y_range = Some([low, high]);
        self
    }

    /// The chart, drawn.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if there is no point; [`Error::NotFinite`]; [`Error::Length`] if a band is of
    /// other points than its line; [`Error::Argument`] if a logarithmic axis has a point at or below 0,
    /// or the vertical range is empty.
    pub fn to_svg(&self) -> Result<String> {
        let (x, y) = self.axes()?;
        let mut svg = String::new();
        self.write(&mut svg, &x, &y).map_err(|source| Error::Plot { title: self.title.clone(), source })?;
        Ok(svg)
    }

    fn axes(&self) -> Result<(Axis, Axis)> {
        let mut xs = Vec::new();
        let mut ys = Vec::new();
        for series in &self.series {
            if !series.band.is_empty() {
                check::same_length("band", series.band.len(), series.points.len())?;
            }
            xs.extend(series.points.iter().map(|point| point[0]));
            ys.extend(
                series.points.iter().map(|point| point[1]).chain(series.band.iter().flatten().copied()),
            );
        }
        check::not_empty("points", &xs)?;
        check::finite("points", &xs)?;
        check::finite("points", &ys)?;
        let x = extent(&xs);
        if self.log_x && x[0] <= 0.0 {
            return Err(Error::Argument { name: "log_x", why: "a point is at or below 0" });
        }
        let y = match self.y_range {
            Some([low, high]) if low < high && low.is_finite() && high.is_finite() => [low, high],
            Some(_) => return Err(Error::Argument { name: "y_range", why: "it has no extent" }),
            None => {
                let [low, high] = extent(&ys);
                let air = (high - low) * 0.04;
                [low - air, high + air]
            }
        };
        Ok((Axis::new(x, self.log_x, [LEFT, RIGHT]), Axis::new(y, false, [BOTTOM, TOP])))
    }

    fn write(&self, svg: &mut String, x: &Axis, y: &Axis) -> std::fmt::Result {
        writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" class="chart">
<title>{title}</title>
<style>
.chart {{ font: 13px system-ui, sans-serif; background: #fff; color: #222; }}
.chart text {{ fill: currentColor; }}
.chart .grid {{ stroke: currentColor; stroke-opacity: 0.13; }}
.chart .axis {{ stroke: currentColor; stroke-opacity: 0.6; }}
@media (prefers-color-scheme: dark) {{ .chart {{ background: #16181c; color: #ddd; }} }}
</style>
<clipPath id="frame"><rect x="{left}" y="{top}" width="{width}" height="{height}"/></clipPath>
<text x="{LEFT}" y="22" font-size="16" font-weight="600">{title}</text>"#,
            title = escaped(&self.title),
            left = LEFT - MARK,
            top = TOP - MARK,
            width = RIGHT - LEFT + 2.0 * MARK,
            height = BOTTOM - TOP + 2.0 * MARK,
        )?;
        for (value, label) in y.ticks() {
            let at = y.place(value);
            writeln!(svg, r#"<path class="grid" d="M{LEFT} {at:.1}H{RIGHT}"/>"#)?;
            writeln!(
                svg,
                r#"<text x="{}" y="{:.1}" text-anchor="end">{label}</text>"#,
                LEFT - 8.0,
                at + 4.5
            )?;
        }
        for (value, label) in x.ticks() {
            let at = x.place(value);
            writeln!(svg, r#"<path class="grid" d="M{at:.1} {TOP}V{BOTTOM}"/>"#)?;
            writeln!(svg, r#"<text x="{at:.1}" y="{}" text-anchor="middle">{label}</text>"#, BOTTOM + 20.0)?;
        }
        writeln!(svg, r#"<path class="axis" fill="none" d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}"/>"#)?;
        let middle = [(LEFT + RIGHT) / 2.0, (TOP + BOTTOM) / 2.0];
        let x_label = escaped(&self.x_label);
        let y_label = escaped(&self.y_label);
        writeln!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="middle">{x_label}</text>"#,
            middle[0],
            HEIGHT - 18.0
        )?;
        writeln!(
            svg,
            r#"<text transform="translate(18 {}) rotate(-90)" text-anchor="middle">{y_label}</text>"#,
            middle[1]
        )?;
        writeln!(svg, r#"<g clip-path="url(#frame)">"#)?;
        for (place, series) in self.series.iter().enumerate() {
            series.write(svg, color(place), x, y)?;
        }
        writeln!(svg, "</g>")?;
        self.legend(svg)?;
        writeln!(svg, "</svg>")
    }

    fn legend(&self, svg: &mut String) -> std::fmt::Result {
        let mut left = LEFT;
        for (place, series) in self.series.iter().enumerate() {
            let color = color(place);
            writeln!(svg, r#"<rect x="{left}" y="31" width="14" height="4" fill="{color}"/>"#)?;
            let name = escaped(&series.name);
            writeln!(svg, r#"<text x="{}" y="38">{name}</text>"#, left + 19.0)?;
            // Fonts differ; 7.2 units a letter is more than common ones need at this size.
            left += 38.0 + 7.2 * series.name.chars().count() as f64;
        }
        Ok(())
    }
}

impl Series {
    fn write(&self, svg: &mut String, color: &str, x: &Axis, y: &Axis) -> std::fmt::Result {
        if !self.band.is_empty() {
            let ends = self.points.iter().zip(&self.band);
            let upper = ends.clone().map(|(point, band)| [point[0], band[1]]);
            let lower = ends.rev().map(|(point, band)| [point[0], band[0]]);
            let path = path(upper.chain(lower), x, y)?;
            writeln!(svg, r#"<path fill="{color}" fill-opacity="0.18" d="{path}Z"/>"#)?;
        }
        let path = path(self.points.iter().copied(), x, y)?;
        writeln!(
            svg,
            r#"<path fill="none" stroke="{color}" stroke-width="2" stroke-linejoin="round" d="{path}"/>"#
        )?;
        // A line of few points is of measurements: show where they are.
        if self.points.len() <= 12 {
            for point in &self.points {
                let [cx, cy] = [x.place(point[0]), y.place(point[1])];
                writeln!(svg, r#"<circle cx="{cx:.1}" cy="{cy:.1}" r="{MARK}" fill="{color}"/>"#)?;
            }
        }
        Ok(())
    }
}

fn path(
    points: impl Iterator<Item = [f64; 2]>,
    x: &Axis,
    y: &Axis,
) -> std::result::Result<String, std::fmt::Error> {
    let mut path = String::new();
    for (index, point) in points.enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        write!(path, "{letter}{:.1} {:.1}", x.place(point[0]), y.place(point[1]))?;
    }
    Ok(path)
}

fn extent(values: &[f64]) -> [f64; 2] {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    [low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_the_file() {
        let series = Series::new("a < b & \"c\"", vec![[0.0, 1.0], [1.0, 2.0]]);
        let svg = LineChart::new("<script>", "x", "y").with_series(series).to_svg().unwrap();
        assert!(svg.contains("a &lt; b &amp; &quot;c&quot;") && !svg.contains("<script>"));
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let chart = |points, band| {
            LineChart::new("t", "x", "y").with_series(Series::new("s", points).with_band(band))
        };
        assert!(matches!(LineChart::new("t", "x", "y").to_svg(), Err(Error::Empty { .. })));
        assert!(matches!(chart(vec![[0.0, f64::NAN]], vec![]).to_svg(), Err(Error::NotFinite { .. })));
        assert!(matches!(chart(vec![[0.0, 1.0]; 2], vec![[0.0, 1.0]]).to_svg(), Err(Error::Length { .. })));
        assert!(matches!(chart(vec![[0.0, 1.0]], vec![]).with_log_x().to_svg(), Err(Error::Argument { .. })));
    }
}
