use model_core::Mode;
use model_core::layers::{Activation, BatchNorm};
use tch::Tensor;
use tch::nn::init::{FanInOut, NonLinearity, NormalOrUniform};
use tch::nn::{self, Init, Module};

use crate::resnet::{ResNetConfig, ResNetLayer};

/// PyTorch's default, which no configuration changes.
const EPS: f64 = 1e-5;

/// A convolution without bias, a batch norm, and an activation where there is one.
#[derive(Debug)]
pub(super) struct ConvLayer {
    /// Of every so many places of each side one is seen: the stride of a convolution of one place. Told the stride itself,
    /// libtorch 2.11 on several threads gives weights of four channels another gradient each time.
    every: i64,
    convolution: nn::Conv2D,
    normalization: BatchNorm,
    activation: Option<Activation>,
}

/// What a convolution is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conv {
    pub(super) channels: [i64; 2],
    pub(super) kernel: i64,
    pub(super) stride: i64,
}

impl ConvLayer {
    pub(super) fn new(vs: &nn::Path<'_>, conv: Conv, activation: Option<Activation>) -> Self {
        let (every, stride) = if conv.kernel == 1 { (conv.stride, 1) } else { (1, conv.stride) };
        let config = nn::ConvConfig {
            stride,
            padding: conv.kernel / 2,
            bias: false,
            ws_init: Init::Kaiming {
                dist: NormalOrUniform::Normal,
                fan: FanInOut::FanOut,
                non_linearity: NonLinearity::ReLU,
            },
            ..nn::ConvConfig::default()
        };
        let [from, to] = conv.channels;
        Self {
            every,
            convolution: nn::conv2d(vs / "convolution", from, to, conv.kernel, config),
            normalization: BatchNorm::new(&(vs / "normalization"), to, EPS),
            activation,
        }
    }

    pub(super) fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        let x = match self.every {
            1 => x.shallow_clone(),
            every => x.slice(2, None, None, every).slice(3, None, None, every),
        };
        let x = channels_last(&self.convolution.forward(&x));
        let x = self.normalization.forward(&x, mode);
        match self.activation {
            Some(activation) => activate(activation, x),
            None => x,
        }
    }
}

/// The same values with the channels of a place side by side in memory, which convolutions on the CPU and on
/// tensor cores are faster on; nothing is copied where they lie so already.
pub(super) fn channels_last(x: &Tensor) -> Tensor {
    x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}

/// An activation in place, where that is all the same: neither a batch norm nor a sum asks for its result again.
fn activate(activation: Activation, mut x: Tensor) -> Tensor {
    match activation {
        Activation::Relu => x.relu_(),
        other => other.apply(&x),
    }
}

/// Some convolutions and what they are added to.
#[derive(Debug)]
pub(super) struct Residual {
    branch: Vec<ConvLayer>,
    shortcut: Option<ConvLayer>,
    activation: Activation,
}

impl Residual {
    /// A layer from `channels[0]` to `channels[1]` channels that makes the sides `stride` times smaller.
    pub(super) fn new(vs: &nn::Path<'_>, config: &ResNetConfig, channels: [i64; 2], stride: i64) -> Self {
        let [from, to] = channels;
        let convolutions: Vec<Conv> = match config.layer_type {
            ResNetLayer::Basic => {
                vec![Conv { channels, kernel: 3, stride }, Conv { channels: [to, to], kernel: 3, stride: 1 }]
            }
            ResNetLayer::Bottleneck => {
                let narrow = to / 4;
                let (first, second) = if config.downsample_in_bottleneck { (stride, 1) } else { (1, stride) };
                vec![
                    Conv { channels: [from, narrow], kernel: 1, stride: first },
                    Conv { channels: [narrow, narrow], kernel: 3, stride: second },
                    Conv { channels: [narrow, to], kernel: 1, stride: 1 },
                ]
            }
        };
        let last = convolutions.len() - 1;
        let layer = |(index, conv): (usize, Conv)| {
            let activation = (index < last).then_some(config.hidden_act);
            ConvLayer::new(&(vs / "layer" / index), conv, activation)
        };
        let shortcut = Conv { channels, kernel: 1, stride };
        Self {
            branch: convolutions.into_iter().enumerate().map(layer).collect(),
            shortcut: (from != to || stride != 1).then(|| ConvLayer::new(&(vs / "shortcut"), shortcut, None)),
            activation: config.hidden_act,
        }
    }

    pub(super) fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        let mut branch = self.branch.iter().fold(x.shallow_clone(), |x, layer| layer.forward(&x, mode));
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x, mode),
            None => x.shallow_clone(),
        };
        activate(self.activation, branch.g_add_(&shortcut))
    }
}
