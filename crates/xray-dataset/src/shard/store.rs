use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageBuffer, ImageEncoder, Luma, imageops};
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
        let grey: Vec<u8> = image.data().iter().map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8).collect();
        let (width, height) = (image.width() as u32, image.height() as u32);
        let mut bytes = Vec::new();
        match self {
            Self::Png => {
                PngEncoder::new(&mut bytes).write_image(&grey, width, height, ExtendedColorType::L8)?;
            }
            Self::Jpeg { quality } => {
                let encoder = JpegEncoder::new_with_quality(&mut bytes, quality.clamp(1, 100));
                encoder.write_image(&grey, width, height, ExtendedColorType::L8)?;
            }
        }
        Ok(bytes)
    }
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
}
