//! Aligns an image encoder with a text encoder so that a radiograph lies beside its report, and uses the shared
//! space: retrieval, and classification by description.
//!
//! Everything here knows encoders by [`Encoder`](model_core::Encoder) alone: any two whose vectors have one
//! length can be aligned.
//!
//! # Main types
//!
//! * [`PairCollate`] makes studies into a [`PairBatch`]: images and reports, who belongs to whom, and which
//!   reports say the same ([`report_group`]);
//! * [`BiEncoder`]: two encoders whose vectors are brought to length one, and the [`LogitScale`] that makes
//!   cosines into logits; [`Projected`] for an encoder without a projection of its own;
//! * [`AlignmentLoss`]: [`ClipLoss`], [`SiglipLoss`], [`LocalLoss`], [`SumLoss`];
//! * [`Aligner`]: all that as a [`Task`](model_core::Task) of the training loop, with cached gradients for
//!   batches that do not fit at once;
//! * [`Towers`]: a bi-encoder with its weights, as two Hugging Face folders;
//! * [`PretrainConfig`], [`Pretraining`]: a run from a file, in a folder, resumable;
//! * [`PairIndex`], [`EmbeddingIndex`], [`Retrieval`]: embeddings, exact neighbours and ranks;
//! * [`PromptSet`], [`ZeroShot`], [`calibrate_threshold`]: classes described in words.
//!
//! # Example
//!
//! Two linear encoders learn that images and texts with one number belong together.
//!
//! ```
//! use contrastive_align::{
//!     Aligner, BiEncoder, ClipLoss, LogitConfig, LogitScale, PairBatch, PairChunk,
//! };
//! use model_core::{
//!     AdamW, AdamWConfig, Encoded, Encoder, Mode, ParameterPolicy, Pretrained, Result, Trainer, TrainerConfig,
//!     batches_from_fn, layers::linear, named_tensors,
//! };
//! use tch::nn::{self, Module};
//! use tch::{Device, Kind, Tensor};
//!
//! #[derive(Debug)]
//! struct Flat(nn::Linear);
//!
//! impl Encoder for Flat {
//!     type Input = Tensor;
//!
//!     fn embed_dim(&self) -> i64 {
//!         8
//!     }
//!
//!     fn encode(&self, input: &Tensor, _: Mode) -> Result<Encoded> {
//!         Ok(Encoded::from_pooled(self.0.forward(input)))
//!     }
//! }
//!
//! let vs = nn::VarStore::new(Device::Cpu);
//! let root = vs.root();
//! let image = Flat(linear(&(&root / "image"), 4, 8, true));
//! let text = Flat(linear(&(&root / "text"), 4, 8, true));
//! let model = BiEncoder::new(image, text, LogitScale::new(&root, &LogitConfig::default())?)?;
//! let aligner = Aligner::new(model, ClipLoss::default());
//!
//! let mut batches = batches_from_fn(|_epoch, skip| {
//!     let numbers = Tensor::arange(4, (Kind::Int64, Device::Cpu));
//!     let inputs = || Tensor::eye(4, (Kind::Float, Device::Cpu));
//!     Ok((skip..50).map(move |_| {
//!         Ok(PairBatch {
//!             chunks: vec![PairChunk { images: inputs(), texts: inputs() }],
//!             study: numbers.shallow_clone(),
//!             groups: numbers.shallow_clone(),
//!             keys: (0..4).map(|number| format!("study {number}")).collect(),
//!         })
//!     }))
//! });
//! let config = TrainerConfig { learning_rate: 0.02, ..Default::default() };
//! let optimizer = AdamW::new(ParameterPolicy::default().parameters("", &vs), AdamWConfig::default())?;
//! let mut trainer = Trainer::new(config, named_tensors("", &vs), Box::new(optimizer))?;
//! trainer.run(&aligner, &mut batches, None)?;
//!
//! let inputs = Tensor::eye(4, (Kind::Float, Device::Cpu));
//! let images = aligner.model.encode_images(&inputs, Mode::Eval)?.pooled;
//! let texts = aligner.model.encode_texts(&inputs, Mode::Eval)?.pooled;
//! let nearest = Vec::<i64>::try_from(images.matmul(&texts.tr()).argmax(1, false))?;
//! assert_eq!(nearest, [0, 1, 2, 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Extending
//!
//! A loss of your own implements [`AlignmentLoss`]. If it compares the rows of the whole batch, it takes them from
//! [`EncodedPairs::gather`], and its gradient is then the same on any number of processes:
//!
//! ```
//! use contrastive_align::{AlignmentLoss, EncodedPairs};
//! use model_core::{Collective, Result};
//! use tch::Tensor;
//!
//! /// An image must be nearer to its report than to the batch's mean report.
//! #[derive(Debug)]
//! struct NearerThanMean;
//!
//! impl AlignmentLoss for NearerThanMean {
//!     fn loss(&self, pairs: &EncodedPairs, collective: &dyn Collective) -> Result<Tensor> {
//!         let rows = pairs.gather(collective)?;
//!         let logits = rows.logits(&pairs.scale, None);
//!         let own = logits.gather(1, &rows.study.unsqueeze(1), false);
//!         Ok((logits.mean_dim(1, true, None) - own).softplus().mean(None))
//!     }
//! }
//! ```
//!
//! # Privacy
//!
//! No error and no `Debug` of this crate holds report text. Messages name studies by their keys, which shards
//! have as pseudonyms.
//!
//! # Features
//!
//! None.

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
