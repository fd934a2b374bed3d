//! Finds identifiers in French radiology reports and replaces them by consistent surrogates.

mod anonymizer;
mod audit;
mod detect;
mod document;
mod error;
mod fold;
mod hash;
mod lexicon;
mod policy;
mod replace;
mod residual;
mod resolve;
mod span;
mod stream;
mod vocabulary;

pub use anonymizer::{Anonymized, Anonymizer, AnonymizerBuilder};
pub use audit::Audit;
pub use detect::Detector;
pub use document::Document;
pub use error::{Error, Result};
pub use policy::{Action, Mode, Policy};
pub use replace::{Replacer, Scope};
pub use span::{Category, Role, Span};
pub use stream::{Summary, anonymize_folder, anonymize_lines};
