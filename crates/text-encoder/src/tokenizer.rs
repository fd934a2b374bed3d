use std::fmt;
use std::fs;
use std::path::Path;

use model_core::{Collate, Error, Result};
use serde_json::{Value, json};
use tch::Device;
use tokenizers::{Tokenizer, TruncationParams};
use xray_core::AtomicFile;

use crate::batch::TokenBatch;
use crate::config::TextConfig;
use crate::mlm::Role;
use crate::sentences::prepare_report;
use crate::vocabulary;

/// Reports to tokens, with a tokenizer that a model was published with or one trained on the reports.
///
/// A batch of reports is prepared ([`prepare_report`], unless [`plain`](Self::plain) says otherwise), cut
/// to the longest text that the model reads, and padded to the longest of the batch, rounded up to a
/// multiple of 8.
///
/// `Debug` shows sizes, never the vocabulary.
pub struct ReportTokenizer {
    tokenizer: Tokenizer,
    special: SpecialTokens,
    max_tokens: usize,
    prepared: bool,
    prefix: String,
}

/// The tokens with a meaning of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpecialTokens {
    pub(crate) bos: String,
    pub(crate) eos: String,
    pub(crate) pad: String,
    pub(crate) unk: String,
    pub(crate) mask: String,
    pub(crate) pad_id: i64,
}

/// Batches are padded to a multiple of this, which is kind to tensor cores.
const MULTIPLE: usize = 8;

/// What transformers writes for a tokenizer that knows no limit is far larger than this.
const LONGEST: usize = 1 << 20;

const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

impl ReportTokenizer {
    /// The tokenizer in a folder as Hugging Face has it: `tokenizer.json`, or where there is none
    /// `sentencepiece.bpe.model`, `vocab.json` with `merges.txt`, or `vocab.txt`; and beside it
    /// `tokenizer_config.json` and the model's `config.json`, which bound the length of a text.
    ///
    /// # Errors
    ///
    /// If a file is missing or broken, or the vocabulary is larger than the model's.
    pub fn from_dir(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let settings = read_json(&folder.join(TOKENIZER_CONFIG))?.unwrap_or_default();
        let config_path = folder.join("config.json");
        let config = read_json(&config_path)?;
        let path = folder.join(TOKENIZER);
        let (path, tokenizer) = if path.is_file() {
            let bytes = fs::read(&path).map_err(|source| Error::file("reading", &path, source))?;
            let made =
                Tokenizer::from_bytes(&bytes).map_err(|error| Error::format(&path, error.to_string()))?;
            (path, made)
        } else {
            let model_type = config.as_ref().and_then(|config| config["model_type"].as_str());
            vocabulary::open(folder, &settings, model_type.unwrap_or_default())?
        };
        let special =
            SpecialTokens::find(&tokenizer, &settings).map_err(|reason| Error::format(&path, reason))?;
        let mut max_tokens = settings["model_max_length"].as_f64().map_or(512, |tokens| tokens as usize);
        if let Some(config) = config {
            let config: TextConfig = serde_json::from_value(config)
                .map_err(|error| Error::format(&config_path, error.to_string()))?;
            max_tokens = max_tokens.min(config.max_tokens().max(2) as usize);
            let largest = tokenizer.get_vocab(true).into_values().max().unwrap_or(0);
            if i64::from(largest) >= config.vocab_size {
                let reason =
                    format!("token {largest} is outside of the model's vocabulary of {}", config.vocab_size);
                return Err(Error::format(&path, reason));
            }
        }
        Self::new(tokenizer, special, max_tokens)
    }

    pub(crate) fn new(mut tokenizer: Tokenizer, special: SpecialTokens, max_tokens: usize) -> Result<Self> {
        let max_tokens = max_tokens.clamp(2, LONGEST);
        let truncation = TruncationParams { max_length: max_tokens, ..TruncationParams::default() };
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(Some(truncation))
            .map_err(Error::external("bounding the length of a text"))?;
        Ok(Self { tokenizer, special, max_tokens, prepared: true, prefix: String::new() })
    }

    /// The same with texts cut to `max_tokens`, the two that open and close one included. Default: what the
    /// model reads.
    ///
    /// # Errors
    ///
    /// If that is less than 2.
    pub fn with_max_tokens(self, max_tokens: usize) -> Result<Self> {
        if max_tokens < 2 {
            return Err(Error::config(
                "max_tokens",
                format!("{max_tokens} leaves no room for the two that frame a text"),
            ));
        }
        let (prepared, prefix) = (self.prepared, self.prefix);
        Ok(Self { prepared, prefix, ..Self::new(self.tokenizer, self.special, max_tokens)? })
    }

    /// The same for texts that are no reports, as terms and prompts are: nothing is prepared.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.prepared = false;
        self
    }

    /// The same with `prefix` before every text, as e5 wants `query: ` or `passage: `. Default: none.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The number of tokens in the vocabulary, added ones included.
    pub fn vocab_size(&self) -> i64 {
        self.tokenizer.get_vocab_size(true) as i64
    }

    /// The token that fills a batch up.
    pub fn pad_token_id(&self) -> i64 {
        self.special.pad_id
    }

    /// The token that stands for a masked one, where the vocabulary has it.
    pub fn mask_token_id(&self) -> Option<i64> {
        self.tokenizer.token_to_id(&self.special.mask).map(i64::from)
    }

    /// The most tokens of a text.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The tokens of each text, the two that frame it included, without padding.
    ///
    /// # Errors
    ///
    /// If the tokenizer fails, which a sound one does not.
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<i64>>> {
        let texts: Vec<String> = texts.iter().map(|text| self.prepare(text)).collect();
        let encodings =
            self.tokenizer.encode_batch_fast(texts, true).map_err(Error::external("tokenizing texts"))?;
        Ok(encodings
            .iter()
            .map(|encoding| encoding.get_ids().iter().copied().map(i64::from).collect())
            .collect())
    }

    /// The tokens of several texts as one batch, as [`Collate`] makes it, filled up with `fill`.
    pub(crate) fn pad(&self, tokens: &[Vec<i64>], fill: i64, device: Device) -> Result<TokenBatch> {
        TokenBatch::pad(tokens, fill, MULTIPLE, device)
    }

    /// What each token of the vocabulary is to a word, told from the sign that marks it.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let vocabulary = self.tokenizer.get_vocab(true);
        let begins =
            ['▁', 'Ġ'].into_iter().find(|&sign| vocabulary.keys().any(|token| token.starts_with(sign)));
        let special = self.tokenizer.get_added_tokens_decoder();
        let mut roles = vec![Role::Special; vocabulary.values().max().map_or(0, |&last| last as usize + 1)];
        for (token, id) in vocabulary {
            let goes_on = match begins {
                Some(sign) => !token.starts_with(sign),
                None => token.starts_with("##"),
            };
            if !special.get(&id).is_some_and(|token| token.special) {
                roles[id as usize] = if goes_on { Role::GoesOn } else { Role::Begins };
            }
        }
        roles
    }

    fn prepare(&self, text: &str) -> String {
        let text = if self.prepared { prepare_report(text, &self.special.eos) } else { text.to_owned() };
        if self.prefix.is_empty() { text } else { format!("{}{text}", self.prefix) }
    }

    /// Writes `tokenizer.json` and `tokenizer_config.json` into `folder`, for this crate and for
    /// transformers.
    ///
    /// # Errors
    ///
    /// If a file cannot be written; it is then as it was before.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        let mut tokenizer = self.tokenizer.clone();
        tokenizer.with_truncation(None).map_err(Error::external("describing a tokenizer"))?;
        let text = tokenizer.to_string(true).map_err(Error::external("describing a tokenizer"))?;
        let special = &self.special;
        let settings = json!({
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": self.max_tokens,
            "bos_token": special.bos,
            "cls_token": special.bos,
            "eos_token": special.eos,
            "sep_token": special.eos,
            "pad_token": special.pad,
            "unk_token": special.unk,
            "mask_token": special.mask,
        });
        let write = |name: &str, text: &str| {
            AtomicFile::write(folder.join(name), text.as_bytes())
                .map_err(Error::external("writing a tokenizer"))
        };
        write(TOKENIZER, &text)?;
        write(TOKENIZER_CONFIG, &format!("{settings:#}"))
    }
}

impl Collate<str> for ReportTokenizer {
    type Batch = TokenBatch;

    fn collate(&self, items: &[&str], device: Device) -> Result<TokenBatch> {
        self.pad(&self.encode(items)?, self.special.pad_id, device)
    }
}

impl fmt::Debug for ReportTokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportTokenizer")
            .field("vocab_size", &self.vocab_size())
            .field("max_tokens", &self.max_tokens)
            .field("prepared", &self.prepared)
            .field("special", &self.special)
            .finish_non_exhaustive()
    }
}

impl SpecialTokens {
    /// Those that the settings name, and otherwise those of RoBERTa or BERT, whichever the vocabulary has.
    fn find(tokenizer: &Tokenizer, settings: &Value) -> Result<Self, String> {
        let token = |field: &str, usual: [&str; 2]| -> Result<String, String> {
            let named = match &settings[field] {
                Value::Object(token) => token.get("content").and_then(Value::as_str),
                value => value.as_str(),
            };
            let known = |token: &&str| tokenizer.token_to_id(token).is_some();
            let found = named.filter(known).or_else(|| usual.into_iter().find(|token| known(token)));
            found.map(str::to_owned).ok_or_else(|| format!("no {field}"))
        };
        let pad = token("pad_token", ["<pad>", "[PAD]"])?;
        Ok(Self {
            bos: token("cls_token", ["<s>", "[CLS]"])?,
            eos: token("sep_token", ["</s>", "[SEP]"])?,
            unk: token("unk_token", ["<unk>", "[UNK]"])?,
            mask: token("mask_token", ["<mask>", "[MASK]"]).unwrap_or_default(),
            pad_id: tokenizer.token_to_id(&pad).map_or(0, i64::from),
            pad,
        })
    }
}

fn read_json(path: &Path) -> Result<Option<Value>> {
    match fs::read(path) {
        Ok(bytes) => {
            serde_json::from_slice(&bytes).map(Some).map_err(|error| Error::format(path, error.to_string()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::file("reading", path, source)),
    }
}
