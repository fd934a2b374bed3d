use std::io;
use std::path::{Path, PathBuf};

/// What can go wrong in this crate. Messages may be reworded at any time; match on the variants.
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
    /// A key file is too short to be a secret.
    #[error("the key in {path:?} has {bytes} bytes; at least {minimum} are needed")]
    WeakKey {
        /// The key file.
        path: PathBuf,
        /// Its length without surrounding white space.
        bytes: usize,
        /// The least that is accepted.
        minimum: usize,
    },
    /// The number of values does not match the shape.
    #[error("an image of {channels} x {height} x {width} cannot hold {values} values")]
    Shape {
        /// Channels asked for.
        channels: usize,
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
        /// Values given.
        values: usize,
    },
}

impl Error {
    /// A failure to read or write `path`.
    pub fn file(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::File { action, path: path.as_ref().to_owned(), source }
    }
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
