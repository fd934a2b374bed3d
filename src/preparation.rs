use std::path::Path;

use vision_encoder::{Filter, ImageProcessor, Size, VisionConfig};
use xray_dataset::{EvalTransform, Fit};

use crate::Result;
use crate::error::model;

/// Writes beside an encoder how its images are prepared, so that its folder says it to whoever loads it, here or
/// in transformers: nearly as in training, since published processors shrink with Pillow's triangle and round to 8 bits
/// (about one grey level on average). A letterbox is nothing that the file can say; then none is written.
///
/// # Errors
///
/// If the file cannot be written.
pub(crate) fn save_preparation(
    transform: &EvalTransform,
    vision: &VisionConfig,
    folder: impl AsRef<Path>,
) -> Result<()> {
    if transform.fit != Fit::Stretch {
        return Ok(());
    }
    let channels = usize::try_from(vision.num_channels()).unwrap_or(1);
    let processor = ImageProcessor {
        size: Size::square(transform.size),
        resample: Filter::Bilinear,
        crop_size: Size::square(transform.size),
        // What is written as a decimal should be read as that: 0.1, not 0.10000000149.
        image_mean: vec![decimal(transform.mean); channels],
        image_std: vec![decimal(transform.std); channels],
        ..ImageProcessor::default()
    };
    processor.save(folder).map_err(model("writing how images are prepared"))
}

fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
