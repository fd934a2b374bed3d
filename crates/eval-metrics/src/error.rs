/// What can go wrong in this crate. Messages may be reworded at any time; match on the variants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two inputs that belong together differ in length.
    #[error("{what}: {got} values where {expected} are needed")]
    Length {
        /// The input that does not fit.
        what: &'static str,
        /// What the other input asks for.
        expected: usize,
        /// What was given.
        got: usize,
    },
    /// There is nothing to measure.
    #[error("{what}: no case")]
    Empty {
        /// The empty input.
        what: &'static str,
    },
    /// A value is infinite or not a number.
    #[error("{what}: the value at index {index} is not finite")]
    NotFinite {
        /// The input.
        what: &'static str,
        /// Its first such value.
        index: usize,
    },
    /// A value lies outside the range that its meaning allows.
    #[error("{what}: the value at index {index} is outside {range}")]
    OutOfRange {
        /// The input.
        what: &'static str,
        /// Its first such value.
        index: usize,
        /// The range, in words.
        range: String,
    },
    /// The metric compares two classes and one of them has no case.
    #[error("{metric} needs cases of both classes, and no case is {missing}")]
    OneClass {
        /// The metric.
        metric: String,
        /// What is missing: "positive", "negative", "of class 3".
        missing: String,
    },
    /// The metric has no value on these cases.
    #[error("{metric} is not defined: {why}")]
    Undefined {
        /// The metric.
        metric: String,
        /// Why.
        why: &'static str,
    },
    /// An option has a value that makes no sense.
    #[error("{name}: {why}")]
    Argument {
        /// The option.
        name: &'static str,
        /// Why it is refused.
        why: &'static str,
    },
    /// The metric has no value on most of the resamples, so an interval would be of the lucky ones.
    #[error("{metric} is not defined on {undefined} of {resamples} resamples; no interval")]
    Resamples {
        /// The metric.
        metric: String,
        /// Resamples without a value.
        undefined: usize,
        /// Resamples drawn.
        resamples: usize,
    },
    /// A chart could not be drawn.
    #[error("drawing the chart {title:?}")]
    Plot {
        /// The title of the chart.
        title: String,
        /// What the formatter said.
        source: std::fmt::Error,
    },
}

impl Error {
    /// Whether the cases themselves leave the metric without a value, as opposed to a wrong call. A
    /// bootstrap passes over such resamples and counts them; a table shows them as "none".
    pub fn is_undefined(&self) -> bool {
        matches!(
            self,
            Self::OneClass { .. } | Self::Undefined { .. } | Self::Empty { .. } | Self::Resamples { .. }
        )
    }
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
