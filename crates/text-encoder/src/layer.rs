use model_core::layers::{AttentionConfig, Block, Mlp, MultiHeadAttention, layer_norm};
use model_core::{Mode, Result};
use tch::Tensor;
use tch::nn::{self, Module};

use crate::config::TextConfig;

/// A transformer layer with a norm after attention and one after the MLP, under BERT's names.
#[derive(Debug)]
pub(crate) struct Layer {
    attention: MultiHeadAttention,
    rest: AfterAttention,
}

/// What a layer does with what attention gives.
#[derive(Debug)]
pub(crate) struct AfterAttention {
    attention_norm: nn::LayerNorm,
    mlp: Mlp,
    output_norm: nn::LayerNorm,
    dropout: f64,
}

impl Layer {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &TextConfig) -> Result<Self> {
        let attention = vs / "attention";
        let sizes = AttentionConfig {
            hidden_size: config.hidden_size,
            num_attention_heads: config.num_attention_heads,
            qkv_bias: true,
            attention_dropout: config.attention_probs_dropout_prob,
            hidden_dropout: config.hidden_dropout_prob,
        };
        Ok(Self {
            attention: MultiHeadAttention::new(
                &(&attention / "self"),
                &(&attention / "output" / "dense"),
                sizes,
            )?,
            rest: AfterAttention::new(vs, config),
        })
    }
}

impl Block for Layer {
    fn forward(&self, hidden: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Tensor {
        self.rest.forward(&self.attention.forward(hidden, mask, mode), hidden, mode)
    }
}

impl AfterAttention {
    /// The parts of the layer at `vs` without its attention.
    pub(crate) fn new(vs: &nn::Path<'_>, config: &TextConfig) -> Self {
        let norm = |vs: &nn::Path<'_>| layer_norm(vs, config.hidden_size, config.layer_norm_eps);
        Self {
            attention_norm: norm(&(vs / "attention" / "output" / "LayerNorm")),
            mlp: Mlp::new(
                &(vs / "intermediate" / "dense"),
                &(vs / "output" / "dense"),
                config.hidden_size,
                config.intermediate_size,
                config.hidden_act,
            ),
            output_norm: norm(&(vs / "output" / "LayerNorm")),
            dropout: config.hidden_dropout_prob,
        }
    }

    pub(crate) fn forward(&self, attended: &Tensor, hidden: &Tensor, mode: Mode) -> Tensor {
        let hidden = self.attention_norm.forward(&(attended + hidden));
        let changed = self.mlp.forward(&hidden, self.dropout, mode);
        self.output_norm.forward(&(changed + hidden))
    }
}
