use model_core::layers::{Activation, layer_norm, linear};
use model_core::{Error, Mode, Pretrained, Result, StepContext, StepOutput, Task};
use tch::nn::{self, Init, Module};
use tch::{Device, Tensor};
use xray_core::derive_seed;

use crate::batch::TokenBatch;
use crate::config::{TextConfig, TextFamily};
use crate::model::TextModel;
use crate::tokenizer::ReportTokenizer;

/// A text encoder with the head that guesses masked tokens, under the names of transformers'
/// `RobertaForMaskedLM` and its kin, or of `BertForMaskedLM`.
///
/// The head shares the table of words with the encoder.
#[derive(Debug)]
pub struct MaskedLm {
    model: TextModel,
    dense: nn::Linear,
    norm: nn::LayerNorm,
    bias: Tensor,
    activation: Activation,
}

impl MaskedLm {
    /// The encoder under the head.
    pub fn model(&self) -> &TextModel {
        &self.model
    }

    /// How likely each word of the vocabulary is at each token.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, tokens, vocab_size]`
    ///
    /// # Errors
    ///
    /// As [`TextModel::last_hidden_state`].
    pub fn logits(&self, batch: &TokenBatch, mode: Mode) -> Result<Tensor> {
        Ok(self.guess(&self.model.last_hidden_state(batch, mode)?))
    }

    fn guess(&self, hidden: &Tensor) -> Tensor {
        let hidden = self.norm.forward(&self.activation.apply(&self.dense.forward(hidden)));
        hidden.linear(self.model.word_embeddings(), Some(&self.bias))
    }
}

impl Pretrained for MaskedLm {
    type Config = TextConfig;

    fn new(vs: &nn::Path<'_>, config: &TextConfig) -> Result<Self> {
        let hidden = config.hidden_size;
        let (base, head, dense, norm, activation) = match config.model_type {
            TextFamily::Bert => {
                let head = vs / "cls" / "predictions";
                let transform = &head / "transform";
                (vs / "bert", head, &transform / "dense", &transform / "LayerNorm", config.hidden_act)
            }
            family => {
                let head = vs / "lm_head";
                let base = if family == TextFamily::Luke { "luke" } else { "roberta" };
                let (dense, norm) = (&head / "dense", &head / "layer_norm");
                (vs / base, head, dense, norm, Activation::Gelu)
            }
        };
        Ok(Self {
            model: TextModel::new(&base, config)?,
            dense: linear(&dense, hidden, hidden, true),
            norm: layer_norm(&norm, hidden, config.layer_norm_eps),
            bias: head.var("bias", &[config.vocab_size], Init::Const(0.0)),
            activation,
        })
    }

    /// An encoder that was published without its head gets a fresh one.
    fn is_optional(name: &str) -> bool {
        name.starts_with("cls.") || name.starts_with("lm_head.")
    }
}

/// Texts of which some tokens are hidden.
///
/// # Shapes
///
/// - labels: `[batch, tokens]`, i64, the hidden token, and -100 where none is hidden
#[derive(Debug)]
pub struct MaskedBatch {
    /// The texts as the model sees them.
    pub tokens: TokenBatch,
    /// What it is to guess.
    pub labels: Tensor,
}

/// What no token is asked for at.
const IGNORED: i64 = -100;

/// Hides tokens of texts: of each a part, of which 80 % become the mask, 10 % a token drawn at random, and
/// 10 % stay as they are.
#[derive(Debug)]
pub struct TokenMasker {
    tokenizer: ReportTokenizer,
    mask_token_id: i64,
    probability: f64,
    whole_words: bool,
    roles: Vec<Role>,
}

/// What a token is to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It stands for itself and is never hidden.
    Special,
    /// It begins a word.
    Begins,
    /// It goes on with one.
    GoesOn,
}

impl TokenMasker {
    /// Hides 15 % of the tokens, one by one, of texts through `tokenizer`.
    ///
    /// # Errors
    ///
    /// If the vocabulary has no mask.
    pub fn new(tokenizer: ReportTokenizer) -> Result<Self> {
        let mask_token_id = tokenizer
            .mask_token_id()
            .ok_or_else(|| Error::config("mask_token", "the vocabulary has none"))?;
        let roles = tokenizer.roles();
        Ok(Self { tokenizer, mask_token_id, probability: 0.15, whole_words: false, roles })
    }

    /// The same with another part of the tokens hidden. Default: 0.15.
    ///
    /// # Errors
    ///
    /// If it is not between 0 and 1.
    pub fn with_probability(self, probability: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(Error::config("probability", format!("{probability} is not between 0 and 1")));
        }
        Ok(Self { probability, ..self })
    }

    /// The same with all tokens of a word hidden together. Default: one by one.
    #[must_use]
    pub fn whole_words(self) -> Self {
        Self { whole_words: true, ..self }
    }

    /// The texts, some of their tokens hidden. What is drawn comes from `seed` alone.
    ///
    /// # Errors
    ///
    /// As [`ReportTokenizer::encode`], or if there is no text.
    pub fn mask(&self, texts: &[&str], seed: u64, device: Device) -> Result<MaskedBatch> {
        let mut tokens = self.tokenizer.encode(texts)?;
        let mut labels = Vec::with_capacity(tokens.len());
        for (text, tokens) in tokens.iter_mut().enumerate() {
            labels.push(self.hide(tokens, derive_seed(seed, &[text as u64])));
        }
        let labels = self.tokenizer.pad(&labels, IGNORED, Device::Cpu)?.input_ids.to_device(device);
        Ok(MaskedBatch {
            tokens: self.tokenizer.pad(&tokens, self.tokenizer.pad_token_id(), device)?,
            labels,
        })
    }

    fn hide(&self, tokens: &mut [i64], seed: u64) -> Vec<i64> {
        let mut labels = vec![IGNORED; tokens.len()];
        let mut hidden = false;
        for (place, token) in tokens.iter_mut().enumerate() {
            let draw = |what: u64| unit(derive_seed(seed, &[place as u64, what]));
            match self.roles.get(*token as usize) {
                Some(Role::GoesOn) if self.whole_words => {}
                Some(Role::Begins | Role::GoesOn) => hidden = draw(0) < self.probability,
                Some(Role::Special) | None => hidden = false,
            }
            if hidden {
                labels[place] = *token;
                match draw(1) {
                    x if x < 0.8 => *token = self.mask_token_id,
                    x if x < 0.9 => *token = (draw(2) * self.roles.len() as f64) as i64,
                    _ => {}
                }
            }
        }
        labels
    }
}

/// A number in `[0, 1)` from the upper bits of a random one.
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

impl Task for MaskedLm {
    type Batch = MaskedBatch;

    /// The mean cross-entropy over the hidden tokens.
    fn step(&self, batch: &MaskedBatch, cx: &StepContext<'_>) -> Result<StepOutput> {
        let hidden = self.model.last_hidden_state(&batch.tokens, cx.mode)?;
        let labels = batch.labels.flatten(0, 1);
        let places = labels.not_equal(IGNORED).nonzero().squeeze_dim(1);
        if places.numel() == 0 {
            // Nothing to guess: a loss of zero, through which no gradient flows.
            return Ok(StepOutput::new((hidden * 0.0).sum(None), batch.labels.size()[0]));
        }
        let asked = self.guess(&hidden.flatten(0, 1).index_select(0, &places));
        let loss = asked.cross_entropy_for_logits(&labels.index_select(0, &places));
        Ok(StepOutput::new(loss, batch.labels.size()[0]))
    }
}

#[cfg(test)]
mod tests {
    use model_core::Collate;

    use super::*;

    const REPORTS: [&str; 2] = [
        "Fracture de l'extrémité distale du radius droit. Pas d'anomalie de l'ulna. Minéralisation normale.",
        "Main gauche de face et de profil. Pas de fracture visible. Interlignes articulaires respectés.",
    ];

    fn masker() -> TokenMasker {
        TokenMasker::new(ReportTokenizer::train(REPORTS, 70).unwrap()).unwrap()
    }

    #[test]
    fn the_part_asked_for_is_hidden_and_most_of_it_masked() {
        let masker = masker().with_probability(0.3).unwrap();
        let texts = REPORTS.repeat(100);
        let batch = masker.mask(&texts, 7, Device::Cpu).unwrap();
        let plain = masker.tokenizer.collate(&texts, Device::Cpu).unwrap();
        let count = |tensor: Tensor| tensor.to_kind(tch::Kind::Float).sum(None).double_value(&[]);
        let asked = batch.labels.not_equal(IGNORED);
        let special = count(plain.input_ids.le(2));
        let part = count(asked.shallow_clone()) / (count(plain.input_ids.ones_like()) - special);
        assert!((part - 0.3).abs() < 0.01, "{part}");
        let masked = count(batch.tokens.input_ids.eq(masker.mask_token_id)) / count(asked.shallow_clone());
        assert!((masked - 0.8).abs() < 0.02, "{masked}");
        assert_eq!(batch.labels.where_self(&asked, &plain.input_ids), plain.input_ids);
        assert_eq!(batch.tokens.input_ids.where_self(&asked, &plain.input_ids), batch.tokens.input_ids);
    }

    #[test]
    fn whole_words_are_hidden_whole_and_the_seed_decides() {
        let masker = masker().with_probability(0.5).unwrap().whole_words();
        let (mut once, mut again) = (masker.tokenizer.encode(&REPORTS).unwrap(), Vec::new());
        let plain = once.clone();
        again.clone_from(&once);
        for (text, tokens) in once.iter_mut().enumerate() {
            let labels = masker.hide(tokens, 3);
            assert_eq!(labels, masker.hide(&mut again[text], 3));
            for place in 1..labels.len() {
                if masker.roles[plain[text][place] as usize] == Role::GoesOn {
                    assert_eq!(labels[place] == IGNORED, labels[place - 1] == IGNORED, "{place}");
                }
            }
        }
        assert_eq!(once, again);
    }
}
