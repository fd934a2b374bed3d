use image::codecs::png::PngEncoder;
use image::error::{EncodingError, ImageFormatHint, ParameterError, ParameterErrorKind};
use image::{ExtendedColorType, ImageBuffer, ImageEncoder, ImageError, Luma, imageops};
use serde::{Deserialize, Serialize};
use xray_core::ImageTensor;

/// How images are kept in shards: grey, eight bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImageFormat {
    /// Without loss.
    Png,
    /// With loss, at a quality from 1 to 100.
    Jpeg {
        /// The quality.
        quality: u8,
    },
}

impl ImageFormat {
    /// The extension of a member.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg { .. } => "jpg",
        }
    }

    pub(super) fn encode(self, image: &ImageTensor) -> image::ImageResult<Vec<u8>> {
        let grey: Vec<u8> = image.data().iter().map(|v| rounded(v.clamp(0.0, 1.0) * 255.0)).collect();
        let (width, height) = (image.width() as u32, image.height() as u32);
        let mut bytes = Vec::new();
        match self {
            Self::Png => {
                PngEncoder::new(&mut bytes).write_image(&grey, width, height, ExtendedColorType::L8)?;
            }
            Self::Jpeg { quality } => {
                let sides = u16::try_from(width).ok().zip(u16::try_from(height).ok());
                let (width, height) = sides.ok_or_else(too_large)?;
                jpeg_encoder::Encoder::new(&mut bytes, quality.clamp(1, 100))
                    .encode(&grey, width, height, jpeg_encoder::ColorType::Luma)
                    .map_err(|error| {
                        ImageError::Encoding(EncodingError::new(ImageFormatHint::Unknown, error))
                    })?;
            }
        }
        Ok(bytes)
    }
}

/// JPEG has 16 bits for each side.
fn too_large() -> ImageError {
    ImageError::Parameter(ParameterError::from_kind(ParameterErrorKind::DimensionMismatch))
}

/// As `value.round()`, of values from 0 to 255, without the call.
fn rounded(value: f32) -> u8 {
    let whole = value as u8;
    whole + u8::from(value - f32::from(whole) >= 0.5)
}

/// The image with its longest side cut down to `longest`, the pixels' size kept true. A smaller image
/// stays as it is.
pub(super) fn shrink(image: ImageTensor, longest: usize) -> ImageTensor {
    let (height, width) = (image.height(), image.width());
    let side = height.max(width);
    if side <= longest || image.channels() != 1 {
        return image;
    }
    let scaled = |length: usize| ((length * longest + side / 2) / side).max(1);
    let (new_height, new_width) = (scaled(height), scaled(width));
    let spacing = image.spacing_mm().map(|[vertical, horizontal]| {
        [vertical * height as f32 / new_height as f32, horizontal * width as f32 / new_width as f32]
    });
    let Some(buffer) =
        ImageBuffer::<Luma<f32>, _>::from_raw(width as u32, height as u32, image.data().to_vec())
    else {
        return image;
    };
    // A triangle as wide as the reduction: every pixel counts, nothing aliases.
    let small =
        imageops::resize(&buffer, new_width as u32, new_height as u32, imageops::FilterType::Triangle);
    match ImageTensor::new(small.into_raw(), 1, new_height, new_width) {
        Ok(small) => small.with_spacing_mm(spacing),
        Err(_) => image,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_keeps_the_mean_and_the_size_in_millimetres() {
        let data: Vec<f32> = (0..400 * 200).map(|i| ((i * 7919) % 1000) as f32 / 999.0).collect();
        let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len() as f32;
        let image = ImageTensor::new(data, 1, 400, 200).unwrap().with_spacing_mm(Some([0.1, 0.2]));
        let small = shrink(image.clone(), 100);
        assert_eq!((small.height(), small.width()), (100, 50));
        assert_eq!(small.spacing_mm(), Some([0.4, 0.8]));
        assert!((mean(small.data()) - mean(image.data())).abs() < 1e-3);
        assert_eq!(shrink(small.clone(), 100), small);
    }

    #[test]
    fn what_is_stored_is_close_to_what_was_given() {
        let data: Vec<f32> = (0..120 * 90)
            .map(|i| 0.5 + 0.4 * (i as f32 / 300.0).sin() * (i as f32 % 90.0 / 20.0).cos())
            .collect();
        let image = ImageTensor::new(data, 1, 120, 90).unwrap();
        for (format, most) in [(ImageFormat::Png, 0.5), (ImageFormat::Jpeg { quality: 90 }, 8.0)] {
            let stored = image::load_from_memory(&format.encode(&image).unwrap()).unwrap().into_luma8();
            assert_eq!((stored.width(), stored.height()), (90, 120));
            let off =
                stored.iter().zip(image.data()).map(|(kept, given)| (f32::from(*kept) - 255.0 * given).abs());
            let off: Vec<f32> = off.collect();
            assert!(off.iter().all(|off| *off <= most + 1e-3), "{format:?}");
            assert!(off.iter().sum::<f32>() / (off.len() as f32) < most / 4.0 + 0.26, "{format:?}");
        }
        let long = ImageTensor::new(vec![0.0; 70_000], 1, 1, 70_000).unwrap();
        assert!(ImageFormat::Jpeg { quality: 90 }.encode(&long).is_err());
    }

    #[test]
    fn halves_are_rounded_as_the_library_does() {
        for step in 0..=255_000u32 {
            let value = step as f32 / 1000.0;
            for near in [value, value.next_down().max(0.0), value.next_up().min(255.0)] {
                assert_eq!(rounded(near), near.round() as u8, "{near}");
            }
        }
    }
}
