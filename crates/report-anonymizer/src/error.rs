use std::io;
use std::path::PathBuf;

use crate::Category;

/// What can go wrong in this crate. Messages may be reworded at any time; match on the variants. None
/// holds the text of a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The anonymizer was built without a key, and the policy asks for surrogates.
    #[error("surrogates need a key")]
    MissingKey,
    /// A policy file does not say what a policy can say.
    #[error("the policy in {path:?} cannot be used")]
    Policy {
        /// The policy file.
        path: PathBuf,
        /// Why not.
        source: toml::de::Error,
    },
    /// A file or folder could not be read or written.
    #[error("{action} {path:?}")]
    File {
        /// What was being done: "reading", "writing".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The output still holds something that should be gone; the report is refused.
    #[error("report {report:?}: {count} of {category} left after replacement")]
    Residual {
        /// The report's name.
        report: String,
        /// What is left.
        category: Category,
        /// How many.
        count: usize,
    },
    /// A detector gave a span that is not within the text or cuts a character.
    #[error("rule {rule:?} gave the bytes {start}..{end}, which cut a character or leave the text")]
    Span {
        /// The rule's name.
        rule: &'static str,
        /// First byte.
        start: usize,
        /// One past the last byte.
        end: usize,
    },
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
