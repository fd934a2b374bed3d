use std::path::Path;

use model_core::{Encoded, Encoder, LoadReport, Mode, Pretrained, PretrainedConfig, Result, load_pretrained};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tch::{Device, Tensor, nn};

use crate::{Dinov2, Dinov2Config, ResNet, ResNetConfig, Vit, VitConfig};

/// The `config.json` of whichever of this crate's encoders `model_type` names. Default: that of a ViT.
///
/// ```
/// use vision_encoder::VisionConfig;
///
/// let config: VisionConfig = serde_json::from_str(r#"{ "model_type": "resnet", "num_channels": 1 }"#)?;
/// assert!(matches!(config, VisionConfig::ResNet(_)));
/// assert_eq!(config.num_channels(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, try_from = "Value")]
pub enum VisionConfig {
    /// A ViT, or the encoder of a ViT-MAE.
    Vit(VitConfig),
    /// A DINOv2, with registers or without.
    Dinov2(Dinov2Config),
    /// A ResNet.
    ResNet(ResNetConfig),
}

impl VisionConfig {
    /// The channels of an image.
    pub fn num_channels(&self) -> i64 {
        match self {
            Self::Vit(vit) => vit.num_channels,
            Self::Dinov2(dinov2) => dinov2.num_channels,
            Self::ResNet(resnet) => resnet.num_channels,
        }
    }

    /// The side of the images that the positions of the model were made for; a ResNet has none.
    pub fn image_size(&self) -> Option<i64> {
        match self {
            Self::Vit(vit) => Some(vit.image_size),
            Self::Dinov2(dinov2) => Some(dinov2.image_size),
            Self::ResNet(_) => None,
        }
    }

    /// The length of the vectors after the projection, where there is one.
    pub fn projection_size(&self) -> Option<i64> {
        match self {
            Self::Vit(vit) => vit.projection_size,
            Self::Dinov2(dinov2) => dinov2.projection_size,
            Self::ResNet(resnet) => resnet.projection_size,
        }
    }
}

impl PretrainedConfig for VisionConfig {
    fn validate(&self) -> Result<()> {
        match self {
            Self::Vit(vit) => vit.validate(),
            Self::Dinov2(dinov2) => dinov2.validate(),
            Self::ResNet(resnet) => resnet.validate(),
        }
    }

    fn from_json(object: Value) -> Result<(Self, Vec<String>), serde_json::Error> {
        let unknown = |name: &dyn std::fmt::Display| {
            let known = "vit, vit_mae, osteon_vit, dinov2, dinov2_with_registers and resnet";
            serde::de::Error::custom(format!("the model_type {name} is none of {known}"))
        };
        match object.get("model_type") {
            None => VitConfig::from_json(object).map(|(vit, unread)| (Self::Vit(vit), unread)),
            Some(Value::String(name)) => match name.as_str() {
                "vit" | "vit_mae" | "osteon_vit" => {
                    VitConfig::from_json(object).map(|(vit, unread)| (Self::Vit(vit), unread))
                }
                "dinov2" | "dinov2_with_registers" => {
                    Dinov2Config::from_json(object).map(|(dinov2, unread)| (Self::Dinov2(dinov2), unread))
                }
                "resnet" => {
                    ResNetConfig::from_json(object).map(|(resnet, unread)| (Self::ResNet(resnet), unread))
                }
                other => Err(unknown(&format!("{other:?}"))),
            },
            Some(other) => Err(unknown(other)),
        }
    }
}

impl TryFrom<Value> for VisionConfig {
    type Error = serde_json::Error;

    fn try_from(object: Value) -> Result<Self, serde_json::Error> {
        Self::from_json(object).map(|(config, _)| config)
    }
}

impl From<VitConfig> for VisionConfig {
    fn from(config: VitConfig) -> Self {
        Self::Vit(config)
    }
}

impl From<Dinov2Config> for VisionConfig {
    fn from(config: Dinov2Config) -> Self {
        Self::Dinov2(config)
    }
}

impl From<ResNetConfig> for VisionConfig {
    fn from(config: ResNetConfig) -> Self {
        Self::ResNet(config)
    }
}

/// Whichever of this crate's encoders a folder or a [`VisionConfig`] names.
#[derive(Debug)]
pub struct VisionModel {
    family: Family,
    config: VisionConfig,
}

#[derive(Debug)]
pub(crate) enum Family {
    Vit(Vit),
    Dinov2(Dinov2),
    ResNet(ResNet),
}

impl VisionModel {
    /// The encoder that `model_type` in the folder's `config.json` names.
    ///
    /// # Errors
    ///
    /// If that is none of this crate's, and as [`load_pretrained`].
    pub fn from_dir(folder: impl AsRef<Path>, device: Device) -> Result<(nn::VarStore, Self, LoadReport)> {
        load_pretrained(folder, device)
    }

    /// What it was built from.
    pub fn config(&self) -> &VisionConfig {
        &self.config
    }

    pub(crate) fn family(&self) -> &Family {
        &self.family
    }

    /// The same without its projection.
    #[must_use]
    pub fn without_projection(self) -> Self {
        match self.family {
            Family::Vit(vit) => vit.without_projection().into(),
            Family::Dinov2(dinov2) => dinov2.without_projection().into(),
            Family::ResNet(resnet) => resnet.without_projection().into(),
        }
    }
}

impl From<Vit> for VisionModel {
    fn from(vit: Vit) -> Self {
        Self { config: vit.config().clone().into(), family: Family::Vit(vit) }
    }
}

impl From<Dinov2> for VisionModel {
    fn from(dinov2: Dinov2) -> Self {
        Self { config: dinov2.config().clone().into(), family: Family::Dinov2(dinov2) }
    }
}

impl From<ResNet> for VisionModel {
    fn from(resnet: ResNet) -> Self {
        Self { config: resnet.config().clone().into(), family: Family::ResNet(resnet) }
    }
}

impl Encoder for VisionModel {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        match &self.family {
            Family::Vit(vit) => vit.embed_dim(),
            Family::Dinov2(dinov2) => dinov2.embed_dim(),
            Family::ResNet(resnet) => resnet.embed_dim(),
        }
    }

    fn encode(&self, pixels: &Tensor, mode: Mode) -> Result<Encoded> {
        match &self.family {
            Family::Vit(vit) => vit.encode(pixels, mode),
            Family::Dinov2(dinov2) => dinov2.encode(pixels, mode),
            Family::ResNet(resnet) => resnet.encode(pixels, mode),
        }
    }
}

impl Pretrained for VisionModel {
    type Config = VisionConfig;

    fn new(vs: &nn::Path<'_>, config: &VisionConfig) -> Result<Self> {
        match config {
            VisionConfig::Vit(config) => Vit::new(vs, config).map(Self::from),
            VisionConfig::Dinov2(config) => Dinov2::new(vs, config).map(Self::from),
            VisionConfig::ResNet(config) => ResNet::new(vs, config).map(Self::from),
        }
    }

    fn rename(config: &VisionConfig, name: &str) -> Option<String> {
        match config {
            VisionConfig::Vit(config) => Vit::rename(config, name),
            VisionConfig::Dinov2(config) => Dinov2::rename(config, name),
            VisionConfig::ResNet(config) => ResNet::rename(config, name),
        }
    }

    fn is_optional(name: &str) -> bool {
        Vit::is_optional(name) || Dinov2::is_optional(name) || ResNet::is_optional(name)
    }
}
