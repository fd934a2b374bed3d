//! Vision-language alignment of bone radiographs with French radiology reports.
