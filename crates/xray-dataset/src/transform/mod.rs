//! From decoded images to what an encoder sees: one resample, grey-level changes, normalisation.

mod blur;
mod convirt;
mod draw;
mod eval;
mod multi_crop;
mod warp;

pub use blur::gaussian_blur;
pub use convirt::{Convirt, brightness_contrast};
pub use eval::{EvalTransform, Fit};
pub use multi_crop::MultiCrop;
pub use warp::{Affine, Crop, Warp};
