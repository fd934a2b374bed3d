use tch::{Kind, Tensor};

/// The multi-similarity loss over pairs that a triplet makes hard: names of one concept are drawn together
/// and others apart (SapBERT, <https://arxiv.org/abs/2010.11784>).
///
/// A pair counts where some triplet with it has its negative less than `margin` farther away than its
/// positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultiSimilarity {
    /// Steepness for names of one concept. Default: 1.
    pub alpha: f64,
    /// Steepness for names of two. Default: 60.
    pub beta: f64,
    /// The similarity between the two. Default: 0.5.
    pub base: f64,
    /// The margin of the triplets, in Euclidean distance of unit vectors. Default: 0.2.
    pub margin: f64,
}

impl Default for MultiSimilarity {
    fn default() -> Self {
        Self { alpha: 1.0, beta: 60.0, base: 0.5, margin: 0.2 }
    }
}

impl MultiSimilarity {
    /// # Shapes
    ///
    /// - embeddings: `[names, embed_dim]`, of any length
    /// - concepts: `[names]`
    /// - result: a scalar
    pub fn loss(&self, embeddings: &Tensor, concepts: &Tensor) -> Tensor {
        let unit = embeddings / embeddings.norm_scalaropt_dim(2, [1], true).clamp_min(1e-12);
        let similarity = unit.matmul(&unit.transpose(0, 1));
        let same = concepts.unsqueeze(0).eq_tensor(&concepts.unsqueeze(1));
        let itself = Tensor::eye(concepts.size()[0], (Kind::Bool, concepts.device()));
        let positive = same.logical_and(&itself.logical_not());
        let negative = same.logical_not();
        let (positive, negative) = tch::no_grad(|| self.hard(&similarity, &positive, &negative));
        let term = |scale: f64, pairs: &Tensor| {
            let exponents = ((&similarity - self.base) * scale).exp() * pairs.to_kind(similarity.kind());
            exponents.sum_dim_intlist(1, false, None).log1p() / scale.abs()
        };
        (term(-self.alpha, &positive) + term(self.beta, &negative)).mean(None)
    }

    /// A positive is hard if the nearest negative is near enough to it, a negative if the farthest positive
    /// is far enough: the same pairs as from all triplets, without making them.
    fn hard(&self, similarity: &Tensor, positive: &Tensor, negative: &Tensor) -> (Tensor, Tensor) {
        let distance = ((similarity * -2.0) + 2.0).clamp_min(0.0).sqrt();
        let nearest = distance.masked_fill(&negative.logical_not(), f64::INFINITY).amin([1].as_slice(), true);
        let farthest =
            distance.masked_fill(&positive.logical_not(), f64::NEG_INFINITY).amax([1].as_slice(), true);
        let hard_positive = (nearest - &distance).le(self.margin).logical_and(positive);
        let hard_negative = (&distance - farthest).le(self.margin).logical_and(negative);
        (hard_positive, hard_negative)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Margins and the losses of pytorch-metric-learning 2.9.0 (`scripts/fixtures/sap.py`).
    const EXPECTED: [(f64, f64); 4] = [
        (-0.5, 0.5284211144882253),
        (0.0, 1.0662210913801575),
        (0.2, 1.1373506432333285),
        (1.0, 1.137350643233657),
    ];

    fn rows(names: i64) -> Tensor {
        let value = |i: i64, j: i64| (1.0 + 3.7 * i as f64 + 1.3 * (j * j) as f64 + (i * j) as f64).sin();
        let values: Vec<f64> = (0..names).flat_map(|i| (0..6).map(move |j| value(i, j))).collect();
        Tensor::from_slice(&values).view([names, 6])
    }

    #[test]
    fn the_loss_equals_that_of_pytorch_metric_learning() {
        let concepts = Tensor::from_slice(&[0i64, 0, 1, 1, 2, 2, 3, 3, 0, 0, 4, 5]);
        for (margin, expected) in EXPECTED {
            let loss = MultiSimilarity { margin, ..MultiSimilarity::default() }.loss(&rows(12), &concepts);
            assert!((loss.double_value(&[]) - expected).abs() < 1e-9, "{margin}: {loss:?}");
        }
    }

    #[test]
    fn a_batch_of_one_concept_has_nothing_to_draw_apart() {
        let concepts = Tensor::from_slice(&[3i64; 4]);
        let loss = MultiSimilarity::default().loss(&rows(4), &concepts);
        assert_eq!(loss.double_value(&[]), 0.0);
    }
}
