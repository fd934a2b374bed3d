//! From DICOM files and reports to de-identified, paired, sharded training batches.
