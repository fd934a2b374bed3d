//! Contrastive alignment of image and text encoders, zero-shot classification and retrieval.

mod aligner;
mod batch;
mod bi_encoder;
mod clip;
mod collate;
mod error;
mod gradient_cache;
mod index;
mod local;
mod loss;
mod pretrain;
mod projection;
mod prompts;
mod retrieval;
mod siglip;
mod sum;
mod towers;
mod zero_shot;

pub use aligner::Aligner;
pub use batch::{PairBatch, PairChunk};
pub use bi_encoder::{BiEncoder, LogitConfig, LogitScale};
pub use clip::{ClipLoss, Duplicates, SoftTargets};
pub use collate::{PairCollate, report_group};
pub use error::{Error, Result};
pub use index::{EmbeddingIndex, Neighbour, PairIndex};
pub use local::LocalLoss;
pub use loss::{AlignmentLoss, EncodedPairs, PairRows};
pub use pretrain::{DataConfig, EncoderConfig, LossConfig, OptimizerConfig, PretrainConfig, Pretraining};
pub use projection::{Projected, ProjectedConfig};
pub use prompts::{PromptClass, PromptSet, PromptTask};
pub use retrieval::{Ranking, RankingSummary, Retrieval};
pub use siglip::SiglipLoss;
pub use sum::SumLoss;
pub use towers::{TowerWeights, Towers};
pub use zero_shot::{ZeroShot, calibrate_threshold};
