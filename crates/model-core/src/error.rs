use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use tch::TchError;

/// What can go wrong in this crate and in what implements its traits. Messages may be reworded at any
/// time; match on the variants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{action} {path:?}")]
    File {
        /// What was being done: "reading", "writing".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A file is not what its name promises.
    #[error("{path:?}: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, in one line.
        reason: String,
    },
    /// A configuration that no model or run can have.
    #[error("{field}: {reason}")]
    Config {
        /// The field at fault.
        field: &'static str,
        /// What it is and what it may be.
        reason: String,
    },
    /// A tensor does not have the shape that the operation needs.
    #[error("{what}: expected shape {expected}, got {got:?}")]
    Shape {
        /// The tensor.
        what: &'static str,
        /// The shape that is needed, with dimension words where a size is free.
        expected: String,
        /// The shape that was given.
        got: Vec<i64>,
    },
    /// A tensor of a weights file has another shape than the model's.
    #[error("{path:?}: tensor {tensor} has shape {file:?}; the model needs {model:?}")]
    TensorShape {
        /// The weights file.
        path: PathBuf,
        /// The tensor, as the file names it.
        tensor: String,
        /// The shape in the file.
        file: Vec<i64>,
        /// The shape in the model.
        model: Vec<i64>,
    },
    /// A weights file lacks tensors that the model needs.
    #[error(
        "{path:?} lacks {count} tensors that the model needs, the first being {tensor} of shape {model:?}"
    )]
    MissingTensors {
        /// The weights file or folder.
        path: PathBuf,
        /// How many are missing.
        count: usize,
        /// The first of them by name, as the model names it.
        tensor: String,
        /// Its shape in the model.
        model: Vec<i64>,
    },
    /// The saved state of an optimizer does not fit its parameters.
    #[error("optimizer state: {tensor} {reason}")]
    OptimizerState {
        /// The tensor at fault.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A checkpoint belongs to another run or model.
    #[error("the checkpoint in {path:?} does not fit: {reason}")]
    Checkpoint {
        /// The checkpoint's folder.
        path: PathBuf,
        /// What differs.
        reason: String,
    },
    /// The loss or the gradient of a step is not a number. The last checkpoint is as it was.
    #[error("the {what} is {value} at step {step} (samples {samples:?})")]
    NotFinite {
        /// What is not a number.
        what: &'static str,
        /// The step, counted from 0.
        step: u64,
        /// Its value.
        value: f64,
        /// The samples of the batch, as far as the task knows their keys.
        samples: Vec<String>,
    },
    /// Processes that train together could not exchange tensors.
    #[error("{action} between processes: {reason}")]
    Collective {
        /// What was being done.
        action: &'static str,
        /// Why it failed, in one line.
        reason: String,
    },
    /// libtorch refused an operation.
    #[error("{action}")]
    Torch {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: TchError,
    },
    /// Something that another crate or a user plugged in failed.
    #[error("{action}")]
    External {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl Error {
    /// A failure to read or write `path`.
    pub fn file(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::File { action, path: path.as_ref().to_owned(), source }
    }

    /// A file that is not what its name promises.
    pub fn format(path: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Self::Format { path: path.as_ref().to_owned(), reason: reason.into() }
    }

    /// A value that a configuration may not have.
    pub fn config(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Config { field, reason: reason.into() }
    }

    /// A tensor of a wrong shape.
    pub fn shape(what: &'static str, expected: impl Into<String>, got: Vec<i64>) -> Self {
        Self::Shape { what, expected: expected.into(), got }
    }

    /// An operation that libtorch refused, to be used with `map_err`.
    pub fn torch(action: &'static str) -> impl FnOnce(TchError) -> Self {
        move |source| Self::Torch { action, source }
    }

    /// A failure of what implements one of this crate's traits elsewhere, to be used with `map_err`.
    pub fn external<E>(action: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        move |source| Self::External { action, source: source.into() }
    }
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
