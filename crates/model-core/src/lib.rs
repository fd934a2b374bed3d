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
mod hook;
mod optimizer;
mod pretrained;
mod task;

pub use collate::Collate;
pub use collective::{Collective, Shard, SingleProcess};
pub use encoder::{Encoded, Encoder, Mode};
pub use error::{Error, Result};
pub use hook::{EvalReport, Hook, StepReport};
pub use optimizer::{Optimizer, Parameter};
pub use pretrained::{Pretrained, PretrainedConfig};
pub use task::{StepContext, StepOutput, Task};
