use std::path::Path;

use model_core::{Encoded, Encoder, Error, LoadReport, Mode, Result, load_pretrained};
use serde::Deserialize;
use tch::{Device, Tensor, nn};

use crate::dinov2::Dinov2;
use crate::vit::Vit;

/// Whichever of this crate's encoders a folder holds.
#[derive(Debug)]
pub enum VisionModel {
    /// A ViT, or the encoder of a ViT-MAE.
    Vit(Vit),
    /// A DINOv2, with registers or without.
    Dinov2(Dinov2),
}

impl VisionModel {
    /// The encoder that `model_type` in the folder's `config.json` names.
    ///
    /// # Errors
    ///
    /// If that is none of this crate's, and as [`load_pretrained`].
    pub fn from_dir(folder: impl AsRef<Path>, device: Device) -> Result<(nn::VarStore, Self, LoadReport)> {
        #[derive(Deserialize)]
        struct Named {
            model_type: String,
        }
        let folder = folder.as_ref();
        let path = folder.join("config.json");
        let text = std::fs::read(&path).map_err(|source| Error::file("reading", &path, source))?;
        let named: Named =
            serde_json::from_slice(&text).map_err(|error| Error::format(&path, error.to_string()))?;
        match named.model_type.as_str() {
            "vit" | "vit_mae" | "osteon_vit" => {
                let (vs, vit, report) = load_pretrained(folder, device)?;
                Ok((vs, Self::Vit(vit), report))
            }
            "dinov2" | "dinov2_with_registers" => {
                let (vs, dinov2, report) = load_pretrained(folder, device)?;
                Ok((vs, Self::Dinov2(dinov2), report))
            }
            other => {
                let known = "vit, vit_mae, osteon_vit, dinov2 and dinov2_with_registers";
                Err(Error::format(&path, format!("the model_type {other:?} is none of {known}")))
            }
        }
    }

    /// The side of the images that the model was made for.
    pub fn image_size(&self) -> i64 {
        match self {
            Self::Vit(vit) => vit.config().image_size,
            Self::Dinov2(dinov2) => dinov2.config().image_size,
        }
    }

    /// The channels of an image.
    pub fn num_channels(&self) -> i64 {
        match self {
            Self::Vit(vit) => vit.config().num_channels,
            Self::Dinov2(dinov2) => dinov2.config().num_channels,
        }
    }

    /// The length of the vectors after the projection, where there is one.
    pub fn projection_size(&self) -> Option<i64> {
        match self {
            Self::Vit(vit) => vit.config().projection_size,
            Self::Dinov2(dinov2) => dinov2.config().projection_size,
        }
    }

    /// The same without its projection.
    #[must_use]
    pub fn without_projection(self) -> Self {
        match self {
            Self::Vit(vit) => Self::Vit(vit.without_projection()),
            Self::Dinov2(dinov2) => Self::Dinov2(dinov2.without_projection()),
        }
    }
}

impl Encoder for VisionModel {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        match self {
            Self::Vit(vit) => vit.embed_dim(),
            Self::Dinov2(dinov2) => dinov2.embed_dim(),
        }
    }

    fn encode(&self, pixels: &Tensor, mode: Mode) -> Result<Encoded> {
        match self {
            Self::Vit(vit) => vit.encode(pixels, mode),
            Self::Dinov2(dinov2) => dinov2.encode(pixels, mode),
        }
    }
}
