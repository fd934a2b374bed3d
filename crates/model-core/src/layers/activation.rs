use serde::{Deserialize, Serialize};
use tch::Tensor;

/// The function between two linear layers, under Hugging Face's names (`hidden_act`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Activation {
    /// The exact Gaussian error linear unit.
    #[default]
    #[serde(rename = "gelu")]
    Gelu,
    /// Its approximation by tanh.
    #[serde(rename = "gelu_pytorch_tanh", alias = "gelu_new", alias = "gelu_fast")]
    GeluTanh,
    /// Its approximation by a sigmoid of 1.702 x.
    #[serde(rename = "quick_gelu")]
    QuickGelu,
    /// Rectified linear unit.
    #[serde(rename = "relu")]
    Relu,
    /// Sigmoid linear unit.
    #[serde(rename = "silu", alias = "swish")]
    Silu,
}

impl Activation {
    /// The function, applied to every value.
    pub fn apply(self, x: &Tensor) -> Tensor {
        match self {
            Self::Gelu => x.gelu("none"),
            Self::GeluTanh => x.gelu("tanh"),
            Self::QuickGelu => x * (x * 1.702).sigmoid(),
            Self::Relu => x.relu(),
            Self::Silu => x.silu(),
        }
    }
}
