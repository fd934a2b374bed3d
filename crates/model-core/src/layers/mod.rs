//! The parts of a model. Which names their weights have is up to the model, so that one set of
//! layers serves ViT, DINOv2, ResNet, BERT and RoBERTa checkpoints alike.

mod activation;
mod attention;
mod batch_norm;
mod drop;
mod layer_scale;
mod mlp;
mod norm;
mod pooling;
mod stack;

pub use activation::Activation;
pub use attention::{AttentionConfig, MultiHeadAttention};
pub use batch_norm::BatchNorm;
pub use drop::{drop_path, dropout};
pub use layer_scale::LayerScale;
pub use mlp::{Mlp, SwiGlu};
pub use norm::{layer_norm, linear};
pub use pooling::Pooling;
pub use stack::{Block, Stack};
