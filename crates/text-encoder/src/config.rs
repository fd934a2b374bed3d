use model_core::layers::{Activation, Pooling};
use model_core::{Error, PretrainedConfig, Result};
use serde::{Deserialize, Serialize};

/// The sizes of a [`TextModel`](crate::TextModel), as `config.json` has them.
///
/// Defaults are those of transformers' class for the `model_type`, so a file may leave out what is usual;
/// unknown fields are ignored. What differs between the families is the size of the vocabulary, the padding
/// token, and where positions begin.
///
/// ```
/// use text_encoder::{TextConfig, TextFamily};
///
/// let config: TextConfig = serde_json::from_str(r#"{ "model_type": "xlm-roberta", "max_position_embeddings": 514 }"#)?;
/// assert_eq!((config.pad_token_id, config.max_tokens()), (1, 512));
/// let config = TextConfig::of(TextFamily::Bert);
/// assert_eq!((config.pad_token_id, config.max_tokens()), (0, 512));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "ConfigFile")]
pub struct TextConfig {
    /// Whose weights these are.
    pub model_type: TextFamily,
    /// Tokens of the vocabulary. Default: 30522; RoBERTa 50265, LUKE 50267.
    pub vocab_size: i64,
    /// Width of a token. Default: 768.
    pub hidden_size: i64,
    /// Number of layers. Default: 12.
    pub num_hidden_layers: i64,
    /// Attention heads a layer. Default: 12.
    pub num_attention_heads: i64,
    /// Width inside the MLP. Default: 3072.
    pub intermediate_size: i64,
    /// Between the two halves of the MLP. Default: `gelu`, the exact one.
    pub hidden_act: Activation,
    /// Dropout after the embeddings, attention and MLP. Default: 0.1.
    pub hidden_dropout_prob: f64,
    /// Dropout of attention weights. Default: 0.1.
    pub attention_probs_dropout_prob: f64,
    /// Rows of the table of positions. Default: 512. All families but BERT lose those up to the padding
    /// token's, so that theirs is 514 where 512 tokens are read.
    pub max_position_embeddings: i64,
    /// Kinds of segments. Default: 2. Every token is of the first.
    pub type_vocab_size: i64,
    /// Added to the variance in a layer norm. Default: 1e-12.
    pub layer_norm_eps: f64,
    /// The token that fills a batch up. Default: 1; BERT 0.
    pub pad_token_id: i64,
    /// Length of the vectors after the linear projection, where there is one. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projection_size: Option<i64>,
    /// How the tokens become the pooled vector, before the projection. Ours, not Hugging Face's. Default: the
    /// first token.
    #[serde(skip_serializing_if = "is_default")]
    pub pooling: Pooling,
    /// Whether training runs each layer a second time in the backward pass, to hold fewer activations. Of the run, not of
    /// the weights, so it is not written. Default: false.
    #[serde(skip_serializing)]
    pub gradient_checkpointing: bool,
}

fn is_default(pooling: &Pooling) -> bool {
    *pooling == Pooling::default()
}

/// Whose weights a [`TextConfig`] describes; `model_type` in `config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextFamily {
    /// BERT, and so SapBERT from PubMedBERT, MedBERT, MiniLM and e5.
    Bert,
    /// RoBERTa.
    Roberta,
    /// XLM-R, and SapBERT from it.
    XlmRoberta,
    /// CamemBERT, and DrBERT.
    Camembert,
    /// LUKE and mLUKE. [`TextModel`](crate::TextModel) leaves out the parts that read entities,
    /// [`Luke`](crate::Luke) has them.
    Luke,
}

/// The file as it may be. What is left out depends on the family.
#[derive(Deserialize)]
struct ConfigFile {
    model_type: TextFamily,
    vocab_size: Option<i64>,
    hidden_size: Option<i64>,
    num_hidden_layers: Option<i64>,
    num_attention_heads: Option<i64>,
    intermediate_size: Option<i64>,
    hidden_act: Option<Activation>,
    hidden_dropout_prob: Option<f64>,
    attention_probs_dropout_prob: Option<f64>,
    max_position_embeddings: Option<i64>,
    type_vocab_size: Option<i64>,
    layer_norm_eps: Option<f64>,
    pad_token_id: Option<i64>,
    projection_size: Option<i64>,
    pooling: Option<Pooling>,
    #[serde(default)]
    gradient_checkpointing: bool,
}

impl From<ConfigFile> for TextConfig {
    fn from(file: ConfigFile) -> Self {
        let default = Self::of(file.model_type);
        Self {
            model_type: file.model_type,
            vocab_size: file.vocab_size.unwrap_or(default.vocab_size),
            hidden_size: file.hidden_size.unwrap_or(default.hidden_size),
            num_hidden_layers: file.num_hidden_layers.unwrap_or(default.num_hidden_layers),
            num_attention_heads: file.num_attention_heads.unwrap_or(default.num_attention_heads),
            intermediate_size: file.intermediate_size.unwrap_or(default.intermediate_size),
            hidden_act: file.hidden_act.unwrap_or(default.hidden_act),
            hidden_dropout_prob: file.hidden_dropout_prob.unwrap_or(default.hidden_dropout_prob),
            attention_probs_dropout_prob: file
                .attention_probs_dropout_prob
                .unwrap_or(default.attention_probs_dropout_prob),
            max_position_embeddings: file.max_position_embeddings.unwrap_or(default.max_position_embeddings),
            type_vocab_size: file.type_vocab_size.unwrap_or(default.type_vocab_size),
            layer_norm_eps: file.layer_norm_eps.unwrap_or(default.layer_norm_eps),
            pad_token_id: file.pad_token_id.unwrap_or(default.pad_token_id),
            projection_size: file.projection_size,
            pooling: file.pooling.unwrap_or_default(),
            gradient_checkpointing: file.gradient_checkpointing,
        }
    }
}

impl TextConfig {
    /// The defaults of a family.
    pub fn of(model_type: TextFamily) -> Self {
        Self {
            model_type,
            vocab_size: match model_type {
                TextFamily::Roberta => 50265,
                TextFamily::Luke => 50267,
                TextFamily::Bert | TextFamily::XlmRoberta | TextFamily::Camembert => 30522,
            },
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            hidden_act: Activation::Gelu,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            max_position_embeddings: 512,
            type_vocab_size: 2,
            layer_norm_eps: 1e-12,
            pad_token_id: i64::from(model_type != TextFamily::Bert),
            projection_size: None,
            pooling: Pooling::default(),
            gradient_checkpointing: false,
        }
    }

    /// The most tokens that a text can have.
    pub fn max_tokens(&self) -> i64 {
        self.max_position_embeddings - self.first_position()
    }

    /// The row of the first token in the table of positions.
    pub(crate) fn first_position(&self) -> i64 {
        if self.model_type == TextFamily::Bert { 0 } else { self.pad_token_id + 1 }
    }
}

impl PretrainedConfig for TextConfig {
    fn validate(&self) -> Result<()> {
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
            ("type_vocab_size", self.type_vocab_size),
            ("projection_size", self.projection_size.unwrap_or(1)),
        ];
        if let Some((field, size)) = sizes.into_iter().find(|(_, size)| *size < 1) {
            return Err(Error::config(field, format!("{size} is not at least 1")));
        }
        if self.hidden_size % self.num_attention_heads != 0 {
            let reason =
                format!("{} heads do not divide a width of {}", self.num_attention_heads, self.hidden_size);
            return Err(Error::config("num_attention_heads", reason));
        }
        if !(0..self.vocab_size).contains(&self.pad_token_id) {
            let reason = format!("{} is not in a vocabulary of {}", self.pad_token_id, self.vocab_size);
            return Err(Error::config("pad_token_id", reason));
        }
        if self.max_tokens() < 2 {
            let reason =
                format!("{} leaves {} tokens to a text", self.max_position_embeddings, self.max_tokens());
            return Err(Error::config("max_position_embeddings", reason));
        }
        let dropouts = [
            ("hidden_dropout_prob", self.hidden_dropout_prob),
            ("attention_probs_dropout_prob", self.attention_probs_dropout_prob),
        ];
        match dropouts.into_iter().find(|(_, value)| !(0.0..1.0).contains(value)) {
            Some((field, value)) => Err(Error::config(field, format!("{value} is not in [0, 1)"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_depend_on_the_family() {
        let read = |json: &str| serde_json::from_str::<TextConfig>(json);
        let roberta = read(r#"{ "model_type": "roberta", "architectures": ["RobertaModel"] }"#).unwrap();
        assert_eq!((roberta.vocab_size, roberta.pad_token_id), (50265, 1));
        let bert = read(r#"{ "model_type": "bert" }"#).unwrap();
        assert_eq!((bert.vocab_size, bert.pad_token_id), (30522, 0));
        let error = read(r#"{ "model_type": "t5" }"#).unwrap_err().to_string();
        assert!(error.contains("t5") && error.contains("xlm-roberta"), "{error}");
        assert!(read("{}").is_err(), "a model without a family is none");
    }

    #[test]
    fn sizes_that_no_model_can_have_are_refused() {
        let config = || TextConfig::of(TextFamily::XlmRoberta);
        assert!(config().validate().is_ok());
        let refused = [
            ("vocab_size", TextConfig { vocab_size: 0, ..config() }),
            ("num_attention_heads", TextConfig { num_attention_heads: 5, ..config() }),
            ("pad_token_id", TextConfig { pad_token_id: 30522, ..config() }),
            ("max_position_embeddings", TextConfig { max_position_embeddings: 3, ..config() }),
            ("hidden_dropout_prob", TextConfig { hidden_dropout_prob: -0.1, ..config() }),
        ];
        for (field, config) in refused {
            let error = config.validate().unwrap_err();
            assert!(error.to_string().starts_with(field), "{field}: {error}");
        }
    }
}
