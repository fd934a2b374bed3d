//! The vocabulary of osteon: studies, reports, images, labels, and the traits that join the crates of
//! the data side. Nothing here knows a tensor, so nothing here needs libtorch.
//!
//! # Main types
//!
//! * [`Study`], [`ImageRef`]: what an archive holds of one examination;
//! * [`Report`], [`PatientIdentity`]: a text and, where the archive knows it, whom it names;
//! * [`ImageTensor`]: decoded pixels, `[channels, height, width]`;
//! * [`Sample`]: one study with its images and its report, ready to be made into a batch;
//! * [`PseudonymKey`]: the one secret from which every surrogate, date shift and new identifier comes;
//! * [`Category`]: what kind of identifier a part of a report is;
//! * [`AtomicFile`]: a file that appears whole or not at all.
//!
//! # The traits
//!
//! | trait | joins |
//! |---|---|
//! | [`Dataset`] | anything with items and an index (shards, public sets) to loaders and heads |
//! | [`ReportTransform`] | de-identification, text extraction, cleaning, one after the other |
//! | [`StudySource`] | a folder, a PACS export or a simulation to pairing |
//! | [`ImageDecoder`] | a file format to [`ImageTensor`] |
//! | [`ImageTransform`] | augmentation and normalisation, seeded by item |
//! | [`TextGate`] | a detector of burned-in text to the archive's filter |
//!
//! # Privacy
//!
//! `Debug` of [`Report`], [`PatientIdentity`], [`PatientId`] and [`PseudonymKey`] shows sizes, never
//! content, so that a log or a panic message cannot leak what a report says or whom it names.
//!
//! ```
//! use xray_core::{Report, ReportId};
//!
//! let report = Report::new(ReportId::new("r1"), "Mme Dupont : pas de fracture.");
//! assert!(!format!("{report:?}").contains("Dupont"));
//! ```

mod atomic;
mod category;
mod error;
mod id;
mod image;
mod label;
mod pseudonym;
mod report;
mod sample;
mod seed;
mod study;
mod text_region;
mod traits;

pub use atomic::AtomicFile;
pub use category::{Category, FRENCH_MONTHS};
pub use error::{Error, Result};
pub use id::{PatientId, ReportId, StudyId};
pub use image::ImageTensor;
/// The date library of every date in these crates.
pub use jiff;
pub use label::{Label, Labels};
pub use pseudonym::{MAX_SHIFT_DAYS, PseudonymKey};
pub use report::{PatientIdentity, Report, ReportKind};
pub use sample::{Sample, patient_of};
pub use seed::derive_seed;
pub use study::{BodyPart, ImageRef, Laterality, Sex, Study, View};
pub use text_region::TextRegion;
pub use traits::{
    Chain, ChainError, Dataset, ImageDecoder, ImageTransform, ReportTransform, StudySource, TextGate,
};
