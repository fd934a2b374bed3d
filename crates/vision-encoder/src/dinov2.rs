use model_core::layers::{Activation, AttentionConfig, Pooling, Stack, linear};
use model_core::{Encoded, Encoder, Error, Mode, Pretrained, PretrainedConfig, Result};
use serde::{Deserialize, Serialize};
use tch::Tensor;
use tch::nn;

use crate::backbone::Backbone;
use crate::config::{at_least_one, heads, image, probability, side};
use crate::embeddings::{Embeddings, EmbeddingsConfig, Positions};
use crate::layer::{Dinov2LayerConfig, Layer, LayerConfig};

/// The sizes of a [`Dinov2`], as `config.json` has them.
///
/// Defaults are those of transformers' `Dinov2Config`, or `Dinov2WithRegistersConfig` where `model_type`
/// says so; unknown fields are ignored.
///
/// ```
/// use vision_encoder::Dinov2Config;
///
/// let config: Dinov2Config = serde_json::from_str(r#"{ "model_type": "dinov2_with_registers" }"#)?;
/// assert_eq!((config.num_register_tokens, config.patch_size), (4, 16));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "ConfigFile")]
pub struct Dinov2Config {
    /// With registers or without. Default: without.
    pub model_type: Dinov2Type,
    /// Width of a token. Default: 768.
    pub hidden_size: i64,
    /// Number of layers. Default: 12.
    pub num_hidden_layers: i64,
    /// Attention heads a layer. Default: 12.
    pub num_attention_heads: i64,
    /// Width inside the MLP, in widths of a token. Default: 4.
    pub mlp_ratio: i64,
    /// Between the two halves of the MLP. Default: `gelu`, the exact one.
    pub hidden_act: Activation,
    /// Dropout after the embeddings, attention and MLP. Default: 0.
    pub hidden_dropout_prob: f64,
    /// Dropout of attention weights. Default: 0.
    pub attention_probs_dropout_prob: f64,
    /// Added to the variance in a layer norm. Default: 1e-6.
    pub layer_norm_eps: f64,
    /// Side of the images that the positions were made for; others are interpolated to. Default: 224.
    pub image_size: i64,
    /// Side of a patch. Default: 14, with registers 16, though the published models have 14.
    pub patch_size: i64,
    /// Channels of an image. Default: 3.
    pub num_channels: i64,
    /// Whether query, key and value have a bias. Default: true.
    pub qkv_bias: bool,
    /// What the scales of the branches begin at. Default: 1.
    pub layerscale_value: f64,
    /// The part of the branches that training skips. Default: 0.
    pub drop_path_rate: f64,
    /// Whether the MLP is gated, as in the giant model. Default: false.
    pub use_swiglu_ffn: bool,
    /// Tokens beside CLS and patches. Default: none, with registers 4.
    pub num_register_tokens: i64,
    /// Length of the vectors after the linear projection, where there is one. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projection_size: Option<i64>,
    /// Whether training runs each layer a second time in the backward pass, to hold fewer activations. Of the run, not of
    /// the weights, so it is not written. Default: false.
    #[serde(skip_serializing)]
    pub gradient_checkpointing: bool,
}

/// Whose weights a [`Dinov2Config`] describes; `model_type` in `config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Dinov2Type {
    /// transformers' DINOv2.
    #[default]
    #[serde(rename = "dinov2")]
    Plain,
    /// transformers' DINOv2 with registers.
    #[serde(rename = "dinov2_with_registers")]
    WithRegisters,
}

/// A DINOv2 backbone with Hugging Face's names, with registers or without, at any size of image.
///
/// [`Encoded::pooled`] is the CLS token after the last norm and [`Encoded::tokens`] the patches, row by
/// row, both through the projection where [`projection_size`](Dinov2Config::projection_size) asks for one.
/// Registers are left out of both.
#[derive(Debug)]
pub struct Dinov2 {
    backbone: Backbone,
    projection: Option<nn::Linear>,
    config: Dinov2Config,
}

impl Dinov2 {
    /// What it was built from.
    pub fn config(&self) -> &Dinov2Config {
        &self.config
    }

    /// The same without its projection. The projection's weights stay where they are and get no gradient.
    #[must_use]
    pub fn without_projection(mut self) -> Self {
        self.projection = None;
        self.config.projection_size = None;
        self
    }

    /// Every token after the last norm, before any projection.
    ///
    /// # Shapes
    ///
    /// - pixels: `[batch, channels, height, width]`
    /// - result: `[batch, 1 + registers + patches, hidden_size]`
    ///
    /// # Errors
    ///
    /// If the image has other channels, or is smaller than a patch.
    pub fn last_hidden_state(&self, pixels: &Tensor, mode: Mode) -> Result<Tensor> {
        self.backbone.last_hidden_state(pixels, mode)
    }

    /// The tokens after each of the last `layers` layers, the last norm applied to each, which is what
    /// DINOv2's linear heads read.
    ///
    /// # Shapes
    ///
    /// - pixels: `[batch, channels, height, width]`
    /// - results: `[batch, 1 + registers + patches, hidden_size]`, the last layer last
    ///
    /// # Errors
    ///
    /// As [`Dinov2::last_hidden_state`].
    pub fn intermediate_layers(&self, pixels: &Tensor, layers: usize, mode: Mode) -> Result<Vec<Tensor>> {
        self.backbone.intermediate_layers(pixels, layers, mode)
    }

    pub(crate) fn backbone(&self) -> &Backbone {
        &self.backbone
    }

    pub(crate) fn projection(&self) -> Option<&nn::Linear> {
        self.projection.as_ref()
    }
}

impl Encoder for Dinov2 {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        self.config.projection_size.unwrap_or(self.config.hidden_size)
    }

    fn encode(&self, pixels: &Tensor, mode: Mode) -> Result<Encoded> {
        self.backbone.encode(pixels, Pooling::Cls, self.projection.as_ref(), mode)
    }
}

impl Pretrained for Dinov2 {
    type Config = Dinov2Config;

    fn new(vs: &nn::Path<'_>, config: &Dinov2Config) -> Result<Self> {
        config.validate()?;
        let projection = |size| linear(&(vs / "projection"), config.hidden_size, size, true);
        Ok(Self {
            backbone: config.backbone(vs)?,
            projection: config.projection_size.map(projection),
            config: config.clone(),
        })
    }

    /// A published model has no projection to the space that it is about to be aligned in.
    fn is_optional(name: &str) -> bool {
        name.starts_with("projection.")
    }
}

impl Dinov2Config {
    /// The defaults of one of the two.
    pub fn of(model_type: Dinov2Type) -> Self {
        let registers = model_type == Dinov2Type::WithRegisters;
        Self {
            model_type,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            mlp_ratio: 4,
            hidden_act: Activation::Gelu,
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: 0.0,
            layer_norm_eps: 1e-6,
            image_size: 224,
            patch_size: if registers { 16 } else { 14 },
            num_channels: 3,
            qkv_bias: true,
            layerscale_value: 1.0,
            drop_path_rate: 0.0,
            use_swiglu_ffn: false,
            num_register_tokens: if registers { 4 } else { 0 },
            projection_size: None,
            gradient_checkpointing: false,
        }
    }

    fn backbone(&self, vs: &nn::Path<'_>) -> Result<Backbone> {
        let embeddings = EmbeddingsConfig {
            hidden_size: self.hidden_size,
            image_size: self.image_size,
            patch_size: self.patch_size,
            num_channels: self.num_channels,
            dropout: self.hidden_dropout_prob,
            registers: self.num_register_tokens,
            // The models with registers resize their positions with antialiasing, the others without.
            antialias: self.model_type == Dinov2Type::WithRegisters,
            positions: Positions::Learned,
            conv_stem: &[],
        };
        let layer = LayerConfig {
            attention: AttentionConfig {
                hidden_size: self.hidden_size,
                num_attention_heads: self.num_attention_heads,
                qkv_bias: self.qkv_bias,
                attention_dropout: self.attention_probs_dropout_prob,
                hidden_dropout: self.hidden_dropout_prob,
            },
            intermediate_size: self.hidden_size * self.mlp_ratio,
            hidden_act: self.hidden_act,
            layer_norm_eps: self.layer_norm_eps,
        };
        let dinov2 = Dinov2LayerConfig {
            layerscale_value: self.layerscale_value,
            drop_path_rate: self.drop_path_rate,
            use_swiglu_ffn: self.use_swiglu_ffn,
        };
        let layers = vs / "encoder" / "layer";
        let layers =
            (0..self.num_hidden_layers).map(|index| Layer::dinov2(&(&layers / index), &layer, &dinov2));
        Ok(Backbone {
            embeddings: Embeddings::new(&(vs / "embeddings"), &embeddings),
            layers: Stack::new(layers, self.gradient_checkpointing)?,
            layernorm: layer.norm(&(vs / "layernorm")),
        })
    }
}

impl PretrainedConfig for Dinov2Config {
    fn validate(&self) -> Result<()> {
        at_least_one("num_hidden_layers", self.num_hidden_layers)?;
        at_least_one("mlp_ratio", self.mlp_ratio)?;
        at_least_one("projection_size", self.projection_size.unwrap_or(1))?;
        heads("num_attention_heads", self.hidden_size, self.num_attention_heads)?;
        image(self.image_size, self.patch_size, self.num_channels)?;
        probability("hidden_dropout_prob", self.hidden_dropout_prob)?;
        probability("attention_probs_dropout_prob", self.attention_probs_dropout_prob)?;
        probability("drop_path_rate", self.drop_path_rate)?;
        let registers = self.num_register_tokens;
        if registers < 0 || (registers > 0) != (self.model_type == Dinov2Type::WithRegisters) {
            let reason = format!("{registers} does not go with {:?}", self.model_type);
            return Err(Error::config("num_register_tokens", reason));
        }
        Ok(())
    }
}

/// The file as it may be. What is left out depends on the type.
#[derive(Deserialize)]
struct ConfigFile {
    #[serde(default)]
    model_type: Dinov2Type,
    hidden_size: Option<i64>,
    num_hidden_layers: Option<i64>,
    num_attention_heads: Option<i64>,
    mlp_ratio: Option<i64>,
    hidden_act: Option<Activation>,
    hidden_dropout_prob: Option<f64>,
    attention_probs_dropout_prob: Option<f64>,
    layer_norm_eps: Option<f64>,
    image_size: Option<Side>,
    patch_size: Option<Side>,
    num_channels: Option<i64>,
    qkv_bias: Option<bool>,
    layerscale_value: Option<f64>,
    drop_path_rate: Option<f64>,
    use_swiglu_ffn: Option<bool>,
    num_register_tokens: Option<i64>,
    projection_size: Option<i64>,
    #[serde(default)]
    gradient_checkpointing: bool,
}

#[derive(Deserialize)]
struct Side(#[serde(deserialize_with = "side")] i64);

impl From<ConfigFile> for Dinov2Config {
    fn from(file: ConfigFile) -> Self {
        let default = Self::of(file.model_type);
        Self {
            model_type: file.model_type,
            hidden_size: file.hidden_size.unwrap_or(default.hidden_size),
            num_hidden_layers: file.num_hidden_layers.unwrap_or(default.num_hidden_layers),
            num_attention_heads: file.num_attention_heads.unwrap_or(default.num_attention_heads),
            mlp_ratio: file.mlp_ratio.unwrap_or(default.mlp_ratio),
            hidden_act: file.hidden_act.unwrap_or(default.hidden_act),
            hidden_dropout_prob: file.hidden_dropout_prob.unwrap_or(default.hidden_dropout_prob),
            attention_probs_dropout_prob: file
                .attention_probs_dropout_prob
                .unwrap_or(default.attention_probs_dropout_prob),
            layer_norm_eps: file.layer_norm_eps.unwrap_or(default.layer_norm_eps),
            image_size: file.image_size.map_or(default.image_size, |Side(side)| side),
            patch_size: file.patch_size.map_or(default.patch_size, |Side(side)| side),
            num_channels: file.num_channels.unwrap_or(default.num_channels),
            qkv_bias: file.qkv_bias.unwrap_or(default.qkv_bias),
            layerscale_value: file.layerscale_value.unwrap_or(default.layerscale_value),
            drop_path_rate: file.drop_path_rate.unwrap_or(default.drop_path_rate),
            use_swiglu_ffn: file.use_swiglu_ffn.unwrap_or(default.use_swiglu_ffn),
            num_register_tokens: file.num_register_tokens.unwrap_or(default.num_register_tokens),
            projection_size: file.projection_size,
            gradient_checkpointing: file.gradient_checkpointing,
        }
    }
}
