use tch::{Tensor, nn};

use crate::layers::{dropout, linear};
use crate::{Error, Mode, Result};

/// The sizes of an attention layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttentionConfig {
    /// The length of a token's vector.
    pub hidden_size: i64,
    /// Into how many heads it is cut.
    pub num_attention_heads: i64,
    /// Whether query, key and value have a bias.
    pub qkv_bias: bool,
    /// Which part of the attention weights is dropped in training.
    pub attention_dropout: f64,
    /// Which part of the output is dropped in training.
    pub hidden_dropout: f64,
}

/// Self-attention of every token to every real token, on libtorch's fused kernels.
#[derive(Debug)]
pub struct MultiHeadAttention {
    query: nn::Linear,
    key: nn::Linear,
    value: nn::Linear,
    output: nn::Linear,
    config: AttentionConfig,
}

impl MultiHeadAttention {
    /// A layer whose `query`, `key` and `value` lie below `qkv` and whose output projection lies at
    /// `output`: `attention.attention` and `attention.output.dense` in a ViT, `attention.self` and
    /// `attention.output.dense` in a BERT.
    ///
    /// # Errors
    ///
    /// If the heads do not divide the hidden size.
    pub fn new(qkv: &nn::Path<'_>, output: &nn::Path<'_>, config: AttentionConfig) -> Result<Self> {
        let AttentionConfig { hidden_size, num_attention_heads, qkv_bias, .. } = config;
        if num_attention_heads < 1 || hidden_size < 1 || hidden_size % num_attention_heads != 0 {
            return Err(Error::config(
                "num_attention_heads",
                format!("{num_attention_heads} heads do not divide a hidden size of {hidden_size}"),
            ));
        }
        let projection = |name| linear(&(qkv / name), hidden_size, hidden_size, qkv_bias);
        Ok(Self {
            query: projection("query"),
            key: projection("key"),
            value: projection("value"),
            output: linear(output, hidden_size, hidden_size, true),
            config,
        })
    }

    /// What the tokens take from one another.
    ///
    /// # Shapes
    ///
    /// - hidden: `[batch, tokens, hidden_size]`
    /// - mask: `[batch, tokens]`, bool, true = a real token; none = all are real
    /// - returns: `[batch, tokens, hidden_size]`
    pub fn forward(&self, hidden: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Tensor {
        let heads = |x: Tensor| self.heads(&x);
        let attention_dropout = if mode.is_train() { self.config.attention_dropout } else { 0.0 };
        let context = Tensor::scaled_dot_product_attention(
            &heads(hidden.apply(&self.query)),
            &heads(hidden.apply(&self.key)),
            &heads(hidden.apply(&self.value)),
            mask.map(|mask| mask.unsqueeze(1).unsqueeze(1)),
            attention_dropout,
            false,
            None,
            false,
        );
        let context = context.transpose(1, 2).flatten(2, 3);
        dropout(&context.apply(&self.output), self.config.hidden_dropout, mode)
    }

    /// How much each token takes of each other one, for looking at: [`forward`](Self::forward) uses a fused kernel,
    /// which does not say.
    ///
    /// # Shapes
    ///
    /// - hidden: `[batch, tokens, hidden_size]`
    /// - mask: `[batch, tokens]`, bool, true = a real token; none = all are real
    /// - returns: `[batch, heads, tokens, tokens]`, the last summing to 1
    pub fn weights(&self, hidden: &Tensor, mask: Option<&Tensor>) -> Tensor {
        let (query, key) = (self.heads(&hidden.apply(&self.query)), self.heads(&hidden.apply(&self.key)));
        let scale = (query.size()[3] as f64).sqrt();
        let mut scores = query.matmul(&key.transpose(2, 3)) / scale;
        if let Some(mask) = mask {
            scores = scores.masked_fill(&mask.logical_not().unsqueeze(1).unsqueeze(1), f64::NEG_INFINITY);
        }
        scores.softmax(-1, scores.kind())
    }

    /// `[batch, tokens, hidden_size]` to `[batch, heads, tokens, hidden_size / heads]`.
    fn heads(&self, x: &Tensor) -> Tensor {
        let size = x.size();
        x.view([size[0], size[1], self.config.num_attention_heads, -1]).transpose(1, 2)
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    fn layer(vs: &nn::VarStore) -> MultiHeadAttention {
        let config = AttentionConfig {
            hidden_size: 8,
            num_attention_heads: 2,
            qkv_bias: true,
            attention_dropout: 0.5,
            hidden_dropout: 0.5,
        };
        let root = vs.root();
        MultiHeadAttention::new(&(&root / "self"), &(&root / "output" / "dense"), config).unwrap()
    }

    #[test]
    fn padding_changes_nothing_for_real_tokens() {
        tch::manual_seed(1);
        let vs = nn::VarStore::new(Device::Cpu);
        let layer = layer(&vs);
        let real = Tensor::randn([2, 3, 8], (Kind::Float, Device::Cpu));
        let padded = Tensor::cat(&[&real, &Tensor::full([2, 2, 8], 100.0, (Kind::Float, Device::Cpu))], 1);
        let mask = Tensor::from_slice2(&[[true, true, true, false, false]; 2]);
        let short = layer.forward(&real, None, Mode::Eval);
        let long = layer.forward(&padded, Some(&mask), Mode::Eval);
        assert!(long.narrow(1, 0, 3).allclose(&short, 1e-6, 1e-6, false));
    }

    #[test]
    fn the_fused_kernel_equals_the_written_out_formula() {
        tch::manual_seed(2);
        let vs = nn::VarStore::new(Device::Cpu);
        let layer = layer(&vs);
        let x = Tensor::randn([1, 4, 8], (Kind::Float, Device::Cpu));
        let (q, k, v) = (x.apply(&layer.query), x.apply(&layer.key), x.apply(&layer.value));
        let heads: Vec<Tensor> = (0..2)
            .map(|head| {
                let part = |t: &Tensor| t.narrow(2, head * 4, 4);
                (part(&q).matmul(&part(&k).transpose(1, 2)) / 2.0).softmax(-1, Kind::Float).matmul(&part(&v))
            })
            .collect();
        let weights = layer.weights(&x, None);
        let (q, k) = (q.narrow(2, 4, 4), k.narrow(2, 4, 4));
        let second = (q.matmul(&k.transpose(1, 2)) / 2.0).softmax(-1, Kind::Float);
        assert!(weights.select(1, 1).allclose(&second, 1e-6, 1e-6, false));
        let expected = Tensor::cat(&heads, 2).apply(&layer.output);
        assert!(layer.forward(&x, None, Mode::Eval).allclose(&expected, 1e-6, 1e-6, false));
    }

    #[test]
    fn heads_that_do_not_divide_are_refused() {
        let vs = nn::VarStore::new(Device::Cpu);
        let config = AttentionConfig {
            hidden_size: 10,
            num_attention_heads: 4,
            qkv_bias: true,
            attention_dropout: 0.0,
            hidden_dropout: 0.0,
        };
        let error = MultiHeadAttention::new(&vs.root(), &vs.root(), config).unwrap_err();
        assert!(error.to_string().contains("4 heads"));
    }
}
