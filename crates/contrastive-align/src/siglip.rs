use model_core::{Collective, Result};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::{AlignmentLoss, Duplicates, EncodedPairs};

/// Contrastive loss over sigmoids: every pair of an image and a report is a question of its own.
///
/// `-Σ log σ(±(scale * cosine + bias)) / images` with plus where the report is the image's own,
/// [Zhai et al. 2023](https://arxiv.org/abs/2303.15343). It starts from a bias of -10, since nearly all pairs
/// are wrong ones.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiglipLoss {
    /// Reports of the same text; [`Duplicates::Negative`] by default.
    pub duplicates: Duplicates,
}

impl AlignmentLoss for SiglipLoss {
    fn loss(&self, pairs: &EncodedPairs, collective: &dyn Collective) -> Result<Tensor> {
        let rows = pairs.gather(collective)?;
        let logits = rows.logits(&pairs.scale, pairs.bias.as_ref());
        let positives = match self.duplicates {
            Duplicates::Positive => rows.positives().logical_or(&rows.duplicates()),
            Duplicates::Negative | Duplicates::Ignored => rows.positives(),
        };
        let signs = positives.to_kind(logits.kind()) * 2.0 - 1.0;
        let mut terms = (signs * logits).log_sigmoid();
        if self.duplicates == Duplicates::Ignored {
            terms = terms.masked_fill(&rows.duplicates(), 0.0);
        }
        Ok(-terms.sum(None) / rows.image.size()[0] as f64)
    }
}
