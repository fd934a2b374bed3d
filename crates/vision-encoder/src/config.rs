use model_core::layers::{Activation, Pooling};
use model_core::{Error, PretrainedConfig, Result};
use serde::{Deserialize, Deserializer, Serialize};

/// The sizes of a [`Vit`](crate::Vit), as `config.json` has them.
///
/// Defaults are those of transformers' `ViTConfig`, that is ViT-B/16 at 224
/// (<https://huggingface.co/google/vit-base-patch16-224>); unknown fields are ignored. The folder of a
/// ViT-MAE is read as well: without masking its encoder is a ViT whose positions are fixed.
///
/// ```
/// use vision_encoder::VitConfig;
///
/// let config: VitConfig = serde_json::from_str(r#"{ "model_type": "vit", "hidden_size": 384, "num_attention_heads": 6 }"#)?;
/// assert_eq!((config.hidden_size, config.patch_size), (384, 16));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VitConfig {
    /// Whose weights these are. Default: [`VitType::Vit`].
    pub model_type: VitType,
    /// Width of a token. Default: 768.
    pub hidden_size: i64,
    /// Number of layers. Default: 12.
    pub num_hidden_layers: i64,
    /// Attention heads a layer. Default: 12.
    pub num_attention_heads: i64,
    /// Width inside the MLP. Default: 3072.
    pub intermediate_size: i64,
    /// Between the two halves of the MLP. Default: `gelu`, the exact one.
    pub hidden_act: Activation,
    /// Dropout after the embeddings, attention and MLP. Default: 0.
    pub hidden_dropout_prob: f64,
    /// Dropout of attention weights. Default: 0.
    pub attention_probs_dropout_prob: f64,
    /// Added to the variance in a layer norm. Default: 1e-12.
    pub layer_norm_eps: f64,
    /// Side of the images that the positions were made for; others are interpolated to. Default: 224.
    #[serde(deserialize_with = "side")]
    pub image_size: i64,
    /// Side of a patch. Default: 16.
    #[serde(deserialize_with = "side")]
    pub patch_size: i64,
    /// Channels of an image. Default: 3.
    pub num_channels: i64,
    /// Whether query, key and value have a bias. Default: true.
    pub qkv_bias: bool,
    /// Length of the vectors after the linear projection, where there is one. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projection_size: Option<i64>,
    /// How the tokens become the pooled vector, before the projection. Ours, not Hugging Face's. Default: the
    /// CLS token.
    #[serde(skip_serializing_if = "is_default")]
    pub pooling: Pooling,
    /// Channels of a convolutional stem in place of the patch projection: one 3 x 3 convolution of stride 2
    /// each, so that `patch_size` is 2 to their number. Ours, not Hugging Face's; small sets of images are
    /// learnt faster with it (<https://arxiv.org/abs/2106.14881>). Default: empty, the patch projection.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conv_stem: Vec<i64>,
    /// Whether training runs each layer a second time in the backward pass, to hold fewer activations. Of the run, not of
    /// the weights, so it is not written. Default: false.
    #[serde(skip_serializing)]
    pub gradient_checkpointing: bool,
}

impl Default for VitConfig {
    fn default() -> Self {
        Self {
            model_type: VitType::Vit,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            hidden_act: Activation::Gelu,
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: 0.0,
            layer_norm_eps: 1e-12,
            image_size: 224,
            patch_size: 16,
            num_channels: 3,
            qkv_bias: true,
            projection_size: None,
            pooling: Pooling::default(),
            conv_stem: Vec::new(),
            gradient_checkpointing: false,
        }
    }
}

/// Whose weights a [`VitConfig`] describes; `model_type` in `config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum VitType {
    /// transformers' ViT.
    #[serde(rename = "vit")]
    Vit,
    /// The encoder of a ViT-MAE: fixed sine and cosine positions.
    #[serde(rename = "vit_mae")]
    VitMae,
    /// A ViT with [`conv_stem`](VitConfig::conv_stem). The name is ours, so that transformers refuses the
    /// folder instead of leaving the stem out.
    #[serde(rename = "osteon_vit")]
    OsteonVit,
}

impl VitConfig {
    /// The same with a convolutional stem of these channels, one convolution of stride 2 each.
    #[must_use]
    pub fn with_conv_stem(mut self, channels: Vec<i64>) -> Self {
        self.model_type = VitType::OsteonVit;
        self.patch_size = 1 << channels.len().min(16);
        self.conv_stem = channels;
        self
    }
}

impl PretrainedConfig for VitConfig {
    fn validate(&self) -> Result<()> {
        at_least_one("num_hidden_layers", self.num_hidden_layers)?;
        at_least_one("intermediate_size", self.intermediate_size)?;
        at_least_one("projection_size", self.projection_size.unwrap_or(1))?;
        heads("num_attention_heads", self.hidden_size, self.num_attention_heads)?;
        image(self.image_size, self.patch_size, self.num_channels)?;
        probability("hidden_dropout_prob", self.hidden_dropout_prob)?;
        probability("attention_probs_dropout_prob", self.attention_probs_dropout_prob)?;
        if self.model_type == VitType::VitMae && self.hidden_size % 4 != 0 {
            return Err(Error::config("hidden_size", format!("{} is not a multiple of 4", self.hidden_size)));
        }
        let stem = &self.conv_stem;
        if stem.is_empty() == (self.model_type == VitType::OsteonVit) {
            return Err(Error::config("conv_stem", "goes with model_type osteon_vit and with no other"));
        }
        if !stem.is_empty() && (stem.len() > 16 || self.patch_size != 1 << stem.len()) {
            let reason = format!("{} convolutions do not make a patch of {}", stem.len(), self.patch_size);
            return Err(Error::config("conv_stem", reason));
        }
        stem.iter().try_for_each(|&channels| at_least_one("conv_stem", channels))
    }
}

fn is_default(pooling: &Pooling) -> bool {
    *pooling == Pooling::default()
}

/// A side, which some files write as `[height, width]`.
pub(crate) fn side<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Side {
        One(i64),
        Two([i64; 2]),
    }
    match Side::deserialize(deserializer)? {
        Side::One(side) => Ok(side),
        Side::Two([height, width]) if height == width => Ok(height),
        Side::Two(sides) => Err(serde::de::Error::custom(format!("{sides:?} is not a square"))),
    }
}

pub(crate) fn at_least_one(field: &'static str, value: i64) -> Result<()> {
    if value < 1 {
        return Err(Error::config(field, format!("{value} is not at least 1")));
    }
    Ok(())
}

pub(crate) fn probability(field: &'static str, value: f64) -> Result<()> {
    if !(0.0..1.0).contains(&value) {
        return Err(Error::config(field, format!("{value} is not in [0, 1)")));
    }
    Ok(())
}

pub(crate) fn heads(field: &'static str, hidden_size: i64, heads: i64) -> Result<()> {
    at_least_one("hidden_size", hidden_size)?;
    if heads < 1 || hidden_size % heads != 0 {
        return Err(Error::config(field, format!("{heads} heads do not divide a width of {hidden_size}")));
    }
    Ok(())
}

pub(crate) fn image(image_size: i64, patch_size: i64, num_channels: i64) -> Result<()> {
    at_least_one("num_channels", num_channels)?;
    at_least_one("patch_size", patch_size)?;
    if image_size < patch_size {
        return Err(Error::config(
            "image_size",
            format!("{image_size} is less than a patch of {patch_size}"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_may_be_pairs() {
        let config: VitConfig =
            serde_json::from_str(r#"{ "image_size": [448, 448], "patch_size": 32 }"#).unwrap();
        assert_eq!((config.image_size, config.patch_size), (448, 32));
        assert!(serde_json::from_str::<VitConfig>(r#"{ "image_size": [448, 224] }"#).is_err());
    }

    #[test]
    fn another_model_is_refused() {
        let error = serde_json::from_str::<VitConfig>(r#"{ "model_type": "swin" }"#).unwrap_err();
        assert!(error.to_string().contains("swin"), "{error}");
    }

    #[test]
    fn sizes_that_no_model_can_have_are_refused() {
        let vit = VitConfig::default;
        assert!(vit().validate().is_ok());
        assert!(vit().with_conv_stem(vec![24, 48, 96, 192]).validate().is_ok());
        let refused = [
            ("num_attention_heads", VitConfig { num_attention_heads: 7, ..vit() }),
            ("hidden_size", VitConfig { hidden_size: 0, ..vit() }),
            ("num_hidden_layers", VitConfig { num_hidden_layers: 0, ..vit() }),
            ("image_size", VitConfig { image_size: 8, ..vit() }),
            ("patch_size", VitConfig { patch_size: 0, ..vit() }),
            ("projection_size", VitConfig { projection_size: Some(-1), ..vit() }),
            ("hidden_dropout_prob", VitConfig { hidden_dropout_prob: 1.0, ..vit() }),
            ("conv_stem", VitConfig { conv_stem: vec![8; 4], ..vit() }),
            ("conv_stem", VitConfig { patch_size: 8, ..vit().with_conv_stem(vec![8; 4]) }),
        ];
        for (field, config) in refused {
            let error = config.validate().unwrap_err();
            assert!(error.to_string().starts_with(field), "{field}: {error}");
        }
    }
}
