//! What users of the crate rely on, through its public interface.

mod archive;
mod dicom;
mod phantom;
mod shards;
