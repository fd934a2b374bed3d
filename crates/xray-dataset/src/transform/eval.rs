use serde::{Deserialize, Serialize};
use xray_core::{ImageTensor, ImageTransform};

use super::convirt::normalise;
use super::warp::{Affine, Warp};

/// How an image of any shape becomes a square.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Both sides are scaled to the square, as the method does; shapes change.
    #[default]
    Stretch,
    /// The longer side is scaled to the square and the rest is black; shapes stay.
    Letterbox,
}

/// The transform of evaluation: resize and normalise, nothing drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EvalTransform {
    /// The side of the square (default: 224).
    pub size: usize,
    /// How the image is fitted to it (default: [`Fit::Stretch`]).
    pub fit: Fit,
    /// What is subtracted (default: 0.5).
    pub mean: f32,
    /// What the difference is divided by (default: 0.25, as in training).
    pub std: f32,
}

impl Default for EvalTransform {
    fn default() -> Self {
        Self { size: 224, fit: Fit::Stretch, mean: 0.5, std: 0.25 }
    }
}

impl ImageTransform for EvalTransform {
    fn apply(&self, image: ImageTensor, _: u64) -> ImageTensor {
        let size = [self.size; 2];
        let warp = match self.fit {
            Fit::Stretch => Warp::resize(&image, size),
            Fit::Letterbox => {
                let longest = image.height().max(image.width());
                let side = |length: usize| ((length * self.size + longest / 2) / longest).max(1);
                let frame = [side(image.height()), side(image.width())];
                let [top, left] = frame.map(|side| ((self.size - side.min(self.size)) / 2) as f64);
                let to_frame = Affine([1.0, 0.0, -left, 0.0, 1.0, -top]);
                Warp { frame, to_frame, ..Warp::resize(&image, size) }
            }
        };
        let mut image = warp.apply(&image);
        normalise(&mut image, self.mean, self.std);
        image
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letterbox_keeps_the_shape_on_black() {
        let image = ImageTensor::new(vec![1.0; 40 * 20], 1, 40, 20).unwrap();
        let eval = EvalTransform { size: 8, fit: Fit::Letterbox, mean: 0.0, std: 1.0 };
        let boxed = eval.apply(image.clone(), 0);
        for row in boxed.data().chunks(8) {
            assert_eq!(row, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        }
        let stretched = EvalTransform { fit: Fit::Stretch, ..eval }.apply(image, 0);
        assert!(stretched.data().iter().all(|value| *value == 1.0));
    }
}
