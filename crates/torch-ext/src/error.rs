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
    /// The variables that say which process this is, and of how many, contradict each other.
    #[error("{variable}: {reason}")]
    Environment {
        /// The variable at fault.
        variable: &'static str,
        /// What it is and what it may be.
        reason: String,
    },
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
