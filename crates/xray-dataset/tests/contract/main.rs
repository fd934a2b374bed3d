//! What users of the crate rely on, through its public interface.

mod archive;
mod dicom;
mod headers;
mod phantom;
mod samples;
mod shards;
mod transforms;
