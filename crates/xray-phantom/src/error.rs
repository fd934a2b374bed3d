use std::io;
use std::path::PathBuf;

/// What can go wrong in this crate. Messages may be reworded at any time; match on the variants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting has a value that it cannot have.
    #[error("{setting} cannot be {value}: {allowed}")]
    Setting {
        /// The field of the configuration.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// The meshes in the program are not what the script writes.
    #[error("the bone meshes built into the program are damaged")]
    Asset,
    /// A study was asked for that the hospital does not have.
    #[error("there is no study {index}: the hospital has {studies}")]
    NoSuchStudy {
        /// The index asked for.
        index: usize,
        /// How many there are.
        studies: usize,
    },
    /// The folder holds an archive of other settings.
    #[error("{path:?} holds an archive of other settings; give an empty folder or the same settings")]
    OtherArchive {
        /// The settings file found.
        path: PathBuf,
    },
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
    /// A file of the archive could not be written whole.
    #[error("the archive could not be written")]
    Archive {
        /// Why.
        source: xray_core::Error,
    },
    /// A DICOM object could not be encoded.
    #[error("encoding a DICOM object for {path:?}")]
    Dicom {
        /// The file meant.
        path: PathBuf,
        /// Why it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A picture could not be encoded.
    #[error("encoding {path:?}")]
    Png {
        /// The file meant.
        path: PathBuf,
        /// Why it failed.
        source: png::EncodingError,
    },
    /// A picture could not be encoded as JPEG.
    #[error("encoding {path:?}")]
    Jpeg {
        /// The file meant.
        path: PathBuf,
        /// Why it failed.
        source: image::ImageError,
    },
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
