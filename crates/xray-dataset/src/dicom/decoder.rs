use std::path::Path;

use dicom_dictionary_std::tags;
use xray_core::{ImageDecoder, ImageTensor};

use super::claims;
use super::expand::expanded;
use super::file::{Extent, read_dicom};
use super::pixels::{Windowing, grey_frame};
use crate::{Error, Result};

/// Decodes DICOM files into grey values in `[0, 1]`, bone bright.
///
/// Raw, RLE, JPEG (8 and 12 bits), lossless JPEG, JPEG-LS, JPEG 2000 and deflated pixels are read, with or without preamble
/// and meta header. The stages are those of PS3.4 N.2: modality LUT or rescale, then [`Windowing`], then
/// MONOCHROME1 is inverted. Colour becomes grey. JPEG XL and video are not read.
///
/// ```no_run
/// use xray_core::ImageDecoder;
/// use xray_dataset::DicomDecoder;
///
/// let image = DicomDecoder::default().decode("hand.dcm".as_ref())?;
/// println!("{} x {}", image.height(), image.width());
/// # Ok::<(), xray_dataset::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct DicomDecoder {
    windowing: Windowing,
    max_pixels: usize,
}

impl Default for DicomDecoder {
    fn default() -> Self {
        Self { windowing: Windowing::default(), max_pixels: 100_000_000 }
    }
}

impl DicomDecoder {
    /// The same decoder with another rule for black and white (default: [`Windowing::Header`]).
    #[must_use]
    pub fn with_windowing(mut self, windowing: Windowing) -> Self {
        self.windowing = windowing;
        self
    }

    /// The same decoder with another limit on the pixels of a frame (default: 100,000,000); a larger image
    /// is refused before it is decoded.
    #[must_use]
    pub fn with_max_pixels(mut self, max_pixels: usize) -> Self {
        self.max_pixels = max_pixels;
        self
    }

    /// One frame of a file, from 0.
    ///
    /// # Errors
    ///
    /// [`Error::Image`].
    pub fn decode_frame(&self, path: &Path, frame: u32) -> Result<ImageTensor> {
        read_dicom(path, Extent::Whole)
            .and_then(|object| claims::hold(&object, frame).map(|()| object))
            .and_then(|object| expanded(object, frame, self.max_pixels))
            .and_then(|(object, frame)| grey_frame(&object, frame, self.windowing, self.max_pixels))
            .map_err(|reason| Error::image(path, reason))
    }

    /// How many frames a file says that it has.
    ///
    /// # Errors
    ///
    /// [`Error::Image`].
    pub fn frames(&self, path: &Path) -> Result<u32> {
        let object = read_dicom(path, Extent::Header).map_err(|reason| Error::image(path, reason))?;
        let frames = object.get(tags::NUMBER_OF_FRAMES).and_then(|element| element.to_int().ok());
        Ok(frames.unwrap_or(1).max(1))
    }
}

impl ImageDecoder for DicomDecoder {
    type Error = Error;

    /// The first frame.
    fn decode(&self, path: &Path) -> Result<ImageTensor> {
        self.decode_frame(path, 0)
    }
}
