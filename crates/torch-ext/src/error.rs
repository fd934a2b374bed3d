/// What libtorch reports when it refuses an operation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// libtorch threw an exception.
    #[error("{action}: {message}")]
    Torch {
        /// What was being done.
        action: &'static str,
        /// The first line of the exception's message; what follows is a trace of C++ calls.
        message: String,
    },
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
