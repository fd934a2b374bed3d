/// What can go wrong in this crate. Messages may be reworded at any time; match on the variants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input does not have the size that another one asks for.
    #[error("{what}: {got} values where {expected} are needed")]
    Length {
        /// The input that does not fit.
        what: &'static str,
        /// What is needed.
        expected: usize,
        /// What was given.
        got: usize,
    },
    /// A value is infinite or not a number.
    #[error("{what}: the value at index {index} is not finite")]
    NotFinite {
        /// The input.
        what: &'static str,
        /// Its first such value.
        index: usize,
    },
    /// A label is not one of the classes.
    #[error("the label of case {case} is {label}; there are {classes} classes")]
    UnknownClass {
        /// The case.
        case: usize,
        /// Its label.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A part of the labels would leave a class out.
    #[error("{percent} % of the labels holds no patient of class {class}, of whom there are {patients}")]
    EmptyClass {
        /// The part asked for, in percent.
        percent: f64,
        /// The class.
        class: usize,
        /// Its patients in the whole set.
        patients: usize,
    },
    /// Cross-validation by patient needs two patients of each class.
    #[error("class {class} has {patients} patients; cross-validation by patient needs 2")]
    TooFewPatients {
        /// The class.
        class: usize,
        /// Its patients.
        patients: usize,
    },
    /// A patient is among the training cases and the test cases: the test would not tell anything.
    #[error("{patients} patients are in the training and in the test cases")]
    SharedPatients {
        /// How many.
        patients: usize,
    },
    /// A setting that no run can have.
    #[error("{field}: {reason}")]
    Config {
        /// The field at fault.
        field: &'static str,
        /// What it is and what it may be.
        reason: String,
    },
    /// A metric refused its input or has no value on it.
    #[error("measuring predictions")]
    Metric {
        /// Why.
        source: eval_metrics::Error,
    },
    /// A model or its training failed.
    #[error("{action}")]
    Model {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: model_core::Error,
    },
}

impl Error {
    pub(crate) fn metric(source: eval_metrics::Error) -> Self {
        Self::Metric { source }
    }

    pub(crate) fn config(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Config { field, reason: reason.into() }
    }

    pub(crate) fn length(what: &'static str, got: usize, expected: usize) -> Result<()> {
        if got == expected { Ok(()) } else { Err(Self::Length { what, expected, got }) }
    }
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
