use std::io;
use std::path::PathBuf;

use tch::TchError;

/// What can go wrong beside training, whose parts fail by [`model_core::Error`]. Messages may be reworded at
/// any time; match on the variants. No message holds report text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A study cannot become a pair.
    #[error("the study {key} {reason}")]
    Study {
        /// The sample's pseudonymous key.
        key: String,
        /// What it lacks.
        reason: &'static str,
    },
    /// A file could not be read.
    #[error("reading {path:?}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("{action}")]
    File {
        /// What was being done.
        action: &'static str,
        /// Which file, and why it failed.
        source: xray_core::Error,
    },
    /// A safetensors file could not be read or written.
    #[error("{action} {path:?}")]
    Weights {
        /// What was being done: "reading", "writing".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: TchError,
    },
    /// A prompt set is not as it must be.
    #[error("prompt set{}: {reason}", .path.as_ref().map(|path| format!(" {path:?}")).unwrap_or_default())]
    Prompts {
        /// The file, where there is one.
        path: Option<PathBuf>,
        /// What is wrong with it, with the line where it is known.
        reason: String,
    },
    /// A run's configuration is not as it must be.
    #[error("configuration{}: {reason}", .path.as_ref().map(|path| format!(" {path:?}")).unwrap_or_default())]
    Config {
        /// The file or folder, where there is one.
        path: Option<PathBuf>,
        /// What is wrong, with the line or the key.
        reason: String,
    },
    /// An embedding index is not as it must be.
    #[error("the embedding index {reason}")]
    Index {
        /// What is wrong with it.
        reason: String,
    },
    /// A model failed.
    #[error("{action}")]
    Model {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: model_core::Error,
    },
    /// A figure could not be computed.
    #[error("{action}")]
    Metric {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: eval_metrics::Error,
    },
}

impl Error {
    pub(crate) fn config(reason: impl Into<String>) -> Self {
        Self::Config { path: None, reason: reason.into() }
    }

    pub(crate) fn model(action: &'static str) -> impl FnOnce(model_core::Error) -> Self {
        move |source| Self::Model { action, source }
    }

    pub(crate) fn file(action: &'static str) -> impl FnOnce(xray_core::Error) -> Self {
        move |source| Self::File { action, source }
    }

    pub(crate) fn metric(action: &'static str) -> impl FnOnce(eval_metrics::Error) -> Self {
        move |source| Self::Metric { action, source }
    }
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
