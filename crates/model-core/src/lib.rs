//! The torch side of osteon in small parts: the [`Encoder`] trait, transformer layers, Hugging Face
//! weights in and out, optimizers whose state can be saved, and the one training loop.
//!
//! # The traits
//!
//! | trait | joins |
//! |---|---|
//! | [`Encoder`] | images, texts or a user's own input to alignment and heads |
//! | [`Pretrained`], [`PretrainedConfig`] | a model to `config.json` and `model.safetensors` |
//! | [`Collate`] | items of the data side to batches of tensors |
//! | [`Task`] | a model with its loss to the training loop |
//! | [`Optimizer`] | an update rule with its state to the training loop |
//! | [`BatchSource`] | a loader to the training loop |
//! | [`Collective`] | processes that train together to losses and the training loop |
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
    AdamW, AdamWConfig, DecayRule, Lion, LionConfig, Optimizer, Parameter, ParameterPolicy, Plateau,
    PlateauConfig, Schedule, clip_gradients, freeze, freeze_layers, gradient_norm, named_tensors,
};
pub use pretrained::{Pretrained, PretrainedConfig};
pub use train::{
    BatchSource, BatchesFromFn, Checkpoint, EvalReport, Hook, JsonLines, LossScale, Precision, Progress,
    StepContext, StepOutput, StepReport, StopReason, Summary, Task, Trainer, TrainerConfig, batches_from_fn,
};
pub use weights::{
    LoadReport, Mismatch, Weights, load_pretrained, read_config, save_pretrained, save_tensors, write_config,
};
