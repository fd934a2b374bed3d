use model_core::{Collective, Error, Result};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::bi_encoder::unit;
use crate::{AlignmentLoss, EncodedPairs};

/// Aligns the words of a report with the patches that they look at.
///
/// Each word takes the mean of the patches, weighted by a soft-max of their cosines with it, and must then
/// tell what it has seen from what the other words of its report have seen, and the other way: the
/// token-wise alignment of [Wang et al. 2022](https://arxiv.org/abs/2210.06044), without its weights for words.
/// Nothing is compared between studies, so nothing is exchanged between ranks but their numbers of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LocalLoss {
    /// What cosines of words and patches are divided by; 0.1 by default.
    pub attention_temperature: f64,
    /// What cosines of words and what they have seen are divided by; 0.1 by default.
    pub temperature: f64,
}

impl Default for LocalLoss {
    fn default() -> Self {
        Self { attention_temperature: 0.1, temperature: 0.1 }
    }
}

impl AlignmentLoss for LocalLoss {
    fn loss(&self, pairs: &EncodedPairs, collective: &dyn Collective) -> Result<Tensor> {
        let (Some(patches), Some(words)) = (&pairs.image.tokens, &pairs.text.tokens) else {
            return Err(Error::shape("tokens", "[batch, tokens, embed_dim] of both encoders", Vec::new()));
        };
        let words = words.index_select(0, &pairs.study);
        let mut attention = words.bmm(&patches.transpose(1, 2)) / self.attention_temperature;
        if let Some(real) = &pairs.image.mask {
            attention = attention.masked_fill(&real.logical_not().unsqueeze(1), f64::NEG_INFINITY);
        }
        let seen = unit(&attention.softmax(-1, None).bmm(patches));
        let mut logits = words.bmm(&seen.transpose(1, 2)) / self.temperature;
        let padding = pairs.text.mask.as_ref().map(|real| real.index_select(0, &pairs.study).logical_not());
        let along = |logits: &Tensor, dim| logits.log_softmax(dim, None).diagonal(0, 1, 2);
        let right = match &padding {
            Some(padding) => {
                let by_word = logits.masked_fill(&padding.unsqueeze(1), f64::NEG_INFINITY);
                logits = logits.masked_fill(&padding.unsqueeze(2), f64::NEG_INFINITY);
                // What stands where padding meets padding is infinite and means nothing.
                (along(&by_word, 2).masked_fill(padding, 0.0) + along(&logits, 1).masked_fill(padding, 0.0))
                    / 2.0
            }
            None => (along(&logits, 2) + along(&logits, 1)) / 2.0,
        };
        let sums = -right.sum_dim_intlist(1, false, None);
        let counts = match &padding {
            Some(padding) => padding.logical_not().sum_dim_intlist(1, false, Kind::Int64).clamp_min(1),
            None => Tensor::from(words.size()[1]).to_device(words.device()),
        };
        // The mean over ranks must be the mean over all images, of which each rank may have its own number.
        let by_rank = pairs.images_by_rank(collective)?;
        let images: i64 = by_rank.iter().sum();
        Ok((sums / counts).sum(None) * (by_rank.len() as f64 / images as f64))
    }

    fn uses_tokens(&self) -> bool {
        true
    }
}
