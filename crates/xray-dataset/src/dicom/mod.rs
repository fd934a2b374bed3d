//! DICOM files in: the data set, the header fields that order an archive, the pixels.

mod byte_order;
mod claims;
mod decoder;
mod expand;
mod file;
mod header;
mod jpeg_ls;
mod lengths;
mod lut;
mod pixels;
mod rle;

pub use decoder::DicomDecoder;
pub(crate) use file::{Extent, inflated_syntax, place_of_pixels, read_beside_pixels, read_dicom, text};
pub(crate) use header::DicomHeader;
pub use pixels::Windowing;
