mod attentive;
mod body;
mod boxes;
mod dense;
mod grades;
mod labels;
mod ordinal;
mod regression;

use std::fmt::Debug;

use model_core::{Encoded, Mode, Result};
use tch::{Kind, Tensor};

pub use attentive::AttentivePooling;
pub use body::HeadConfig;
pub use boxes::{BoxConfig, BoxHead};
pub use dense::{DenseConfig, DenseHead};
pub use grades::GradeHead;
pub use labels::LabelHead;
pub use ordinal::OrdinalHead;
pub use regression::RegressionHead;

/// Makes an encoder's features into an answer, and knows what a wrong answer costs.
///
/// A target that is not known does not count: -1 among grades, NaN among labels and measurements.
pub trait Head: Debug + Send {
    /// The raw answers.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, ..]`, as the head says
    ///
    /// # Errors
    ///
    /// If the features do not have the shape that the head needs.
    fn logits(&self, features: &Encoded, mode: Mode) -> Result<Tensor>;

    /// The loss, a scalar: a mean over the targets that are known, 0 if none is.
    ///
    /// # Errors
    ///
    /// If the targets do not fit the logits.
    fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor>;

    /// What raw answers mean: probabilities, or measurements in their unit.
    fn predictions(&self, logits: &Tensor) -> Tensor;
}

impl<H: Head + ?Sized> Head for Box<H> {
    fn logits(&self, features: &Encoded, mode: Mode) -> Result<Tensor> {
        (**self).logits(features, mode)
    }

    fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        (**self).loss(logits, targets)
    }

    fn predictions(&self, logits: &Tensor) -> Tensor {
        (**self).predictions(logits)
    }
}

/// The mean of `losses` where `known`, 0 where nothing is.
fn mean_of_known(losses: &Tensor, known: &Tensor) -> Tensor {
    let known = known.to_kind(losses.kind());
    (losses * &known).sum(losses.kind()) / known.sum(losses.kind()).clamp_min(1.0)
}

/// Float targets with 0 in the place of NaN, and where they are known.
fn known(targets: &Tensor) -> (Tensor, Tensor) {
    (targets.nan_to_num(0.0, None, None).to_kind(Kind::Float), targets.isnan().logical_not())
}

fn check_targets(targets: &Tensor, expected: &[i64]) -> Result<()> {
    if targets.size() == expected {
        return Ok(());
    }
    Err(model_core::Error::shape("targets", format!("{expected:?}"), targets.size()))
}
