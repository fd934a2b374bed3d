use model_core::layers::{dropout, layer_norm};
use model_core::{Error, Mode, Result};
use tch::nn::{self, Init, Module};
use tch::{Kind, Tensor};

use crate::batch::TokenBatch;
use crate::config::{TextConfig, TextFamily};

/// Tokens to vectors: words, positions and kinds of segments, under BERT's names.
#[derive(Debug)]
pub(crate) struct Embeddings {
    word_embeddings: nn::Embedding,
    position_embeddings: nn::Embedding,
    token_type_embeddings: Tensor,
    norm: nn::LayerNorm,
    /// Those of its fields that a text is checked against.
    model_type: TextFamily,
    pad_token_id: i64,
    longest: i64,
    dropout: f64,
}

/// A table of fresh vectors.
pub(crate) fn table(vs: &nn::Path<'_>, rows: i64, width: i64) -> nn::Embedding {
    let fresh = nn::EmbeddingConfig { ws_init: Init::Randn { mean: 0.0, stdev: 0.02 }, ..Default::default() };
    nn::embedding(vs, rows, width, fresh)
}

impl Embeddings {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &TextConfig) -> Self {
        let table = |name: &str, rows: i64| table(&(vs / name), rows, config.hidden_size);
        Self {
            word_embeddings: table("word_embeddings", config.vocab_size),
            position_embeddings: table("position_embeddings", config.max_position_embeddings),
            token_type_embeddings: table("token_type_embeddings", config.type_vocab_size).ws,
            norm: layer_norm(&(vs / "LayerNorm"), config.hidden_size, config.layer_norm_eps),
            model_type: config.model_type,
            pad_token_id: config.pad_token_id,
            longest: config.max_tokens(),
            dropout: config.hidden_dropout_prob,
        }
    }

    /// # Shapes
    ///
    /// - result: `[batch, tokens, hidden_size]`
    ///
    /// # Errors
    ///
    /// If the two tensors do not fit together, or a text has more tokens than the model has positions.
    pub(crate) fn forward(&self, batch: &TokenBatch, mode: Mode) -> Result<Tensor> {
        let size = batch.input_ids.size();
        if size.len() != 2 || size[1] > self.longest || size.contains(&0) {
            let expected = format!("[batch, tokens], at most {} tokens", self.longest);
            return Err(Error::shape("input_ids", expected, size));
        }
        if batch.attention_mask.size() != size {
            let expected = format!("{size:?}, as input_ids");
            return Err(Error::shape("attention_mask", expected, batch.attention_mask.size()));
        }
        let embedded = self.word_embeddings.forward(&batch.input_ids)
            + self.token_type_embeddings.get(0)
            + self.position_embeddings.forward(&self.positions(&batch.input_ids));
        Ok(dropout(&self.norm.forward(&embedded), self.dropout, mode))
    }

    /// The table of words.
    pub(crate) fn words(&self) -> &Tensor {
        &self.word_embeddings.ws
    }

    /// The row of each token in the table of positions. Counted in whole numbers: a half has not enough of
    /// them.
    fn positions(&self, input_ids: &Tensor) -> Tensor {
        if self.model_type == TextFamily::Bert {
            return Tensor::arange(input_ids.size()[1], (Kind::Int64, input_ids.device()));
        }
        let real = input_ids.not_equal(self.pad_token_id).to_kind(Kind::Int64);
        real.cumsum(1, Kind::Int64) * real + self.pad_token_id
    }
}
