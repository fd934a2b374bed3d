use model_core::{Error, Result};
use tch::{Device, Kind, Tensor};

/// Texts as numbers, padded to one length.
///
/// # Shapes
///
/// - input_ids: `[batch, tokens]`, i64
/// - attention_mask: `[batch, tokens]`, i64, 1 = a real token, 0 = padding
#[derive(Debug)]
pub struct TokenBatch {
    /// The tokens' numbers in the vocabulary.
    pub input_ids: Tensor,
    /// Which tokens are real.
    pub attention_mask: Tensor,
}

impl TokenBatch {
    /// Texts of several lengths, each filled up with `pad_token_id` to the longest, and that to a multiple
    /// of `multiple`.
    ///
    /// # Errors
    ///
    /// If there is no text.
    pub fn pad(texts: &[Vec<i64>], pad_token_id: i64, multiple: usize, device: Device) -> Result<Self> {
        let Some(longest) = texts.iter().map(Vec::len).max() else {
            return Err(Error::shape("texts", "[batch, tokens], a batch of 1 or more", vec![0]));
        };
        let tokens = longest.max(1).next_multiple_of(multiple.max(1));
        let mut ids = Vec::with_capacity(texts.len() * tokens);
        let mut mask = Vec::with_capacity(texts.len() * tokens);
        for text in texts {
            ids.extend_from_slice(text);
            ids.resize(ids.len() + tokens - text.len(), pad_token_id);
            mask.resize(mask.len() + text.len(), 1);
            mask.resize(mask.len() + tokens - text.len(), 0);
        }
        let tensor = |values: &[i64]| Tensor::from_slice(values).view([-1, tokens as i64]).to_device(device);
        Ok(Self { input_ids: tensor(&ids), attention_mask: tensor(&mask) })
    }

    /// The same on another device.
    pub fn to_device(&self, device: Device) -> Self {
        Self {
            input_ids: self.input_ids.to_device(device),
            attention_mask: self.attention_mask.to_device(device),
        }
    }

    /// Real tokens, `[batch, tokens]`, bool.
    pub(crate) fn real(&self) -> Tensor {
        self.attention_mask.to_kind(Kind::Bool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_filled_up_to_a_multiple() {
        let texts = [vec![0, 7, 2], (0..9).collect()];
        let batch = TokenBatch::pad(&texts, 1, 8, Device::Cpu).unwrap();
        assert_eq!(batch.input_ids.size(), [2, 16]);
        let first = Vec::<i64>::try_from(batch.input_ids.get(0)).unwrap();
        assert_eq!(first, [vec![0, 7, 2], vec![1; 13]].concat());
        let mask = Vec::<i64>::try_from(batch.attention_mask.sum_dim_intlist(1, false, Kind::Int64)).unwrap();
        assert_eq!(mask, [3, 9]);
    }

    #[test]
    fn a_batch_of_nothing_is_refused() {
        assert!(TokenBatch::pad(&[], 1, 8, Device::Cpu).is_err());
        assert_eq!(TokenBatch::pad(&[vec![]], 1, 8, Device::Cpu).unwrap().input_ids.size(), [1, 8]);
    }
}
