use model_core::{Encoded, Error, Mode, Result};
use tch::{Reduction, Tensor, nn};

use super::body::Body;
use super::{Head, HeadConfig, check_targets, known, mean_of_known};

/// Findings that are there or not, one or several: fracture, abnormality, cast. Binary cross-entropy.
///
/// # Shapes
///
/// - logits, predictions: `[batch, labels]`
/// - targets: `[batch, labels]`, 0, 1, or NaN where it is not known
#[derive(Debug)]
pub struct LabelHead {
    body: Body,
    labels: i64,
    positive_weight: Option<Tensor>,
}

impl LabelHead {
    /// A head for `labels` findings.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if a size is not positive.
    pub fn new(vs: &nn::Path<'_>, config: &HeadConfig, labels: i64) -> Result<Self> {
        Ok(Self { body: Body::new(vs, config, labels)?, labels, positive_weight: None })
    }

    /// The same head where a positive case of each label counts so many times; the method's released code
    /// takes negatives over positives of the training set. Default: once.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if there is not one weight a label, or one is not positive.
    pub fn with_positive_weight(mut self, weights: &[f64]) -> Result<Self> {
        if weights.len() as i64 != self.labels || weights.iter().any(|w| !(*w > 0.0 && w.is_finite())) {
            let reason = format!("{weights:?} are not {} positive numbers", self.labels);
            return Err(Error::config("positive_weight", reason));
        }
        let weights: Vec<f32> = weights.iter().map(|weight| *weight as f32).collect();
        self.positive_weight = Some(Tensor::from_slice(&weights));
        Ok(self)
    }
}

impl Head for LabelHead {
    fn logits(&self, features: &Encoded, mode: Mode) -> Result<Tensor> {
        self.body.forward(features, mode)
    }

    fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        check_targets(targets, &logits.size())?;
        let (targets, known) = known(targets);
        let weight = self.positive_weight.as_ref().map(|weight| weight.to_device(logits.device()));
        let none: Option<&Tensor> = None;
        let losses =
            logits.binary_cross_entropy_with_logits(&targets, none, weight.as_ref(), Reduction::None);
        Ok(mean_of_known(&losses, &known))
    }

    fn predictions(&self, logits: &Tensor) -> Tensor {
        logits.sigmoid()
    }
}
