use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageReader, Limits};
use xray_core::{ImageDecoder, ImageTensor};

use crate::{DicomDecoder, Error, ImageFault, Result};

/// Decodes PNG, JPEG and TIFF (8 or 16 bits) and everything that [`DicomDecoder`] reads, told apart by
/// their content, into grey values in `[0, 1]`.
#[derive(Debug, Clone, Default)]
pub struct ImageFileDecoder {
    dicom: DicomDecoder,
}

impl ImageFileDecoder {
    /// A decoder that reads DICOM files with `dicom`.
    pub fn new(dicom: DicomDecoder) -> Self {
        Self { dicom }
    }
}

impl ImageDecoder for ImageFileDecoder {
    type Error = Error;

    fn decode(&self, path: &Path) -> Result<ImageTensor> {
        let bytes = fs::read(path).map_err(|_| Error::image(path, ImageFault::Unreadable))?;
        if image::guess_format(&bytes).is_err() {
            return self.dicom.decode(path);
        }
        decode_bytes(&bytes).map_err(|reason| Error::image(path, reason))
    }
}

/// Decodes an encoded PNG, JPEG or TIFF.
pub(crate) fn decode_bytes(bytes: &[u8]) -> Result<ImageTensor, ImageFault> {
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| ImageFault::UnknownFormat)?;
    // The crate's limits: no side limit, 512 MiB of memory.
    reader.limits(Limits::default());
    let image = reader.decode().map_err(|error| match error {
        image::ImageError::Unsupported(_) => ImageFault::UnknownFormat,
        image::ImageError::Limits(_) => ImageFault::TooLarge,
        _ => ImageFault::DamagedPixels,
    })?;
    let (height, width) = (image.height() as usize, image.width() as usize);
    let grey = match image {
        DynamicImage::ImageLuma8(image) => {
            image.into_raw().into_iter().map(|v| f32::from(v) / 255.0).collect()
        }
        DynamicImage::ImageLuma16(image) => {
            image.into_raw().into_iter().map(|v| f32::from(v) / 65535.0).collect()
        }
        other => weighted(&other.into_rgb32f()),
    };
    ImageTensor::new(grey, 1, height, width).map_err(|_| ImageFault::DamagedPixels)
}

/// Colour to grey by the weights of ITU-R BT.601, as OpenCV and Pillow do.
fn weighted(image: &image::Rgb32FImage) -> Vec<f32> {
    image.pixels().map(|p| 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]).collect()
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, ImageFormat, Luma, Rgb};

    use super::*;

    #[test]
    fn eight_and_sixteen_bits_and_colour_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let grey8 = ImageBuffer::from_fn(3, 2, |x, _| Luma([(x * 100) as u8]));
        let grey16 = ImageBuffer::from_fn(3, 2, |x, _| Luma([(x * 20_000) as u16]));
        let colour = ImageBuffer::from_fn(3, 2, |_, _| Rgb([255_u8, 0, 0]));
        let save = |name: &str, image: DynamicImage, format| {
            let path = folder.path().join(name);
            image.save_with_format(&path, format).unwrap();
            ImageFileDecoder::default().decode(&path).unwrap()
        };
        // The content decides, not the name.
        let image = save("a.dcm", grey8.clone().into(), ImageFormat::Png);
        assert_eq!((image.channels(), image.height(), image.width()), (1, 2, 3));
        assert_eq!(image.data()[1], 100.0 / 255.0);
        assert_eq!(save("a.tiff", grey8.into(), ImageFormat::Tiff).data()[2], 200.0 / 255.0);
        assert_eq!(save("b.png", grey16.clone().into(), ImageFormat::Png).data()[2], 40_000.0 / 65_535.0);
        assert_eq!(save("b.tif", grey16.into(), ImageFormat::Tiff).data()[2], 40_000.0 / 65_535.0);
        assert!((save("c.png", colour.into(), ImageFormat::Png).data()[0] - 0.299).abs() < 1e-6);
    }

    #[test]
    fn an_error_names_the_file_and_the_cause() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("noise.png");
        fs::write(&path, b"\x89PNG\r\n\x1a\nnothing").unwrap();
        let error = ImageFileDecoder::default().decode(&path).unwrap_err();
        assert!(matches!(error, Error::Image { reason: ImageFault::DamagedPixels, .. }), "{error}");
        assert!(error.to_string().contains("noise.png"));
        let missing = ImageFileDecoder::default().decode(&folder.path().join("no")).unwrap_err();
        assert!(matches!(missing, Error::Image { reason: ImageFault::Unreadable, .. }));
    }
}
