//! From values to places on a chart, and the round numbers beside an axis.

/// One axis of a chart.
pub(super) struct Axis {
    low: f64,
    high: f64,
    log: bool,
    /// Places of the two ends in the picture.
    ends: [f64; 2],
}

impl Axis {
    /// An axis over at least `range`, with some air where there is no extent.
    pub(super) fn new(range: [f64; 2], log: bool, ends: [f64; 2]) -> Self {
        let [mut low, mut high] = if log { range.map(f64::log10) } else { range };
        if high - low <= f64::EPSILON * high.abs().max(low.abs()) {
            let air = if low == 0.0 { 0.5 } else { low.abs() / 2.0 };
            (low, high) = (low - air, high + air);
        }
        Self { low, high, log, ends }
    }

    /// Where `value` lies.
    pub(super) fn place(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        let part = (value - self.low) / (self.high - self.low);
        self.ends[0] + part * (self.ends[1] - self.ends[0])
    }

    /// Values to write beside the axis, with how they are written.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        if self.log { self.decades() } else { self.round_steps() }
    }

    fn round_steps(&self) -> Vec<(f64, String)> {
        // The largest of 1, 2, 5 times a power of ten that gives at least four steps.
        let rough = (self.high - self.low) / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [5.0, 2.0, 1.0]
            .map(|factor| factor * power)
            .into_iter()
            .find(|step| *step <= rough * (1.0 + 1e-9));
        let step = step.unwrap_or(power);
        let digits = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|i| i as f64 * step).map(|value| (value, written(value, digits))).collect()
    }

    fn decades(&self) -> Vec<(f64, String)> {
        let (first, last) = ((self.low - 1e-9).ceil() as i32, (self.high + 1e-9).floor() as i32);
        let factors: &[f64] = if last - first < 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let values =
            (first - 1..=last).flat_map(|decade| factors.iter().map(move |f| f * 10_f64.powi(decade)));
        values
            .filter(|value| (self.low - 1e-9..=self.high + 1e-9).contains(&value.log10()))
            .map(|value| (value, written(value, (-value.log10().floor()).clamp(0.0, 12.0) as usize)))
            .collect()
    }
}

fn written(value: f64, digits: usize) -> String {
    if value.abs() >= 1e6 { format!("{value:.0e}") } else { format!("{:.digits$}", value + 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(range: [f64; 2], log: bool) -> Vec<String> {
        Axis::new(range, log, [0.0, 1.0]).ticks().into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels([0.0, 1.0], false), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels([0.0, 2400.0], false), ["0", "500", "1000", "1500", "2000"]);
        assert_eq!(labels([-0.3, 0.11], false), ["-0.3", "-0.2", "-0.1", "0.0", "0.1"]);
        assert_eq!(labels([1.0, 100.0], true), ["1", "10", "100"]);
        assert_eq!(labels([0.01, 0.1], true), ["0.01", "0.02", "0.05", "0.1"]);
    }

    #[test]
    fn one_value_has_an_axis_too() {
        for (range, log) in [([0.0, 0.0], false), ([3.0, 3.0], false), ([1.0, 1.0], true)] {
            let axis = Axis::new(range, log, [0.0, 10.0]);
            assert_eq!(axis.place(range[0]), 5.0);
            assert!(!axis.ticks().is_empty());
        }
    }
}
