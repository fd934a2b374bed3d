//! What users of the crate rely on, through its public interface.

mod archive;
mod burned_in;
mod dicom;
mod headers;
mod killed;
mod phantom;
mod public;
mod public_phantom;
mod pydicom;
mod reports;
mod samples;
mod shards;
mod transforms;
