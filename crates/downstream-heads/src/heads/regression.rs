use model_core::{Encoded, Error, Mode, Result};
use tch::{Reduction, Tensor, nn};

use super::body::Body;
use super::{Head, HeadConfig, check_targets, known, mean_of_known};

/// Measurements in their own unit: bone age in months, hip-knee-ankle angles in degrees. The linear layer
/// is followed by a learnable scale and bias, which start as the deviation and the mean of the training
/// targets; the loss is SmoothL1 with beta 1 in the unit, as in the method's released code.
///
/// # Shapes
///
/// - logits, predictions: `[batch, outputs]`
/// - targets: `[batch, outputs]`, NaN where it is not known
#[derive(Debug)]
pub struct RegressionHead {
    body: Body,
    scale: Tensor,
    bias: Tensor,
}

impl RegressionHead {
    /// A head for measurements whose training targets have the given means and deviations, one each an
    /// output.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if a size is not positive, or a mean is not finite or a deviation not positive.
    pub fn new(vs: &nn::Path<'_>, config: &HeadConfig, mean: &[f64], deviation: &[f64]) -> Result<Self> {
        if mean.len() != deviation.len() || mean.iter().any(|value| !value.is_finite()) {
            return Err(Error::config("mean", "there is not one finite mean an output"));
        }
        if deviation.iter().any(|value| !(*value > 0.0 && value.is_finite())) {
            return Err(Error::config("deviation", format!("{deviation:?} are not positive numbers")));
        }
        let single =
            |values: &[f64]| Tensor::from_slice(&values.iter().map(|v| *v as f32).collect::<Vec<_>>());
        Ok(Self {
            body: Body::new(vs, config, mean.len() as i64)?,
            scale: vs.var_copy("scale", &single(deviation)),
            bias: vs.var_copy("bias", &single(mean)),
        })
    }
}

impl Head for RegressionHead {
    fn logits(&self, features: &Encoded, mode: Mode) -> Result<Tensor> {
        Ok(self.body.forward(features, mode)? * &self.scale + &self.bias)
    }

    fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        check_targets(targets, &logits.size())?;
        let (targets, known) = known(targets);
        Ok(mean_of_known(&logits.smooth_l1_loss(&targets, Reduction::None, 1.0), &known))
    }

    fn predictions(&self, logits: &Tensor) -> Tensor {
        logits.shallow_clone()
    }
}
