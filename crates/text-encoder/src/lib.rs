//! Text encoders under Hugging Face's names, and the way of a French radiology report to tokens.
//!
//! # Main types
//!
//! * [`TextModel`], [`TextConfig`]: BERT, RoBERTa, XLM-R, CamemBERT and LUKE, and so SapBERT, DrBERT, e5 and
//!   mLUKE;
//! * [`Luke`]: LUKE and mLUKE with the entities that they read;
//! * [`ReportTokenizer`]: a published tokenizer, from `tokenizer.json`, a SentencePiece model or vocabulary files, or
//!   one trained on the reports;
//! * [`prepare_report`]: a report's sentences as the model reads them;
//! * [`MaskedLm`], [`TokenMasker`]: masked-language modelling, token by token or word by word;
//! * [`SapAlignment`], [`MultiSimilarity`]: self-alignment on the names of concepts;
//! * [`TokenBatch`]: texts as numbers; [`batches_by_length`]: which texts to put together; [`embed_texts`]: the
//!   vectors of many.
//!
//! # Example
//!
//! ```
//! use model_core::{Collate, Encoder, Mode, Pretrained, load_pretrained, save_pretrained};
//! use tch::{Device, nn};
//! use text_encoder::{ReportTokenizer, TextConfig, TextFamily, TextModel};
//!
//! // A vocabulary and a small encoder with fresh weights, written as a Hugging Face folder.
//! let reports = ["Poignet droit. Pas de fracture.", "Poignet gauche. Fracture du radius. Conclusion : fracture."];
//! let tokenizer = ReportTokenizer::train(reports, 80)?;
//! let config = TextConfig {
//!     vocab_size: tokenizer.vocab_size(),
//!     hidden_size: 32,
//!     num_hidden_layers: 2,
//!     num_attention_heads: 4,
//!     intermediate_size: 64,
//!     max_position_embeddings: 66,
//!     ..TextConfig::of(TextFamily::XlmRoberta)
//! };
//! let vs = nn::VarStore::new(Device::Cpu);
//! TextModel::new(&vs.root(), &config)?;
//! let folder = tempfile::tempdir()?;
//! save_pretrained(folder.path(), &vs, &config)?;
//! tokenizer.save(folder.path())?;
//!
//! // A published folder is read the same way.
//! let (_vs, model, report) = load_pretrained::<TextModel>(folder.path(), Device::Cpu)?;
//! assert!(report.is_complete());
//! let tokenizer = ReportTokenizer::from_dir(folder.path())?;
//! let encoded = model.encode(&tokenizer.collate(&reports, Device::Cpu)?, Mode::Eval)?;
//! assert_eq!(encoded.pooled.size(), [2, 32]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Extending
//!
//! Anything that implements [`Encoder`](model_core::Encoder) takes the place of [`TextModel`] in alignment,
//! and anything that implements [`Collate<str>`](model_core::Collate) that of [`ReportTokenizer`].
//!
//! # Privacy
//!
//! No error and no `Debug` of this crate holds a text.
//!
//! # Features
//!
//! None.

mod batch;
mod batches;
mod config;
mod embed;
mod embeddings;
mod layer;
mod luke;
mod mlm;
mod model;
mod multi_similarity;
mod sap;
mod sentencepiece;
mod sentences;
mod synonyms;
mod tokenizer;
mod train;
mod vocabulary;

pub use batch::TokenBatch;
pub use batches::batches_by_length;
pub use config::{TextConfig, TextFamily};
pub use embed::embed_texts;
pub use luke::{EntityBatch, Luke, LukeConfig, LukeHidden};
pub use mlm::{MaskedBatch, MaskedLm, TokenMasker};
pub use model::TextModel;
pub use multi_similarity::MultiSimilarity;
pub use sap::{SapAlignment, SapBatch, SapCollate};
pub use sentences::prepare_report;
pub use synonyms::SynonymPair;
pub use tokenizer::ReportTokenizer;
