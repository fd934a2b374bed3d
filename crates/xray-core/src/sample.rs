use std::fmt;

use serde_json::Value;

use crate::{ImageTensor, Labels};

/// One study ready for training: decoded images, the report, and what else the shard holds of it.
#[derive(Clone, PartialEq)]
pub struct Sample {
    /// Names the sample within its set; no identifier of the archive. [`patient_of`] it says whose it is.
    pub key: String,
    /// The images, transformed as the loader was told.
    pub images: Vec<ImageTensor>,
    /// The de-identified report.
    pub report: String,
    /// What is known of the study beside its report.
    pub labels: Labels,
    /// The rest of the shard's JSON member: side, view, spacing and what an archive adds.
    pub meta: serde_json::Map<String, Value>,
}

/// Whose study a sample is, from its key: patient and study are joined by `_`, so the part before the first.
///
/// ```
/// assert_eq!(xray_core::patient_of("01f5ec47_4db79c5b"), "01f5ec47");
/// ```
pub fn patient_of(key: &str) -> &str {
    key.split_once('_').map_or(key, |(patient, _)| patient)
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sample")
            .field("key", &self.key)
            .field("images", &self.images)
            .field("report_bytes", &self.report.len())
            .finish_non_exhaustive()
    }
}
