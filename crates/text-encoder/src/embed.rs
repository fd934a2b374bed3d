use model_core::{Encoder, Mode, Result};
use tch::{Device, Tensor};

use crate::batch::TokenBatch;
use crate::batches::batches_by_length;
use crate::tokenizer::ReportTokenizer;

/// The pooled vectors of texts, which are put together by length: batches of at most `tokens` tokens hold little
/// padding.
///
/// ```
/// use model_core::Pretrained;
/// use tch::{Device, nn};
/// use text_encoder::{ReportTokenizer, TextConfig, TextFamily, TextModel, embed_texts};
///
/// let reports = ["Pas de fracture visible.", "Fracture du radius droit."];
/// let tokenizer = ReportTokenizer::train(reports, 60)?;
/// let config = TextConfig {
///     vocab_size: tokenizer.vocab_size(),
///     hidden_size: 16,
///     num_hidden_layers: 1,
///     num_attention_heads: 2,
///     intermediate_size: 16,
///     ..TextConfig::of(TextFamily::XlmRoberta)
/// };
/// let vs = nn::VarStore::new(Device::Cpu);
/// let model = TextModel::new(&vs.root(), &config)?;
/// assert_eq!(embed_texts(&model, &tokenizer, &reports, 8192, Device::Cpu)?.size(), [2, 16]);
/// # Ok::<(), model_core::Error>(())
/// ```
///
/// # Shapes
///
/// - result: `[texts, embed_dim]`, in the order of the texts
///
/// # Errors
///
/// As [`ReportTokenizer::encode`] and the encoder, or if there is no text.
pub fn embed_texts<E: Encoder<Input = TokenBatch>>(
    encoder: &E,
    tokenizer: &ReportTokenizer,
    texts: &[&str],
    tokens: usize,
    device: Device,
) -> Result<Tensor> {
    let ids = tokenizer.encode(texts)?;
    let lengths: Vec<usize> = ids.iter().map(Vec::len).collect();
    let (mut order, mut rows) = (Vec::with_capacity(texts.len()), Vec::new());
    for batch in batches_by_length(&lengths, tokens) {
        let texts: Vec<_> = batch.iter().map(|&text| ids[text].clone()).collect();
        let texts = TokenBatch::pad(&texts, tokenizer.pad_token_id(), 1, device)?;
        rows.push(tch::no_grad(|| encoder.encode(&texts, Mode::Eval))?.pooled);
        order.extend(batch.into_iter().map(|text| text as i64));
    }
    if rows.is_empty() {
        return Err(model_core::Error::shape("texts", "[texts], one or more", vec![0]));
    }
    let back = Tensor::from_slice(&order).argsort(0, false).to_device(device);
    Ok(Tensor::cat(&rows, 0).index_select(0, &back))
}

#[cfg(test)]
mod tests {
    use model_core::{Collate, Pretrained};
    use tch::nn;

    use super::*;
    use crate::{TextConfig, TextFamily, TextModel};

    #[test]
    fn rows_come_in_the_order_of_the_texts() {
        tch::manual_seed(3);
        let long = "Fracture du radius droit. ".repeat(4);
        let texts = ["Pas de fracture.", &long, "Radius", "", "Fracture du radius"];
        let tokenizer = ReportTokenizer::train(texts, 60).unwrap().plain();
        let config = TextConfig {
            vocab_size: tokenizer.vocab_size(),
            hidden_size: 8,
            num_hidden_layers: 1,
            num_attention_heads: 2,
            intermediate_size: 8,
            ..TextConfig::of(TextFamily::XlmRoberta)
        };
        let vs = nn::VarStore::new(Device::Cpu);
        let model = TextModel::new(&vs.root(), &config).unwrap();
        let rows = embed_texts(&model, &tokenizer, &texts, 16, Device::Cpu).unwrap();
        for (row, text) in texts.iter().enumerate() {
            let alone = tokenizer.collate(&[text], Device::Cpu).unwrap();
            let alone = model.encode(&alone, Mode::Eval).unwrap().pooled.get(0);
            assert!(rows.get(row as i64).allclose(&alone, 1e-5, 1e-5, false), "{row}");
        }
        assert!(embed_texts(&model, &tokenizer, &[], 16, Device::Cpu).is_err());
    }
}
