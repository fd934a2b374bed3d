use model_core::layers::{dropout, layer_norm, linear};
use model_core::{Encoded, Encoder, Error, Mode, Pretrained, PretrainedConfig, Result};
use serde::{Deserialize, Serialize};
use tch::nn::{self, Module};
use tch::{Kind, Tensor};

use crate::batch::TokenBatch;
use crate::config::{TextConfig, TextFamily};
use crate::embeddings::{Embeddings, table};
use crate::layer::AfterAttention;

/// The sizes of a [`Luke`], as `config.json` has them: those of its words, and with transformers' defaults those of
/// its entities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LukeConfig {
    /// What LUKE has in common with the other families; its `model_type` is [`TextFamily::Luke`].
    #[serde(flatten)]
    pub words: TextConfig,
    /// Entities of the vocabulary. Default: 500000.
    #[serde(default = "entity_vocab_size")]
    pub entity_vocab_size: i64,
    /// Width of an entity before it gets that of a token. Default: 256.
    #[serde(default = "entity_emb_size")]
    pub entity_emb_size: i64,
    /// Whether words and entities ask one another otherwise than their own kind. Default: true.
    #[serde(default = "use_entity_aware_attention")]
    pub use_entity_aware_attention: bool,
}

fn entity_vocab_size() -> i64 {
    500_000
}

fn entity_emb_size() -> i64 {
    256
}

fn use_entity_aware_attention() -> bool {
    true
}

impl PretrainedConfig for LukeConfig {
    fn validate(&self) -> Result<()> {
        self.words.validate()?;
        if self.words.model_type != TextFamily::Luke {
            return Err(Error::config(
                "model_type",
                format!("{:?} reads no entities", self.words.model_type),
            ));
        }
        let sizes =
            [("entity_vocab_size", self.entity_vocab_size), ("entity_emb_size", self.entity_emb_size)];
        match sizes.into_iter().find(|(_, size)| *size < 1) {
            Some((field, size)) => Err(Error::config(field, format!("{size} is not at least 1"))),
            None => Ok(()),
        }
    }
}

/// Texts with the entities that are mentioned in them.
///
/// # Shapes
///
/// - entity_ids: `[batch, entities]`, i64
/// - entity_attention_mask: `[batch, entities]`, i64, 1 = a real entity, 0 = padding
/// - entity_position_ids: `[batch, entities, mention]`, i64, the places of the tokens that mention an entity, from 0
///   for the first token of the text, and -1 where a mention has no more
#[derive(Debug)]
pub struct EntityBatch {
    /// The words.
    pub words: TokenBatch,
    /// The entities' numbers in their vocabulary.
    pub entity_ids: Tensor,
    /// Which entities are real.
    pub entity_attention_mask: Tensor,
    /// Where they are mentioned.
    pub entity_position_ids: Tensor,
}

/// LUKE or mLUKE with the parts that read entities (<https://arxiv.org/abs/2010.01057>). Without entities it gives
/// what [`TextModel`](crate::TextModel) gives from the same weights.
///
/// [`Encoded::pooled`] and [`Encoded::tokens`] are of the words, which saw the entities.
#[derive(Debug)]
pub struct Luke {
    embeddings: Embeddings,
    entities: EntityEmbeddings,
    layers: Vec<(EntityAttention, AfterAttention)>,
    config: LukeConfig,
}

/// The last layer of a [`Luke`].
///
/// # Shapes
///
/// - words: `[batch, tokens, hidden_size]`
/// - entities: `[batch, entities, hidden_size]`
#[derive(Debug)]
pub struct LukeHidden {
    /// The words.
    pub words: Tensor,
    /// The entities.
    pub entities: Tensor,
}

impl Luke {
    /// What it was built from.
    pub fn config(&self) -> &LukeConfig {
        &self.config
    }

    /// Words and entities after the last layer.
    ///
    /// # Errors
    ///
    /// If tensors do not fit together, or a text has more tokens than the model has positions.
    pub fn last_hidden_state(&self, batch: &EntityBatch, mode: Mode) -> Result<LukeHidden> {
        let words = self.embeddings.forward(&batch.words, mode)?;
        let [texts, tokens] = [words.size()[0], words.size()[1]];
        let ids = batch.entity_ids.size();
        if ids.len() != 2 || ids[0] != texts {
            return Err(Error::shape("entity_ids", format!("[{texts}, entities]"), ids));
        }
        if batch.entity_attention_mask.size() != ids {
            let expected = format!("{ids:?}, as entity_ids");
            return Err(Error::shape("entity_attention_mask", expected, batch.entity_attention_mask.size()));
        }
        let positions = batch.entity_position_ids.size();
        if positions.len() != 3 || positions[..2] != ids[..] {
            let expected = format!("[{texts}, {}, mention]", ids[1]);
            return Err(Error::shape("entity_position_ids", expected, positions));
        }
        let entities = self.entities.forward(batch, mode);
        let mask = Tensor::cat(&[&batch.words.attention_mask, &batch.entity_attention_mask], 1);
        let mask = mask.to_kind(Kind::Bool).logical_not().unsqueeze(1).unsqueeze(1);
        let hidden =
            self.layers.iter().fold(Tensor::cat(&[words, entities], 1), |hidden, (attention, rest)| {
                rest.forward(&attention.forward(&hidden, tokens, &mask, mode), &hidden, mode)
            });
        Ok(LukeHidden { words: hidden.slice(1, 0, tokens, 1), entities: hidden.slice(1, tokens, None, 1) })
    }
}

impl Encoder for Luke {
    type Input = EntityBatch;

    fn embed_dim(&self) -> i64 {
        self.config.words.hidden_size
    }

    fn encode(&self, batch: &EntityBatch, mode: Mode) -> Result<Encoded> {
        let words = self.last_hidden_state(batch, mode)?.words;
        let mask = batch.words.real();
        let pooled = self.config.words.pooling.pool(&words, Some(&mask));
        Ok(Encoded { pooled, tokens: Some(words), mask: Some(mask) })
    }
}

impl Pretrained for Luke {
    type Config = LukeConfig;

    fn new(vs: &nn::Path<'_>, config: &LukeConfig) -> Result<Self> {
        config.validate()?;
        let layers = vs / "encoder" / "layer";
        let layer = |index: i64| {
            let vs = &layers / index;
            (EntityAttention::new(&(&vs / "attention"), config), AfterAttention::new(&vs, &config.words))
        };
        Ok(Self {
            embeddings: Embeddings::new(&(vs / "embeddings"), &config.words),
            entities: EntityEmbeddings::new(&(vs / "entity_embeddings"), config),
            layers: (0..config.words.num_hidden_layers).map(layer).collect(),
            config: config.clone(),
        })
    }
}

#[derive(Debug)]
struct EntityEmbeddings {
    entity_embeddings: nn::Embedding,
    entity_embedding_dense: Option<nn::Linear>,
    position_embeddings: nn::Embedding,
    token_type_embeddings: Tensor,
    norm: nn::LayerNorm,
    dropout: f64,
}

impl EntityEmbeddings {
    fn new(vs: &nn::Path<'_>, config: &LukeConfig) -> Self {
        let (words, width) = (&config.words, config.words.hidden_size);
        let dense = || linear(&(vs / "entity_embedding_dense"), config.entity_emb_size, width, false);
        Self {
            entity_embeddings: table(
                &(vs / "entity_embeddings"),
                config.entity_vocab_size,
                config.entity_emb_size,
            ),
            entity_embedding_dense: (config.entity_emb_size != width).then(dense),
            position_embeddings: table(&(vs / "position_embeddings"), words.max_position_embeddings, width),
            token_type_embeddings: table(&(vs / "token_type_embeddings"), words.type_vocab_size, width).ws,
            norm: layer_norm(&(vs / "LayerNorm"), width, words.layer_norm_eps),
            dropout: words.hidden_dropout_prob,
        }
    }

    /// An entity stands at the mean of the places that mention it.
    fn forward(&self, batch: &EntityBatch, mode: Mode) -> Tensor {
        let entities = self.entity_embeddings.forward(&batch.entity_ids);
        let entities = match &self.entity_embedding_dense {
            Some(dense) => dense.forward(&entities),
            None => entities,
        };
        let places = &batch.entity_position_ids;
        let mentioned = places.not_equal(-1).to_kind(entities.kind()).unsqueeze(-1);
        let positions = self.position_embeddings.forward(&places.clamp_min(0)) * &mentioned;
        let count = mentioned.sum_dim_intlist(2, false, None).clamp_min(1e-7);
        let positions = positions.sum_dim_intlist(2, false, None) / count;
        let embedded = entities + positions + self.token_type_embeddings.get(0);
        dropout(&self.norm.forward(&embedded), self.dropout, mode)
    }
}

/// Attention whose queries depend on who asks whom.
#[derive(Debug)]
struct EntityAttention {
    query: nn::Linear,
    key: nn::Linear,
    value: nn::Linear,
    /// Words that ask entities, entities that ask words, and entities that ask entities.
    entity_queries: Option<[nn::Linear; 3]>,
    output: nn::Linear,
    heads: i64,
    attention_dropout: f64,
    hidden_dropout: f64,
}

impl EntityAttention {
    fn new(vs: &nn::Path<'_>, config: &LukeConfig) -> Self {
        let words = &config.words;
        let width = words.hidden_size;
        let projection = |name: &str| linear(&(vs / "self" / name), width, width, true);
        Self {
            query: projection("query"),
            key: projection("key"),
            value: projection("value"),
            entity_queries: config
                .use_entity_aware_attention
                .then(|| ["w2e_query", "e2w_query", "e2e_query"].map(projection)),
            output: linear(&(vs / "output" / "dense"), width, width, true),
            heads: words.num_attention_heads,
            attention_dropout: words.attention_probs_dropout_prob,
            hidden_dropout: words.hidden_dropout_prob,
        }
    }

    /// # Shapes
    ///
    /// - hidden, result: `[batch, tokens + entities, hidden_size]`
    /// - padding: `[batch, 1, 1, tokens + entities]`, bool
    fn forward(&self, hidden: &Tensor, tokens: i64, padding: &Tensor, mode: Mode) -> Tensor {
        let heads = |x: Tensor| {
            let size = x.size();
            x.view([size[0], size[1], self.heads, size[2] / self.heads]).transpose(1, 2)
        };
        let words = hidden.slice(1, 0, tokens, 1);
        let entities = hidden.slice(1, tokens, None, 1);
        let (key, value) = (heads(self.key.forward(hidden)), heads(self.value.forward(hidden)));
        let (to_words, to_entities) = (key.slice(2, 0, tokens, 1), key.slice(2, tokens, None, 1));
        let [w2e, e2w, e2e] = match &self.entity_queries {
            Some(queries) => queries.each_ref(),
            None => [&self.query; 3],
        };
        let ask = |query: &nn::Linear, who: &Tensor, whom: &Tensor| {
            heads(query.forward(who)).matmul(&whom.transpose(2, 3))
        };
        let of_words = Tensor::cat(&[ask(&self.query, &words, &to_words), ask(w2e, &words, &to_entities)], 3);
        let of_entities =
            Tensor::cat(&[ask(e2w, &entities, &to_words), ask(e2e, &entities, &to_entities)], 3);
        let width = value.size()[3] as f64;
        let scores = Tensor::cat(&[of_words, of_entities], 2) / width.sqrt();
        let weights = scores.masked_fill(padding, f64::NEG_INFINITY).softmax(-1, scores.kind());
        let context = dropout(&weights, self.attention_dropout, mode).matmul(&value);
        let context = context.transpose(1, 2).flatten(2, 3);
        dropout(&self.output.forward(&context), self.hidden_dropout, mode)
    }
}
