//! The torch side of osteon in small parts: the [`Encoder`] trait, transformer layers, Hugging Face
//! weights in and out, optimizers whose state can be saved, and the one training loop.
//!
//! # Main types
//!
//! * [`layers`]: attention, MLP, norms, pooling, from which ViT and BERT alike are put together;
//! * [`load_pretrained`], [`save_pretrained`], [`Weights`], [`LoadReport`]: `config.json`, safetensors and
//!   `pytorch_model.bin`, with every tensor accounted for;
//! * [`AdamW`], [`Lion`], [`Lion8bit`], [`ParameterPolicy`], [`Schedule`], [`Plateau`]: what moves the parameters;
//! * [`Trainer`], [`TrainerConfig`], [`Checkpoint`]: the loop, and the file from which it goes on;
//! * [`JsonLines`], [`TensorBoard`]: what a run leaves behind.
//!
//! # Example
//!
//! ```
//! use model_core::{Pretrained, PretrainedConfig, Result, layers, load_pretrained, save_pretrained};
//! use serde::{Deserialize, Serialize};
//! use tch::{Device, Kind, Tensor, nn};
//!
//! #[derive(Serialize, Deserialize)]
//! struct ProjectionConfig {
//!     hidden_size: i64,
//! }
//!
//! impl PretrainedConfig for ProjectionConfig {
//!     fn validate(&self) -> Result<()> {
//!         Ok(())
//!     }
//! }
//!
//! struct Projection(nn::Linear);
//!
//! impl Pretrained for Projection {
//!     type Config = ProjectionConfig;
//!
//!     fn new(vs: &nn::Path<'_>, config: &ProjectionConfig) -> Result<Self> {
//!         Ok(Self(layers::linear(&(vs / "dense"), config.hidden_size, config.hidden_size, true)))
//!     }
//! }
//!
//! let folder = tempfile::tempdir()?;
//! let config = ProjectionConfig { hidden_size: 4 };
//! let vs = nn::VarStore::new(Device::Cpu);
//! let fresh = Projection::new(&vs.root(), &config)?;
//! save_pretrained(folder.path(), &vs, &config)?;
//!
//! let (_vs, loaded, report) = load_pretrained::<Projection>(folder.path(), Device::Cpu)?;
//! assert!(report.is_complete());
//! let x = Tensor::ones([1, 4], (Kind::Float, Device::Cpu));
//! assert_eq!(x.apply(&loaded.0), x.apply(&fresh.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Extending
//!
//! | implement | and it joins |
//! |---|---|
//! | [`Encoder`] | images, texts or a user's own input to alignment and heads |
//! | [`Pretrained`], [`PretrainedConfig`] | a model to `config.json` and `model.safetensors` |
//! | [`Collate`] | items of the data side to batches of tensors |
//! | [`Task`] | a model with its loss to the training loop |
//! | [`Optimizer`] | an update rule with its state to the training loop |
//! | [`BatchSource`] | a loader to the training loop |
//! | [`Collective`], as [`torch_ext::ProcessGroup`] does | processes that train together to losses and the training loop |
//! | [`Hook`] | progress bars, logs and other onlookers to the training loop |
//!
//! # Panics
//!
//! Constructors check what they are given. The mathematics below them uses tch's operators, which panic
//! only if libtorch itself fails or an invariant of this crate is broken.

mod collate;
mod collective;
mod encoder;
mod error;
pub mod layers;
mod optim;
mod pretrained;
mod train;
mod weights;

pub use collate::Collate;
pub use collective::{Collective, Shard, SingleProcess};
pub use encoder::{Encoded, Encoder, Mode};
pub use error::{Error, Result};
pub use optim::{
    AdamW, AdamWConfig, DecayRule, Lion, Lion8bit, Lion8bitConfig, LionConfig, Optimizer, Parameter,
    ParameterPolicy, Plateau, PlateauConfig, Schedule, clip_gradients, freeze, freeze_layers, gradient_norm,
    named_tensors,
};
pub use pretrained::{Pretrained, PretrainedConfig};
pub use train::{
    BatchSource, BatchesFromFn, Checkpoint, EvalReport, Hook, JsonLines, LossScale, Precision, Progress,
    StepContext, StepOutput, StepReport, StopReason, Summary, Task, TensorBoard, Trainer, TrainerConfig,
    batches_from_fn,
};
pub use weights::{
    LoadReport, Mismatch, Weights, load_pretrained, read_config, save_pretrained, save_tensors, write_config,
};
