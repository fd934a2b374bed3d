use std::path::{Path, PathBuf};

/// What can go wrong in this crate. Messages may be reworded at any time; match on the variants.
///
/// Messages name files, never what stands in them. Paths of an archive may hold identifiers: an
/// [`Account`](crate::Account) therefore names files by pseudonym.
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
        source: std::io::Error,
    },
    /// A file of xray-core could not be written.
    #[error("writing below {folder:?}")]
    Core {
        /// The folder that was being filled.
        folder: PathBuf,
        /// Why it failed.
        source: xray_core::Error,
    },
    /// A file gives no image.
    #[error("no image in {path:?}: {reason}")]
    Image {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: ImageFault,
    },
    /// A DICOM file names no patient, so that its dates cannot be shifted with his others.
    #[error("the header of {path:?} names no patient")]
    NoPatient {
        /// The file.
        path: PathBuf,
    },
    /// A line of a JSON file is not what it should be.
    #[error("{path:?}, line {line}: {problem}")]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it, without its content.
        problem: &'static str,
    },
    /// A shard, or the index of a folder of shards, is damaged.
    #[error("{path:?}: {problem}")]
    Shard {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The network that finds text cannot be read or run.
    #[cfg(feature = "ocr")]
    #[error("{action}{}", if path.as_os_str().is_empty() { String::new() } else { format!(" {path:?}") })]
    Model {
        /// What was being done.
        action: &'static str,
        /// The file of the model; empty where it had been read already.
        path: PathBuf,
        /// Why it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The settings contradict each other.
    #[error("{0}")]
    Settings(&'static str),
}

impl Error {
    pub(crate) fn file(action: &'static str, path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::File { action, path: path.as_ref().to_owned(), source }
    }

    pub(crate) fn core(folder: impl AsRef<Path>) -> impl FnOnce(xray_core::Error) -> Self {
        let folder = folder.as_ref().to_owned();
        move |source| Self::Core { folder, source }
    }

    pub(crate) fn image(path: impl AsRef<Path>, reason: ImageFault) -> Self {
        Self::Image { path: path.as_ref().to_owned(), reason }
    }

    #[cfg(feature = "ocr")]
    pub(crate) fn model(
        path: impl AsRef<Path>,
        action: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Model { action, path: path.as_ref().to_owned(), source: source.into() }
    }

    pub(crate) fn shard(path: impl AsRef<Path>, problem: impl Into<String>) -> Self {
        Self::Shard { path: path.as_ref().to_owned(), problem: problem.into() }
    }
}

/// Why a file gives no image. The words never hold anything of the file's content.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    thiserror::Error,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImageFault {
    /// The file cannot be opened or read.
    #[error("the file cannot be read")]
    Unreadable,
    /// The file is neither DICOM nor an image of a known format.
    #[error("the format is not known")]
    UnknownFormat,
    /// The DICOM data set breaks off or contradicts itself.
    #[error("the DICOM data set is cut short or damaged")]
    DamagedDataSet,
    /// The data set has no pixel data, as a structured report has none.
    #[error("there is no pixel data")]
    NoPixelData,
    /// No decoder for the encoding of the pixels is built in.
    #[error("the transfer syntax of the pixels is not supported")]
    UnsupportedTransferSyntax,
    /// The pixel description is of a kind that is not read.
    #[error("the kind of pixels (photometric interpretation, bits, samples) is not supported")]
    UnsupportedPixels,
    /// The pixels break off or cannot be decoded.
    #[error("the pixels are cut short or damaged")]
    DamagedPixels,
    /// The image has more pixels than is allowed.
    #[error("the image is larger than is allowed")]
    TooLarge,
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
