//! The reports of an archive: rows of a list, texts and pages of PDF.

mod bands;
mod pages;
mod pdf;
mod source;
mod text;

pub use bands::PageTemplate;
pub use source::{ReportRow, ReportSource};
