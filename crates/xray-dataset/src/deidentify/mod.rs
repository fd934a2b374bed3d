//! Headers without identity, after DICOM PS3.15 Annex E.

mod header;
mod profile;
mod value;

pub use header::HeaderDeidentifier;
