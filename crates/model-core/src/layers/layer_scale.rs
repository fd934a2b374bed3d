use tch::{Tensor, nn};

/// A factor for each channel of a residual branch, as DINOv2 has it (`layer_scale1.lambda1`).
#[derive(Debug)]
pub struct LayerScale {
    lambda1: Tensor,
}

impl LayerScale {
    /// A layer whose `size` factors start at `value`.
    pub fn new(vs: &nn::Path<'_>, size: i64, value: f64) -> Self {
        Self { lambda1: vs.var("lambda1", &[size], nn::Init::Const(value)) }
    }

    /// The scaled tokens.
    ///
    /// # Shapes
    ///
    /// - x and what is returned: `[.., size]`
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x * &self.lambda1
    }
}
