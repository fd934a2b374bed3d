use model_core::layers::{AttentionConfig, Stack, linear};
use model_core::{Encoded, Encoder, Mode, Pretrained, PretrainedConfig, Result};
use tch::Tensor;
use tch::nn;

use crate::backbone::Backbone;
use crate::config::{VitConfig, VitType};
use crate::embeddings::{Embeddings, EmbeddingsConfig, Positions};
use crate::layer::{Layer, LayerConfig};

/// A vision transformer with Hugging Face's names, at any size of image.
///
/// [`Encoded::pooled`] is the CLS token after the last norm, or what [`pooling`](VitConfig::pooling) says, through
/// the projection where [`projection_size`](VitConfig::projection_size) asks for one; [`Encoded::tokens`] are the patches, row by
/// row, through the same projection. Positions are interpolated to the size of the image at run time.
///
/// # Examples
///
/// ```
/// use model_core::{Encoder, Mode, Pretrained};
/// use tch::{Device, Kind, Tensor, nn};
/// use vision_encoder::{Vit, VitConfig};
///
/// let config = VitConfig {
///     hidden_size: 32,
///     num_hidden_layers: 2,
///     num_attention_heads: 4,
///     intermediate_size: 64,
///     image_size: 64,
///     num_channels: 1,
///     projection_size: Some(16),
///     ..VitConfig::default()
/// };
/// let vs = nn::VarStore::new(Device::Cpu);
/// let vit = Vit::new(&vs.root(), &config)?;
/// let encoded = vit.encode(&Tensor::zeros([2, 1, 96, 80], (Kind::Float, Device::Cpu)), Mode::Eval)?;
/// assert_eq!(encoded.pooled.size(), [2, 16]);
/// assert_eq!(encoded.tokens.map(|tokens| tokens.size()), Some(vec![2, 6 * 5, 16]));
/// # Ok::<(), model_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Vit {
    backbone: Backbone,
    projection: Option<nn::Linear>,
    config: VitConfig,
}

impl Vit {
    /// What it was built from.
    pub fn config(&self) -> &VitConfig {
        &self.config
    }

    /// The same without its projection, for heads that want the features under it. The projection's
    /// weights stay where they are and get no gradient.
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
    /// - result: `[batch, 1 + patches, hidden_size]`, the CLS token first, the patches row by row
    ///
    /// # Errors
    ///
    /// If the image has other channels, or is smaller than a patch.
    pub fn last_hidden_state(&self, pixels: &Tensor, mode: Mode) -> Result<Tensor> {
        self.backbone.last_hidden_state(pixels, mode)
    }

    /// The tokens after each of the last `layers` layers, the last norm applied to each, as for heads that
    /// read several depths.
    ///
    /// # Shapes
    ///
    /// - pixels: `[batch, channels, height, width]`
    /// - results: `[batch, 1 + patches, hidden_size]`, the last layer last
    ///
    /// # Errors
    ///
    /// As [`Vit::last_hidden_state`].
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

impl Encoder for Vit {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        self.config.projection_size.unwrap_or(self.config.hidden_size)
    }

    fn encode(&self, pixels: &Tensor, mode: Mode) -> Result<Encoded> {
        self.backbone.encode(pixels, self.config.pooling, self.projection.as_ref(), mode)
    }
}

impl Pretrained for Vit {
    type Config = VitConfig;

    fn new(vs: &nn::Path<'_>, config: &VitConfig) -> Result<Self> {
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

impl VitConfig {
    pub(crate) fn backbone(&self, vs: &nn::Path<'_>) -> Result<Backbone> {
        let positions =
            if self.model_type == VitType::VitMae { Positions::SineCosine } else { Positions::Learned };
        let embeddings = EmbeddingsConfig {
            hidden_size: self.hidden_size,
            image_size: self.image_size,
            patch_size: self.patch_size,
            num_channels: self.num_channels,
            dropout: self.hidden_dropout_prob,
            registers: 0,
            antialias: false,
            positions,
            conv_stem: &self.conv_stem,
        };
        let layer = self.layer();
        let layers = vs / "encoder" / "layer";
        let layers = (0..self.num_hidden_layers).map(|index| Layer::vit(&(&layers / index), &layer));
        Ok(Backbone {
            embeddings: Embeddings::new(&(vs / "embeddings"), &embeddings),
            layers: Stack::new(layers, self.gradient_checkpointing)?,
            layernorm: layer.norm(&(vs / "layernorm")),
        })
    }

    fn layer(&self) -> LayerConfig {
        LayerConfig {
            attention: AttentionConfig {
                hidden_size: self.hidden_size,
                num_attention_heads: self.num_attention_heads,
                qkv_bias: self.qkv_bias,
                attention_dropout: self.attention_probs_dropout_prob,
                hidden_dropout: self.hidden_dropout_prob,
            },
            intermediate_size: self.intermediate_size,
            hidden_act: self.hidden_act,
            layer_norm_eps: self.layer_norm_eps,
        }
    }
}
