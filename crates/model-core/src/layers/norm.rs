use tch::nn;

/// A linear layer (`weight`, `bias`) at `vs`. Fresh weights are normal with deviation 0.02 and fresh
/// biases zero: the `initializer_range` of every Hugging Face transformer used here.
pub fn linear(vs: &nn::Path<'_>, in_dim: i64, out_dim: i64, bias: bool) -> nn::Linear {
    let config = nn::LinearConfig {
        ws_init: nn::Init::Randn { mean: 0.0, stdev: 0.02 },
        bs_init: Some(nn::Init::Const(0.0)),
        bias,
    };
    nn::linear(vs, in_dim, out_dim, config)
}

/// A layer norm (`weight`, `bias`) over the last dimension, at `vs`.
pub fn layer_norm(vs: &nn::Path<'_>, hidden_size: i64, eps: f64) -> nn::LayerNorm {
    nn::layer_norm(vs, vec![hidden_size], nn::LayerNormConfig { eps, ..Default::default() })
}
