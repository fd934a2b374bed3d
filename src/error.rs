use std::path::PathBuf;

/// What can go wrong where several crates work together. Messages may be reworded at any time; match on
/// the variants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Studies could not be read.
    #[error("{action}")]
    Dataset {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: Box<xray_dataset::Error>,
    },
    /// The run or its encoders failed.
    #[error("{action}")]
    Alignment {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: Box<contrastive_align::Error>,
    },
    /// A tokenizer could not be read, trained or written.
    #[error("{action}")]
    Model {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: Box<model_core::Error>,
    },
    /// A head could not be fitted, measured or asked.
    #[error("{action}")]
    Heads {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: Box<downstream_heads::Error>,
    },
    /// A predictor's folder could not be read or written.
    #[error("{path:?}: {reason}")]
    Predictor {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A prediction was asked of nothing.
    #[error("a prediction needs at least one image")]
    NoImage,
    /// No study has the label that is to be learnt or measured, as a finding or a class.
    #[error("none of {studies} studies has the label {label:?} as a finding or a class")]
    NoLabel {
        /// The label.
        label: String,
        /// Studies looked at.
        studies: usize,
    },
    /// There are fewer studies than a batch needs.
    #[error("{shards:?} holds {studies} studies to train on; a batch needs {batch}")]
    TooFewStudies {
        /// The folder of the shards.
        shards: PathBuf,
        /// Studies of the training split.
        studies: usize,
        /// Studies in a batch.
        batch: usize,
    },
    /// A text encoder from scratch needs a vocabulary.
    #[error("data.vocabulary is needed for a text encoder without a published tokenizer")]
    NoVocabulary,
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

pub(crate) fn dataset(action: &'static str) -> impl Fn(xray_dataset::Error) -> Error {
    move |source| Error::Dataset { action, source: Box::new(source) }
}

pub(crate) fn alignment(action: &'static str) -> impl Fn(contrastive_align::Error) -> Error {
    move |source| Error::Alignment { action, source: Box::new(source) }
}

pub(crate) fn model(action: &'static str) -> impl Fn(model_core::Error) -> Error {
    move |source| Error::Model { action, source: Box::new(source) }
}

pub(crate) fn heads(action: &'static str) -> impl Fn(downstream_heads::Error) -> Error {
    move |source| Error::Heads { action, source: Box::new(source) }
}
