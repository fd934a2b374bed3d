use model_core::layers::{Pooling, Stack};
use model_core::{Encoded, Mode, Result};
use tch::Tensor;
use tch::nn::{self, Module};

use crate::embeddings::Embeddings;
use crate::layer::Layer;

/// Embeddings, layers and a last norm: what ViT, ViT-MAE's encoder and DINOv2 have in common.
#[derive(Debug)]
pub(crate) struct Backbone {
    pub(crate) embeddings: Embeddings,
    pub(crate) layers: Stack<Layer>,
    pub(crate) layernorm: nn::LayerNorm,
}

impl Backbone {
    /// # Shapes
    ///
    /// - pixels: `[batch, channels, height, width]`
    /// - result: `[batch, prefix + patches, hidden_size]`
    pub(crate) fn last_hidden_state(&self, pixels: &Tensor, mode: Mode) -> Result<Tensor> {
        self.transform(self.embeddings.forward(pixels, mode)?, mode)
    }

    /// The layers and the last norm.
    pub(crate) fn transform(&self, tokens: Tensor, mode: Mode) -> Result<Tensor> {
        Ok(self.layernorm.forward(&self.layers.forward(tokens, None, mode)?))
    }

    /// The tokens after each of the last `last` layers, each through the last norm.
    pub(crate) fn intermediate_layers(
        &self,
        pixels: &Tensor,
        last: usize,
        mode: Mode,
    ) -> Result<Vec<Tensor>> {
        let mut hidden = self.embeddings.forward(pixels, mode)?;
        let mut kept = Vec::with_capacity(last.min(self.layers.len()));
        for index in 0..self.layers.len() {
            hidden = self.layers.run(index, &hidden, None, mode)?;
            if index + last >= self.layers.len() {
                kept.push(self.layernorm.forward(&hidden));
            }
        }
        Ok(kept)
    }

    /// The pooled vector and the patches, through `projection` where there is one. [`Pooling::Cls`] is the CLS
    /// token; the others are over the patches.
    pub(crate) fn encode(
        &self,
        pixels: &Tensor,
        pooling: Pooling,
        projection: Option<&nn::Linear>,
        mode: Mode,
    ) -> Result<Encoded> {
        let hidden = self.last_hidden_state(pixels, mode)?;
        Ok(self.of_normed(&hidden, pooling, projection))
    }

    /// The same of the tokens after the last layer, before the last norm.
    pub(crate) fn pooled(&self, last: &Tensor, pooling: Pooling, projection: Option<&nn::Linear>) -> Encoded {
        self.of_normed(&self.layernorm.forward(last), pooling, projection)
    }

    fn of_normed(&self, hidden: &Tensor, pooling: Pooling, projection: Option<&nn::Linear>) -> Encoded {
        let patches = hidden.slice(1, self.embeddings.prefix_tokens(), None, 1);
        let pooled = pooling.pool(if pooling == Pooling::Cls { hidden } else { &patches }, None);
        let project = |features: Tensor| match projection {
            Some(projection) => projection.forward(&features),
            None => features,
        };
        Encoded { pooled: project(pooled), tokens: Some(project(patches)), mask: None }
    }
}
