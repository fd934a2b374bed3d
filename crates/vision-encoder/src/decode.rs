use std::path::Path;

use image::DynamicImage;
use model_core::{Error, Result};
use xray_core::{ImageDecoder, ImageTensor};

/// Reads PNG, JPEG and TIFF at 8 bits, grey as one channel and colour as three, which is how published
/// encoders were shown their images. For DICOM and 16-bit files there are the decoders of the data side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RgbDecoder;

impl ImageDecoder for RgbDecoder {
    type Error = Error;

    fn decode(&self, path: &Path) -> Result<ImageTensor> {
        let reader = image::ImageReader::open(path).map_err(|source| Error::file("reading", path, source))?;
        let reader = reader.with_guessed_format().map_err(|source| Error::file("reading", path, source))?;
        let image = reader.decode().map_err(|error| Error::format(path, error.to_string()))?;
        let (height, width) = (image.height() as usize, image.width() as usize);
        let grey = matches!(
            image,
            DynamicImage::ImageLuma8(_)
                | DynamicImage::ImageLumaA8(_)
                | DynamicImage::ImageLuma16(_)
                | DynamicImage::ImageLumaA16(_)
        );
        let (channels, pixels) =
            if grey { (1, image.into_luma8().into_raw()) } else { (3, image.into_rgb8().into_raw()) };
        let plane = |channel: usize| {
            pixels[channel..].iter().step_by(channels).map(|&value| f32::from(value) / 255.0)
        };
        let data = (0..channels).flat_map(plane).collect();
        ImageTensor::new(data, channels, height, width)
            .map_err(|error| Error::format(path, error.to_string()))
    }
}
