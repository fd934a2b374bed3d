#![doc = include_str!("../README.md")]

#[cfg(feature = "torch")]
mod alignment;
#[cfg(feature = "torch")]
mod error;
#[cfg(feature = "torch")]
mod labelled_set;
#[cfg(feature = "torch")]
mod predictor;
#[cfg(feature = "torch")]
mod preparation;
#[cfg(feature = "torch")]
mod studies;

#[cfg(feature = "torch")]
pub use alignment::{Aligned, Alignment};
#[cfg(feature = "torch")]
pub use contrastive_align;
#[cfg(feature = "torch")]
pub use downstream_heads;
#[cfg(feature = "torch")]
pub use error::{Error, Result};
pub use eval_metrics;
#[cfg(feature = "torch")]
pub use labelled_set::{LabelledSet, LabelledStudy};
#[cfg(feature = "torch")]
pub use model_core;
#[cfg(feature = "torch")]
pub use predictor::{Prediction, Predictor, PredictorCard};
pub use report_anonymizer;
#[cfg(feature = "torch")]
pub use studies::{Frozen, Studies};
#[cfg(feature = "torch")]
pub use text_encoder;
#[cfg(feature = "torch")]
pub use vision_encoder;
pub use xray_core;
pub use xray_dataset;
pub use xray_phantom;
