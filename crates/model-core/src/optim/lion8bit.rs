use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::optim::parameters::sorted;
use crate::optim::state::{beta_in_range, gradient, restore};
use crate::{Error, Optimizer, Parameter, Result};

/// The settings of [`Lion8bit`], those of bitsandbytes 0.41 by default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lion8bitConfig {
    /// The weight of the momentum in the direction of a step. Default 0.9.
    pub beta1: f64,
    /// How much the momentum remembers. Default 0.99.
    pub beta2: f64,
    /// How many numbers share a scale. Default 2,048; bitsandbytes 0.50 has 256.
    pub block_size: i64,
    /// Parameters of fewer numbers keep their momentum in single precision. Default 4,096.
    pub min_8bit_size: i64,
}

impl Default for Lion8bitConfig {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.99, block_size: 2048, min_8bit_size: 4096 }
    }
}

/// [`Lion`](crate::Lion) with a momentum of one byte a number, as bitsandbytes' `Lion8bit`
/// ([Dettmers et al., ICLR 2022](https://arxiv.org/abs/2110.02861)).
///
/// Each block of the momentum is divided by its largest magnitude and rounded to the nearest of 256 numbers, which lie
/// the closer the smaller they are.
#[derive(Debug)]
pub struct Lion8bit {
    parameters: Vec<Parameter>,
    config: Lion8bitConfig,
    momenta: Vec<Momentum>,
}

#[derive(Debug)]
enum Momentum {
    /// As many numbers as the parameter has.
    Single(Tensor),
    /// The places in the code of 256 numbers, and what the blocks were divided by.
    Blocks { codes: Tensor, scales: Tensor },
}

/// At most so many numbers are in single precision at once.
const SPAN: i64 = 1 << 22;

impl Lion8bit {
    /// An optimizer that has taken no step.
    ///
    /// # Errors
    ///
    /// If two parameters have one name or a setting is out of range.
    pub fn new(parameters: Vec<Parameter>, config: Lion8bitConfig) -> Result<Self> {
        beta_in_range("beta1", config.beta1)?;
        beta_in_range("beta2", config.beta2)?;
        if config.block_size < 1 {
            return Err(Error::config("block_size", format!("{} is no size", config.block_size)));
        }
        let parameters = sorted(parameters)?;
        let momentum = |parameter: &Parameter| {
            let (size, device) = (parameter.tensor.numel() as i64, parameter.tensor.device());
            if size < config.min_8bit_size {
                return Momentum::Single(Tensor::zeros([size], (Kind::Float, device)));
            }
            let blocks = size.div_euclid(config.block_size) + i64::from(size % config.block_size > 0);
            Momentum::Blocks {
                codes: Tensor::full([size], ZERO, (Kind::Uint8, device)),
                scales: Tensor::zeros([blocks], (Kind::Float, device)),
            }
        };
        Ok(Self { momenta: parameters.iter().map(momentum).collect(), parameters, config })
    }

    /// Moves numbers that lie one after the other; says what their momentum is afterwards.
    fn descend(
        &self,
        mut values: Tensor,
        gradient: &Tensor,
        momentum: &Tensor,
        lr: f64,
        decay: f64,
    ) -> Tensor {
        let Lion8bitConfig { beta1, beta2, .. } = self.config;
        if decay != 0.0 {
            let _ = values.g_mul_scalar_(1.0 - lr * decay);
        }
        let direction = (momentum * beta1 + gradient * (1.0 - beta1)).sign();
        let _ = values.g_sub_(&(direction * lr));
        momentum * beta2 + gradient * (1.0 - beta2)
    }
}

impl Optimizer for Lion8bit {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn step(&mut self, lr: f64) {
        let block = self.config.block_size;
        let span = block * (SPAN / block).max(1);
        let mut code = None;
        for (Parameter { tensor, rate, weight_decay, .. }, momentum) in
            self.parameters.iter().zip(&self.momenta)
        {
            let Some(gradient) = gradient(tensor) else { continue };
            let (values, gradient) =
                (tensor.detach().view([-1]), gradient.reshape([-1]).to_kind(Kind::Float));
            let lr = lr * rate;
            match momentum {
                Momentum::Single(momentum) => {
                    let next = self.descend(values, &gradient, momentum, lr, *weight_decay);
                    momentum.shallow_clone().copy_(&next);
                }
                Momentum::Blocks { codes, scales } => {
                    let code = code.get_or_insert_with(|| Code::new(tensor.device()));
                    for start in (0..codes.size()[0]).step_by(span as usize) {
                        let length = span.min(codes.size()[0] - start);
                        let cut = |tensor: &Tensor| tensor.narrow(0, start, length);
                        let blocks = length.div_euclid(block) + i64::from(length % block > 0);
                        let scales = scales.narrow(0, start / block, blocks);
                        let momentum = code.read(&cut(codes), &scales, block);
                        let next = self.descend(cut(&values), &cut(&gradient), &momentum, lr, *weight_decay);
                        code.write(&next, cut(codes), scales, block);
                    }
                }
            }
        }
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = Vec::new();
        for (Parameter { name, .. }, momentum) in self.parameters.iter().zip(&self.momenta) {
            match momentum {
                Momentum::Single(momentum) => {
                    state.push((format!("exp_avg.{name}"), momentum.shallow_clone()))
                }
                Momentum::Blocks { codes, scales } => {
                    state.push((format!("codes.{name}"), codes.shallow_clone()));
                    state.push((format!("scales.{name}"), scales.shallow_clone()));
                }
            }
        }
        state
    }

    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        restore(self.state(), state)
    }
}

/// The place of nought among the numbers of the code.
const ZERO: i64 = 127;

/// The 256 numbers between -1 and 1, in order, that a byte stands for: bitsandbytes' signed dynamic map.
struct Code {
    numbers: Tensor,
    /// Halfway between one number and the next.
    middles: Tensor,
}

impl Code {
    fn new(device: Device) -> Self {
        // Each power of ten has twice as many numbers as the one below it, in equal steps.
        let magnitudes: Vec<Tensor> = (0..7)
            .map(|exponent| {
                let ends = Tensor::linspace(0.1, 1.0, (1 << exponent) + 1, (Kind::Float, Device::Cpu));
                let steps = 1 << exponent;
                (ends.narrow(0, 0, steps) + ends.narrow(0, 1, steps)) / 2.0 * 10f64.powi(exponent - 6)
            })
            .collect();
        let positive = Tensor::cat(&magnitudes, 0);
        let ends = Tensor::from_slice(&[0f32, 1.0]);
        let (numbers, _) = Tensor::cat(&[-&positive, positive, ends], 0).sort(0, false);
        let numbers = numbers.to_device(device);
        let middles = (numbers.narrow(0, 0, 255) + numbers.narrow(0, 1, 255)) / 2.0;
        Self { numbers, middles }
    }

    fn read(&self, codes: &Tensor, scales: &Tensor, block: i64) -> Tensor {
        let length = codes.size()[0];
        let numbers = self.numbers.index_select(0, &codes.to_kind(Kind::Int64));
        (in_rows(&numbers, block) * scales.unsqueeze(1)).view([-1]).narrow(0, 0, length)
    }

    fn write(&self, momentum: &Tensor, mut codes: Tensor, mut scales: Tensor, block: i64) {
        let rows = in_rows(momentum, block);
        let largest = rows.abs().amax([1i64].as_slice(), true);
        scales.copy_(&largest.view([-1]));
        let unit = rows / largest.clamp_min(f64::from(f32::MIN_POSITIVE));
        let nearest = unit.bucketize(&self.middles, true, false);
        codes.copy_(&nearest.view([-1]).narrow(0, 0, codes.size()[0]));
    }
}

/// One row a block, the last one filled up with noughts.
fn in_rows(values: &Tensor, block: i64) -> Tensor {
    let missing = (-values.size()[0]).rem_euclid(block);
    values.constant_pad_nd([0, missing]).view([-1, block])
}
