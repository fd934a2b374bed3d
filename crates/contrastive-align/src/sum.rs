use model_core::{Collective, Error, Result};
use tch::Tensor;

use crate::{AlignmentLoss, EncodedPairs};

/// Several losses, each with a weight.
///
/// ```
/// use contrastive_align::{AlignmentLoss, ClipLoss, LocalLoss, SumLoss};
///
/// let loss = SumLoss::new(vec![(1.0, Box::new(ClipLoss::released())), (0.5, Box::new(LocalLoss::default()))])?;
/// assert!(loss.uses_tokens());
/// # Ok::<(), model_core::Error>(())
/// ```
#[derive(Debug)]
pub struct SumLoss(Vec<(f64, Box<dyn AlignmentLoss>)>);

impl SumLoss {
    /// The weighted sum of `losses`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if there is none or a weight is not a finite number.
    pub fn new(losses: Vec<(f64, Box<dyn AlignmentLoss>)>) -> Result<Self> {
        if losses.is_empty() || losses.iter().any(|(weight, _)| !weight.is_finite()) {
            return Err(Error::config("losses", "need at least one, each with a finite weight"));
        }
        Ok(Self(losses))
    }
}

impl AlignmentLoss for SumLoss {
    fn loss(&self, pairs: &EncodedPairs, collective: &dyn Collective) -> Result<Tensor> {
        let terms = self.0.iter().map(|(weight, loss)| Ok(loss.loss(pairs, collective)? * *weight));
        let terms = terms.collect::<Result<Vec<Tensor>>>()?;
        Ok(Tensor::stack(&terms, 0).sum(None))
    }

    fn uses_tokens(&self) -> bool {
        self.0.iter().any(|(_, loss)| loss.uses_tokens())
    }
}
