//! Vision transformers and residual networks under Hugging Face's names, so that what the field publishes loads as it is, and
//! what is trained here loads in transformers.
//!
//! # Main types
//!
//! * [`Vit`], [`VitConfig`]: ViT at any size of image, with the projection of an aligned encoder;
//! * [`Dinov2`], [`Dinov2Config`]: DINOv2 with registers or without, gated or not;
//! * [`Mae`], [`MaeConfig`]: the masked autoencoder, whose encoder is a [`Vit`];
//! * [`ResNet`], [`ResNetConfig`]: residual networks of basic and of bottleneck layers;
//! * [`VisionModel`], [`VisionConfig`]: whichever of these a folder holds, and where it looks
//!   ([`VisionModel::gradient_map`], [`VisionModel::attention_rollout`]);
//! * [`ImageProcessor`], [`RgbDecoder`]: `preprocessor_config.json` and the files it is meant for;
//! * [`PixelCollate`]: images of the data side to a batch;
//! * [`StudyEncoder`], [`StudyCollate`], [`SeqVit`]: several images a study;
//! * [`resize_patches`]: a published ViT for patches of another size.
//!
//! # Example
//!
//! ```
//! use model_core::{Collate, Encoder, Mode, Pretrained, load_pretrained, save_pretrained};
//! use tch::{Device, nn};
//! use vision_encoder::{ImageProcessor, PixelCollate, Vit, VitConfig};
//! use xray_core::{ImageTensor, ImageTransform};
//!
//! // A small encoder with fresh weights, written as a Hugging Face folder.
//! let config = VitConfig {
//!     hidden_size: 32,
//!     num_hidden_layers: 2,
//!     num_attention_heads: 4,
//!     intermediate_size: 64,
//!     image_size: 64,
//!     ..VitConfig::default()
//! };
//! let vs = nn::VarStore::new(Device::Cpu);
//! Vit::new(&vs.root(), &config)?;
//! let folder = tempfile::tempdir()?;
//! save_pretrained(folder.path(), &vs, &config)?;
//! ImageProcessor::default().with_side(64).save(folder.path())?;
//!
//! // A published folder is read the same way.
//! let (_vs, vit, report) = load_pretrained::<Vit>(folder.path(), Device::Cpu)?;
//! assert!(report.is_complete());
//! let radiograph = ImageTensor::new(vec![0.5; 300 * 200], 1, 300, 200)?;
//! let pixels = ImageProcessor::from_dir(folder.path())?.apply(radiograph, 0);
//! let encoded = vit.encode(&PixelCollate::new(3).collate(&[&pixels], Device::Cpu)?, Mode::Eval)?;
//! assert_eq!(encoded.pooled.size(), [1, 32]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Extending
//!
//! Anything that implements [`Encoder`](model_core::Encoder) over a batch of pixels takes the place of
//! these models in alignment and under heads; a family of published weights also implements
//! [`Pretrained`](model_core::Pretrained).
//!
//! # Features
//!
//! None.

mod backbone;
mod collate;
mod config;
mod decode;
mod dinov2;
mod embeddings;
mod layer;
mod mae;
mod maps;
mod model;
mod patches;
mod processor;
mod resize;
mod resnet;
mod seq_vit;
mod study;
mod vit;

pub use collate::PixelCollate;
pub use config::{VitConfig, VitType};
pub use decode::RgbDecoder;
pub use dinov2::{Dinov2, Dinov2Config, Dinov2Type};
pub use mae::{Mae, MaeConfig, MaeOutput};
pub use model::{VisionConfig, VisionModel};
pub use patches::{resize_patch_kernel, resize_patches};
pub use processor::{ImageProcessor, Size};
pub use resize::Filter;
pub use resnet::{ResNet, ResNetConfig, ResNetLayer, ResNetType};
pub use seq_vit::SeqVit;
pub use study::{GatedAttention, StudyBatch, StudyCollate, StudyEncoder, ViewPooling};
pub use vit::Vit;
