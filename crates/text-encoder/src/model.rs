use model_core::layers::{Pooling, Stack, linear};
use model_core::{Encoded, Encoder, Mode, Pretrained, PretrainedConfig, Result};
use tch::Tensor;
use tch::nn::{self, Module};

use crate::batch::TokenBatch;
use crate::config::TextConfig;
use crate::embeddings::Embeddings;
use crate::layer::Layer;

/// A text encoder with Hugging Face's names: BERT, RoBERTa, XLM-R, CamemBERT, LUKE.
///
/// [`Encoded::pooled`] is the first token of the last layer, or the mean of the real ones
/// ([`with_pooling`](Self::with_pooling)), through the projection where
/// [`projection_size`](TextConfig::projection_size) asks for one; [`Encoded::tokens`] are all tokens through
/// the same projection.
///
/// # Examples
///
/// ```
/// use model_core::{Collate, Encoder, Mode, Pretrained};
/// use tch::{Device, nn};
/// use text_encoder::{ReportTokenizer, TextConfig, TextFamily, TextModel};
///
/// let reports = ["Pas de fracture visible.", "Fracture du radius droit."];
/// let tokenizer = ReportTokenizer::train(reports, 60)?;
/// let config = TextConfig {
///     vocab_size: tokenizer.vocab_size(),
///     hidden_size: 32,
///     num_hidden_layers: 2,
///     num_attention_heads: 4,
///     intermediate_size: 64,
///     max_position_embeddings: 130,
///     projection_size: Some(16),
///     ..TextConfig::of(TextFamily::XlmRoberta)
/// };
/// let vs = nn::VarStore::new(Device::Cpu);
/// let model = TextModel::new(&vs.root(), &config)?;
/// let encoded = model.encode(&tokenizer.collate(&reports, Device::Cpu)?, Mode::Eval)?;
/// assert_eq!(encoded.pooled.size(), [2, 16]);
/// # Ok::<(), model_core::Error>(())
/// ```
#[derive(Debug)]
pub struct TextModel {
    embeddings: Embeddings,
    layers: Stack<Layer>,
    projection: Option<nn::Linear>,
    config: TextConfig,
}

impl TextModel {
    /// What it was built from.
    pub fn config(&self) -> &TextConfig {
        &self.config
    }

    /// The same with another way to one vector than its [`TextConfig::pooling`].
    #[must_use]
    pub fn with_pooling(mut self, pooling: Pooling) -> Self {
        self.config.pooling = pooling;
        self
    }

    /// The same without its projection. The projection's weights stay where they are and get no gradient.
    #[must_use]
    pub fn without_projection(mut self) -> Self {
        self.projection = None;
        self.config.projection_size = None;
        self
    }

    /// Every token after the last layer, before any projection.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, tokens, hidden_size]`
    ///
    /// # Errors
    ///
    /// If the two tensors do not fit together, or a text has more tokens than the model has positions.
    pub fn last_hidden_state(&self, batch: &TokenBatch, mode: Mode) -> Result<Tensor> {
        let embedded = self.embeddings.forward(batch, mode)?;
        let mask = batch.real();
        self.layers.forward(embedded, Some(&mask), mode)
    }

    /// The table of words, which a language model's head shares.
    pub(crate) fn word_embeddings(&self) -> &Tensor {
        self.embeddings.words()
    }
}

impl Encoder for TextModel {
    type Input = TokenBatch;

    fn embed_dim(&self) -> i64 {
        self.config.projection_size.unwrap_or(self.config.hidden_size)
    }

    fn encode(&self, batch: &TokenBatch, mode: Mode) -> Result<Encoded> {
        let hidden = self.last_hidden_state(batch, mode)?;
        let mask = batch.real();
        let pooled = self.config.pooling.pool(&hidden, Some(&mask));
        let project = |features: Tensor| match &self.projection {
            Some(projection) => projection.forward(&features),
            None => features,
        };
        Ok(Encoded { pooled: project(pooled), tokens: Some(project(hidden)), mask: Some(mask) })
    }
}

impl Pretrained for TextModel {
    type Config = TextConfig;

    fn new(vs: &nn::Path<'_>, config: &TextConfig) -> Result<Self> {
        config.validate()?;
        let layers = vs / "encoder" / "layer";
        let layers = (0..config.num_hidden_layers).map(|index| Layer::new(&(&layers / index), config));
        Ok(Self {
            embeddings: Embeddings::new(&(vs / "embeddings"), config),
            layers: Stack::new(layers, config.gradient_checkpointing)?,
            projection: config
                .projection_size
                .map(|size| linear(&(vs / "projection"), config.hidden_size, size, true)),
            config: config.clone(),
        })
    }

    /// A published model has no projection to the space that it is about to be aligned in.
    fn is_optional(name: &str) -> bool {
        name.starts_with("projection.")
    }
}
