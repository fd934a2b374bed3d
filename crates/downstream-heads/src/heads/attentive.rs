use model_core::layers::linear;
use model_core::{Encoded, Error, Mode, Result};
use tch::{Tensor, nn};

use super::Head;

/// Weighs the images of a study, or the patches of an image, before another head answers for the whole
/// (gated attention, Ilse, Tomczak and Welling, ICML 2018). Padding gets no weight.
///
/// # Shapes
///
/// - features: tokens `[batch, tokens, embed_dim]` with their mask
#[derive(Debug)]
pub struct AttentivePooling<H> {
    value: nn::Linear,
    gate: nn::Linear,
    weight: nn::Linear,
    head: H,
}

impl<H: Head> AttentivePooling<H> {
    /// Pools vectors of `embed_dim` for `head`, by scores from `hidden_size` hidden units.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if a size is not positive.
    pub fn new(vs: &nn::Path<'_>, embed_dim: i64, hidden_size: i64, head: H) -> Result<Self> {
        if embed_dim <= 0 || hidden_size <= 0 {
            let reason = format!("{embed_dim} and {hidden_size} are not both positive");
            return Err(Error::config("hidden_size", reason));
        }
        Ok(Self {
            value: linear(&(vs / "value"), embed_dim, hidden_size, true),
            gate: linear(&(vs / "gate"), embed_dim, hidden_size, true),
            weight: linear(&(vs / "weight"), hidden_size, 1, true),
            head,
        })
    }

    /// How much each token counts.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, tokens]`, each row summing to 1
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if there are no tokens.
    pub fn weights(&self, features: &Encoded) -> Result<Tensor> {
        let tokens = tokens(features)?;
        let gated = tokens.apply(&self.value).tanh() * tokens.apply(&self.gate).sigmoid();
        let mut scores = gated.apply(&self.weight).squeeze_dim(-1);
        if let Some(mask) = &features.mask {
            // The lowest finite number, so that an item without a real token gives no NaN.
            scores = scores.masked_fill(&mask.logical_not(), f64::from(f32::MIN));
        }
        Ok(scores.softmax(-1, scores.kind()))
    }
}

impl<H: Head> Head for AttentivePooling<H> {
    fn logits(&self, features: &Encoded, mode: Mode) -> Result<Tensor> {
        let weights = self.weights(features)?;
        let pooled = weights.unsqueeze(1).matmul(tokens(features)?).squeeze_dim(1);
        self.head.logits(&Encoded::from_pooled(pooled), mode)
    }

    fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        self.head.loss(logits, targets)
    }

    fn predictions(&self, logits: &Tensor) -> Tensor {
        self.head.predictions(logits)
    }
}

fn tokens(features: &Encoded) -> Result<&Tensor> {
    features.tokens.as_ref().ok_or_else(|| Error::config("features", "the encoder gives no tokens"))
}
