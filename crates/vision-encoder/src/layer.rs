use model_core::layers::{
    Activation, AttentionConfig, Block, LayerScale, Mlp, MultiHeadAttention, SwiGlu, drop_path, layer_norm,
};
use model_core::{Mode, Result};
use tch::Tensor;
use tch::nn::{self, Module};

/// A transformer layer with a norm before attention and one before the MLP, as ViT, ViT-MAE and DINOv2 have
/// it. They differ in names, and in what scales and drops the two branches.
#[derive(Debug)]
pub(crate) struct Layer {
    norm_before: nn::LayerNorm,
    attention: MultiHeadAttention,
    norm_after: nn::LayerNorm,
    feed_forward: FeedForward,
    scales: Option<(LayerScale, LayerScale)>,
    dropout: f64,
    drop_path: f64,
}

#[derive(Debug)]
enum FeedForward {
    Mlp(Mlp),
    SwiGlu(SwiGlu),
}

/// The sizes of a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerConfig {
    pub(crate) attention: AttentionConfig,
    pub(crate) intermediate_size: i64,
    pub(crate) hidden_act: Activation,
    pub(crate) layer_norm_eps: f64,
}

/// What DINOv2's layers have beside that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dinov2LayerConfig {
    pub(crate) layerscale_value: f64,
    pub(crate) drop_path_rate: f64,
    pub(crate) use_swiglu_ffn: bool,
}

impl Layer {
    /// A layer with ViT's names.
    pub(crate) fn vit(vs: &nn::Path<'_>, config: &LayerConfig) -> Result<Self> {
        let feed_forward = config.mlp(&(vs / "intermediate" / "dense"), &(vs / "output" / "dense"));
        Ok(Self {
            norm_before: config.norm(&(vs / "layernorm_before")),
            attention: config.attention(&(vs / "attention"))?,
            norm_after: config.norm(&(vs / "layernorm_after")),
            feed_forward,
            scales: None,
            dropout: config.attention.hidden_dropout,
            drop_path: 0.0,
        })
    }

    /// A layer with DINOv2's names.
    pub(crate) fn dinov2(
        vs: &nn::Path<'_>,
        config: &LayerConfig,
        dinov2: &Dinov2LayerConfig,
    ) -> Result<Self> {
        let hidden_size = config.attention.hidden_size;
        let scale = |name: &str| LayerScale::new(&(vs / name), hidden_size, dinov2.layerscale_value);
        let mlp = vs / "mlp";
        let feed_forward = if dinov2.use_swiglu_ffn {
            FeedForward::SwiGlu(SwiGlu::new(&mlp, hidden_size, config.intermediate_size)?)
        } else {
            config.mlp(&(&mlp / "fc1"), &(&mlp / "fc2"))
        };
        Ok(Self {
            norm_before: config.norm(&(vs / "norm1")),
            attention: config.attention(&(vs / "attention"))?,
            norm_after: config.norm(&(vs / "norm2")),
            feed_forward,
            scales: Some((scale("layer_scale1"), scale("layer_scale2"))),
            dropout: config.attention.hidden_dropout,
            drop_path: dinov2.drop_path_rate,
        })
    }

    /// How much each token takes of each other one here.
    ///
    /// # Shapes
    ///
    /// - hidden: `[batch, tokens, hidden_size]`
    /// - result: `[batch, heads, tokens, tokens]`
    pub(crate) fn attention_weights(&self, hidden: &Tensor) -> Tensor {
        self.attention.weights(&self.norm_before.forward(hidden), None)
    }

    fn add(&self, hidden: &Tensor, branch: Tensor, scale: Option<&LayerScale>, mode: Mode) -> Tensor {
        let branch = match scale {
            Some(scale) => scale.forward(&branch),
            None => branch,
        };
        hidden + drop_path(&branch, self.drop_path, mode)
    }
}

impl Block for Layer {
    fn forward(&self, hidden: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Tensor {
        let attended = self.attention.forward(&self.norm_before.forward(hidden), mask, mode);
        let hidden = self.add(hidden, attended, self.scales.as_ref().map(|(attention, _)| attention), mode);
        let normed = self.norm_after.forward(&hidden);
        let changed = match &self.feed_forward {
            FeedForward::Mlp(mlp) => mlp.forward(&normed, self.dropout, mode),
            FeedForward::SwiGlu(gated) => gated.forward(&normed),
        };
        self.add(&hidden, changed, self.scales.as_ref().map(|(_, feed_forward)| feed_forward), mode)
    }
}

impl LayerConfig {
    pub(crate) fn norm(&self, vs: &nn::Path<'_>) -> nn::LayerNorm {
        layer_norm(vs, self.attention.hidden_size, self.layer_norm_eps)
    }

    fn attention(&self, vs: &nn::Path<'_>) -> Result<MultiHeadAttention> {
        MultiHeadAttention::new(&(vs / "attention"), &(vs / "output" / "dense"), self.attention)
    }

    fn mlp(&self, first: &nn::Path<'_>, second: &nn::Path<'_>) -> FeedForward {
        let hidden_size = self.attention.hidden_size;
        FeedForward::Mlp(Mlp::new(first, second, hidden_size, self.intermediate_size, self.hidden_act))
    }
}
