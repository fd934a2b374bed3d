use std::fmt;

use crate::{Error, Result};

/// Decoded pixels in planar order, and the size of a pixel where it is known.
///
/// Decoders give grey images (one channel) with values in `[0, 1]`, bone bright; transforms may
/// normalise them to any range.
///
/// # Shapes
///
/// - `data`: `[channels, height, width]`, row-major
#[derive(Clone, PartialEq)]
pub struct ImageTensor {
    data: Vec<f32>,
    channels: usize,
    height: usize,
    width: usize,
    spacing_mm: Option<[f32; 2]>,
}

impl ImageTensor {
    /// An image over `data`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] if `data` does not hold `channels * height * width` values, or a side is 0.
    pub fn new(data: Vec<f32>, channels: usize, height: usize, width: usize) -> Result<Self> {
        let expected = channels.checked_mul(height).and_then(|n| n.checked_mul(width));
        if expected != Some(data.len()) || data.is_empty() {
            return Err(Error::Shape { channels, height, width, values: data.len() });
        }
        Ok(Self { data, channels, height, width, spacing_mm: None })
    }

    /// The same image with the size of a pixel, `[vertical, horizontal]` in millimetres. A spacing that
    /// is not finite and positive is not a spacing and is left out.
    #[must_use]
    pub fn with_spacing_mm(mut self, spacing: Option<[f32; 2]>) -> Self {
        self.spacing_mm = spacing.filter(|s| s.iter().all(|v| v.is_finite() && *v > 0.0));
        self
    }

    /// The values, planar.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The values, to be changed in place.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The values, taken out.
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The size of a pixel, `[vertical, horizontal]` in millimetres, where it is known.
    pub fn spacing_mm(&self) -> Option<[f32; 2]> {
        self.spacing_mm
    }
}

impl fmt::Debug for ImageTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImageTensor[{}, {}, {}]", self.channels, self.height, self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_that_does_not_fit_is_refused() {
        assert!(ImageTensor::new(vec![0.0; 5], 1, 2, 3).is_err());
        assert!(ImageTensor::new(Vec::new(), 1, 0, 3).is_err());
        assert!(ImageTensor::new(Vec::new(), usize::MAX, 2, 0).is_err());
        assert!(ImageTensor::new(vec![0.0; 6], 1, 2, 3).is_ok());
    }

    #[test]
    fn zero_is_not_a_spacing() {
        let image = ImageTensor::new(vec![0.0], 1, 1, 1).unwrap();
        assert_eq!(image.clone().with_spacing_mm(Some([0.0, 0.0])).spacing_mm(), None);
        assert_eq!(image.with_spacing_mm(Some([0.1, 0.2])).spacing_mm(), Some([0.1, 0.2]));
    }
}
