use model_core::{Collate, Error, Result};
use tch::{Device, Tensor};
use xray_core::ImageTensor;

/// Stacks images of one size into a batch. Grey images become as many equal channels as the model wants.
///
/// ```
/// use model_core::Collate;
/// use vision_encoder::PixelCollate;
/// use xray_core::ImageTensor;
///
/// let image = ImageTensor::new(vec![0.5; 12], 1, 3, 4)?;
/// let batch = PixelCollate::new(3).collate(&[&image, &image], tch::Device::Cpu)?;
/// assert_eq!(batch.size(), [2, 3, 3, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelCollate {
    channels: usize,
}

impl PixelCollate {
    /// Batches for a model that takes this many channels.
    pub fn new(channels: usize) -> Self {
        Self { channels }
    }
}

impl Collate<ImageTensor> for PixelCollate {
    /// # Shapes
    ///
    /// - `[batch, channels, height, width]`
    type Batch = Tensor;

    fn collate(&self, items: &[&ImageTensor], device: Device) -> Result<Tensor> {
        let shape =
            |image: &ImageTensor| [image.channels(), image.height(), image.width()].map(|side| side as i64);
        let Some(first) = items.first().map(|image| shape(image)) else {
            return Err(Error::shape(
                "images",
                "[batch, channels, height, width], a batch of 1 or more",
                vec![0],
            ));
        };
        let [channels, height, width] = first;
        if channels != self.channels as i64 && channels != 1 {
            let expected = match self.channels {
                1 => "[1, height, width]".to_owned(),
                channels => format!("[{channels} or 1, height, width]"),
            };
            return Err(Error::shape("image", expected, first.to_vec()));
        }
        let mut data = Vec::with_capacity(items.len() * items[0].data().len());
        for image in items {
            if shape(image) != first {
                let expected = format!("{first:?}, as the first of the batch");
                return Err(Error::shape("image", expected, shape(image).to_vec()));
            }
            data.extend_from_slice(image.data());
        }
        let batch =
            Tensor::from_slice(&data).view([items.len() as i64, channels, height, width]).to_device(device);
        Ok(batch.expand([-1, self.channels as i64, -1, -1], false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_do_not_fit_together_are_refused() {
        let image = |channels: usize, side: usize| {
            ImageTensor::new(vec![0.0; channels * side * side], channels, side, side).unwrap()
        };
        let collate = |items: &[&ImageTensor]| PixelCollate::new(3).collate(items, Device::Cpu);
        assert!(collate(&[]).is_err());
        assert!(collate(&[&image(2, 4)]).is_err());
        let error = collate(&[&image(1, 4), &image(1, 5)]).unwrap_err();
        assert!(error.to_string().contains("[1, 5, 5]"), "{error}");
    }

    #[test]
    fn channels_are_repeated_and_order_is_kept() {
        let image = |value: f32| ImageTensor::new(vec![value; 4], 1, 2, 2).unwrap();
        let batch = PixelCollate::new(3).collate(&[&image(1.0), &image(2.0)], Device::Cpu).unwrap();
        for index in 0..2 {
            assert_eq!(batch.get(index), Tensor::full([3, 2, 2], index + 1, (tch::Kind::Float, Device::Cpu)));
        }
    }
}
