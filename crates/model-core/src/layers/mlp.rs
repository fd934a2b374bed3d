use tch::{Tensor, nn};

use crate::layers::{Activation, dropout, linear};
use crate::{Error, Mode, Result};

/// Two linear layers with an activation between.
#[derive(Debug)]
pub struct Mlp {
    first: nn::Linear,
    second: nn::Linear,
    activation: Activation,
}

impl Mlp {
    /// A layer whose linear layers lie at `first` (`intermediate.dense` in ViT and BERT, `mlp.fc1` in
    /// DINOv2) and `second` (`output.dense`, `mlp.fc2`).
    pub fn new(
        first: &nn::Path<'_>,
        second: &nn::Path<'_>,
        hidden_size: i64,
        intermediate_size: i64,
        activation: Activation,
    ) -> Self {
        Self {
            first: linear(first, hidden_size, intermediate_size, true),
            second: linear(second, intermediate_size, hidden_size, true),
            activation,
        }
    }

    /// Each token, transformed by itself; a part `hidden_dropout` of the output is dropped in training.
    ///
    /// # Shapes
    ///
    /// - hidden and what is returned: `[.., hidden_size]`
    pub fn forward(&self, hidden: &Tensor, hidden_dropout: f64, mode: Mode) -> Tensor {
        let intermediate = self.activation.apply(&hidden.apply(&self.first));
        dropout(&intermediate.apply(&self.second), hidden_dropout, mode)
    }
}

/// The gated layer of DINOv2's giant model: `silu(a) * b`, both from one linear layer.
#[derive(Debug)]
pub struct SwiGlu {
    weights_in: nn::Linear,
    weights_out: nn::Linear,
}

impl SwiGlu {
    /// A layer whose `weights_in` and `weights_out` lie below `vs`. The inner size is two thirds of
    /// `intermediate_size`, rounded up to a multiple of 8, as in
    /// [Dinov2SwiGLUFFN](https://github.com/huggingface/transformers/blob/main/src/transformers/models/dinov2/modeling_dinov2.py).
    ///
    /// # Errors
    ///
    /// If a size is not positive.
    pub fn new(vs: &nn::Path<'_>, hidden_size: i64, intermediate_size: i64) -> Result<Self> {
        if hidden_size < 1 || intermediate_size < 1 {
            return Err(Error::config(
                "intermediate_size",
                format!("sizes of {hidden_size} and {intermediate_size} are not both positive"),
            ));
        }
        let inner = (intermediate_size * 2 / 3 + 7) / 8 * 8;
        Ok(Self {
            weights_in: linear(&(vs / "weights_in"), hidden_size, 2 * inner, true),
            weights_out: linear(&(vs / "weights_out"), inner, hidden_size, true),
        })
    }

    /// Each token, transformed by itself.
    ///
    /// # Shapes
    ///
    /// - hidden and what is returned: `[.., hidden_size]`
    pub fn forward(&self, hidden: &Tensor) -> Tensor {
        let gate_and_value = hidden.apply(&self.weights_in).chunk(2, -1);
        (gate_and_value[0].silu() * &gate_and_value[1]).apply(&self.weights_out)
    }
}
