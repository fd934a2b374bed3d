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
