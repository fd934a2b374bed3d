use model_core::{Collective, Result};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::{AlignmentLoss, EncodedPairs, PairRows};

/// How a report of another study is treated whose text is that of an image's own report.
///
/// "Pas de lésion osseuse." is a right description of every normal radiograph of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duplicates {
    /// As any other report: what an image must be told apart from. The default, and the released recipe.
    #[default]
    Negative,
    /// As if it were not in the batch, for that image.
    Ignored,
    /// As right as the image's own; right reports share the target equally.
    Positive,
}

/// Blends the targets with how alike the reports are, as far as the text encoder can tell now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftTargets {
    /// Share of the blended-in target, from 0 (none of it) to 1.
    pub weight: f64,
    /// What similarities of reports are divided by before the soft-max.
    pub temperature: f64,
}

/// Contrastive loss over soft-max, both ways: each image must find its report among all of the batch, and
/// each report its images.
///
/// The mean of both cross-entropies, [Radford et al. 2021](https://arxiv.org/abs/2103.00020). Logits are
/// `(scale * cosine + bias) / temperature`; the bias cancels in the soft-max, up to rounding. A report with
/// several images has all of them as equal targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClipLoss {
    /// Fixed divisor on top of the learnable scale; 1 by default.
    pub temperature: f64,
    /// Reports of the same text; [`Duplicates::Negative`] by default.
    pub duplicates: Duplicates,
    /// Softer targets; none by default.
    pub soft_targets: Option<SoftTargets>,
}

impl Default for ClipLoss {
    fn default() -> Self {
        Self { temperature: 1.0, duplicates: Duplicates::default(), soft_targets: None }
    }
}

impl ClipLoss {
    /// The loss as the authors of the method released it: a fixed temperature of 0.1 on top of the learnable
    /// scale ([multimodal_bone, models/bi_encoder.py](https://github.com/aenglebert/multimodal_bone)).
    pub fn released() -> Self {
        Self { temperature: 0.1, ..Self::default() }
    }
}

impl AlignmentLoss for ClipLoss {
    fn loss(&self, pairs: &EncodedPairs, collective: &dyn Collective) -> Result<Tensor> {
        let rows = pairs.gather(collective)?;
        let logits = rows.logits(&pairs.scale, pairs.bias.as_ref()) / self.temperature;
        let targets = match self.duplicates {
            Duplicates::Positive => rows.positives().logical_or(&rows.duplicates()),
            Duplicates::Negative | Duplicates::Ignored => rows.positives(),
        };
        let ignored = (self.duplicates == Duplicates::Ignored).then(|| rows.duplicates());
        let alike = self.soft_targets.map(|soft| (soft.weight, report_similarity(&rows) / soft.temperature));
        let along = |dim| {
            let targets = share(&targets, dim, logits.kind());
            let targets = match &alike {
                Some((weight, alike)) => {
                    targets * (1.0 - weight) + without(alike, ignored.as_ref()).softmax(dim, None) * *weight
                }
                None => targets,
            };
            cross_entropy(&logits, &targets, ignored.as_ref(), dim)
        };
        Ok((along(1) + along(0)) / 2.0)
    }
}

/// How alike the report of each image is to each report; no gradient flows through a target.
fn report_similarity(rows: &PairRows) -> Tensor {
    let text = rows.text.detach();
    text.index_select(0, &rows.study).matmul(&text.tr())
}

/// Right answers share a target of one; a row without any asks nothing.
fn share(targets: &Tensor, dim: i64, kind: Kind) -> Tensor {
    let targets = targets.to_kind(kind);
    let sum = targets.sum_dim_intlist(dim, true, None).clamp_min(1.0);
    targets / sum
}

fn without(logits: &Tensor, ignored: Option<&Tensor>) -> Tensor {
    match ignored {
        Some(ignored) => logits.masked_fill(ignored, f64::NEG_INFINITY),
        None => logits.shallow_clone(),
    }
}

fn cross_entropy(logits: &Tensor, targets: &Tensor, ignored: Option<&Tensor>, dim: i64) -> Tensor {
    let log_probabilities = without(logits, ignored).log_softmax(dim, None);
    // What is ignored has a target of nought, which must not meet its infinite logarithm.
    let log_probabilities = match ignored {
        Some(ignored) => log_probabilities.masked_fill(ignored, 0.0),
        None => log_probabilities,
    };
    -(log_probabilities * targets).sum_dim_intlist(dim, false, None).mean(None)
}
