use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

/// How the vectors of the tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The first token.
    #[default]
    Cls,
    /// The mean of the real tokens.
    Mean,
    /// The greatest value that any real token has, place by place: what is seen anywhere counts, as a break
    /// in one bone of many.
    Max,
}

impl Pooling {
    /// One vector an item.
    ///
    /// # Shapes
    ///
    /// - tokens: `[batch, tokens, embed_dim]`
    /// - mask: `[batch, tokens]`, bool, true = a real token; none = all are real
    /// - returns: `[batch, embed_dim]`; zeros for an item without a real token
    pub fn pool(self, tokens: &Tensor, mask: Option<&Tensor>) -> Tensor {
        match (self, mask) {
            (Self::Cls, _) => tokens.select(1, 0),
            (Self::Mean, None) => tokens.mean_dim(1, false, tokens.kind()),
            (Self::Mean, Some(mask)) => {
                let count = mask.sum_dim_intlist(1, true, Kind::Float).clamp_min(1.0).to_kind(tokens.kind());
                let real = tokens.masked_fill(&mask.logical_not().unsqueeze(-1), 0.0);
                real.sum_dim_intlist(1, false, tokens.kind()) / count
            }
            (Self::Max, None) => tokens.amax([1], false),
            (Self::Max, Some(mask)) => {
                let mask = mask.unsqueeze(-1);
                let real = tokens.masked_fill(&mask.logical_not(), f64::NEG_INFINITY).amax([1], false);
                real.where_self(&mask.any_dim(1, false), &real.zeros_like())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_over_real_tokens_alone() {
        let tokens = Tensor::from_slice(&[1.0f32, 3.0, f32::INFINITY, 5.0, 7.0, 9.0]).view([2, 3, 1]);
        let mask = Tensor::from_slice2(&[[true, true, false], [false, false, false]]);
        let pooled = Pooling::Mean.pool(&tokens, Some(&mask));
        assert_eq!(Vec::<f32>::try_from(pooled.flatten(0, -1)).unwrap(), [2.0, 0.0]);
        let greatest = Pooling::Max.pool(&tokens.nan_to_num(0.0, 0.0, 0.0), Some(&mask));
        assert_eq!(Vec::<f32>::try_from(greatest.flatten(0, -1)).unwrap(), [3.0, 0.0]);
        let first = Pooling::Cls.pool(&tokens, Some(&mask));
        assert_eq!(Vec::<f32>::try_from(first.flatten(0, -1)).unwrap(), [1.0, 5.0]);
    }
}
