//! From DICOM files and reports to de-identified, paired, sharded training batches. Nothing here needs
//! libtorch.
//!
//! # Main types
//!
//! * [`DicomDecoder`], [`ImageFileDecoder`]: a file to grey values in `[0, 1]`, bone bright;
//! * [`HeaderDeidentifier`]: DICOM files without identity, after PS3.15 Annex E;
//! * [`ArchiveSource`]: the studies of a folder of DICOM files;
//! * [`GlyphRows`], `TextDetector` (feature `ocr`) and [`BurnedIn`]: text burned into pixels, found and
//!   painted over;
//! * [`ReportSource`]: reports as text and as PDF, the bands of whose pages are cut;
//! * [`KeepSections`]: the parts of a report that a text encoder is to learn from;
//! * [`Pairing`]: which report belongs to which study, by patient, day and order;
//! * [`ShardBuilder`]: an archive to WebDataset shards, split by patient, with an [`Account`] of everything;
//! * [`ShardDataset`], [`ShardReader`]: shards to samples, by index or one after the other;
//! * [`PublicSet`]: MURA, FracAtlas, OAI, RSNA bone age and GRAZPEDWRI-DX, no patient in two splits;
//! * [`Convirt`], [`EvalTransform`]: augmentation and evaluation, each one resample; [`MultiCrop`]: several views;
//! * [`Loader`]: samples to batches on threads of its own, resumable at every batch.
//!
//! # Example
//!
//! ```no_run
//! use xray_core::PseudonymKey;
//! use xray_dataset::{Convirt, Loader, LoaderConfig, Position, ShardBuilder, ShardDataset, Split};
//! # struct Anonymizer;
//! # impl xray_core::ReportTransform for Anonymizer {
//! #     type Error = std::convert::Infallible;
//! #     fn apply(&self, report: xray_core::Report) -> Result<xray_core::Report, Self::Error> { Ok(report) }
//! # }
//!
//! let key = PseudonymKey::from_file("archive.key")?;
//! let account = ShardBuilder::new("archive/pacs", "archive/ehr", key)
//!     .report_transform(Anonymizer)
//!     .longest_side(512)
//!     .run("shards", |progress| eprintln!("{progress:?}"))?;
//! println!("{account}");
//!
//! let studies = ShardDataset::open("shards", Split::Train)?;
//! let loader = Loader::new(studies, Convirt::default(), LoaderConfig::default())?;
//! for batch in loader.batches(Position::start_of(0)) {
//!     let batch = batch?; // Vec<xray_core::Sample>
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Extending
//!
//! De-identification of reports plugs in as [`ReportTransform`](xray_core::ReportTransform), a detector of
//! burned-in text as [`TextGate`](xray_core::TextGate), an augmentation as
//! [`ImageTransform`](xray_core::ImageTransform). A data set of one's own becomes loadable by
//! [`Dataset`](xray_core::Dataset)`<Item = Sample>` and an empty `impl` of [`StudyDataset`].
//!
//! # Privacy
//!
//! Shards hold no header, no file name and no identifier of the archive: keys are keyed pseudonyms, dates are
//! shifted with the patient's reports. What is burned into pixels is the gate's business ([`ShardBuilder::gate`]);
//! by default there is none. [`Error`]s name paths, which in an archive may identify people: log them where the archive may
//! be read. An [`Account`] holds pseudonyms only.
//!
//! # Memory
//!
//! A [`Loader`] holds at most `workers * (prefetch + 1)` batches; a [`ShardDataset`] the places of its members,
//! about 100 bytes each; a [`ShardBuilder`] the headers of the archive, the reports and a few dozen studies. A DICOM file
//! whose elements or pixels claim to be longer than what is there is refused before room is made for them.

mod account;
mod archive;
mod burned_in;
mod caught;
mod deidentify;
mod dicom;
mod ehr;
mod error;
mod examination;
mod files;
mod grey_jpeg;
mod image_file;
mod loader;
mod near_duplicates;
mod pairing;
mod pseudonyms;
mod public;
mod sections;
mod shard;
mod split;
mod transform;

pub use account::{Account, Cause, ItemKind, LeftOut, Masked, SplitCount, Tally};
pub use archive::ArchiveSource;
#[cfg(feature = "ocr")]
pub use burned_in::TextDetector;
pub use burned_in::{BurnedIn, GlyphRows};
pub use deidentify::HeaderDeidentifier;
pub use dicom::{DicomDecoder, Windowing};
pub use ehr::{PageTemplate, ReportRow, ReportSource};
pub use error::{Error, ImageFault, Result};
pub use image_file::ImageFileDecoder;
pub use loader::{Batches, Loader, LoaderConfig, Position, Shuffle, StudyDataset, Views};
pub use near_duplicates::NearDuplicate;
pub use pairing::Pairing;
pub use public::{PublicItem, PublicSet};
pub use sections::{KeepSections, Section, sections};
pub use shard::{
    EncodedSample, ImageFormat, Progress, ShardBuilder, ShardDataset, ShardEntry, ShardIndex, ShardReader,
    Stage,
};
pub use split::{Split, SplitFractions};
pub use transform::{
    Affine, Convirt, Crop, EvalTransform, Fit, MultiCrop, Warp, brightness_contrast, gaussian_blur,
};
