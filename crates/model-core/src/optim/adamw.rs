use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::optim::parameters::sorted;
use crate::optim::state::{gradient, restore};
use crate::{Error, Optimizer, Parameter, Result};

/// The settings of [`AdamW`], PyTorch's by default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdamWConfig {
    /// How much the mean of the gradients remembers. Default 0.9.
    pub beta1: f64,
    /// How much the mean of their squares remembers. Default 0.999.
    pub beta2: f64,
    /// Added to the denominator. Default 1e-8.
    pub eps: f64,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8 }
    }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), step by step as PyTorch does it.
#[derive(Debug)]
pub struct AdamW {
    parameters: Vec<Parameter>,
    config: AdamWConfig,
    exp_avg: Vec<Tensor>,
    exp_avg_sq: Vec<Tensor>,
    /// Steps taken, a parameter at a time, since one without a gradient takes none.
    steps: Vec<i64>,
}

impl AdamW {
    /// An optimizer that has taken no step.
    ///
    /// # Errors
    ///
    /// If two parameters have one name or a setting is out of range.
    pub fn new(parameters: Vec<Parameter>, config: AdamWConfig) -> Result<Self> {
        for (field, beta) in [("beta1", config.beta1), ("beta2", config.beta2)] {
            if !(0.0..1.0).contains(&beta) {
                return Err(Error::config(field, format!("{beta} is not in [0, 1)")));
            }
        }
        let parameters = sorted(parameters)?;
        let zeros = || parameters.iter().map(|p| p.tensor.detach().zeros_like()).collect();
        Ok(Self {
            exp_avg: zeros(),
            exp_avg_sq: zeros(),
            steps: vec![0; parameters.len()],
            config,
            parameters,
        })
    }

    fn update(&mut self, index: usize, grad: &Tensor, lr: f64) {
        let AdamWConfig { beta1, beta2, eps } = self.config;
        self.steps[index] += 1;
        let steps = self.steps[index] as f64;
        let (correction1, correction2) = (1.0 - beta1.powf(steps), 1.0 - beta2.powf(steps));
        let (mean, square) = (&mut self.exp_avg[index], &mut self.exp_avg_sq[index]);
        let _ = mean.lerp_(grad, 1.0 - beta1);
        let _ = square.g_mul_scalar_(beta2);
        let _ = square.addcmul_(grad, &(grad * (1.0 - beta2)));
        let mut denominator = square.sqrt();
        let _ = denominator.g_div_scalar_(correction2.sqrt());
        let _ = denominator.g_add_scalar_(eps);

        let parameter = &mut self.parameters[index];
        let lr = lr * parameter.rate;
        if parameter.weight_decay != 0.0 {
            let _ = parameter.tensor.g_mul_scalar_(1.0 - lr * parameter.weight_decay);
        }
        let _ = parameter.tensor.addcdiv_(&(&*mean * (-lr / correction1)), &denominator);
    }
}

impl Optimizer for AdamW {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn step(&mut self, lr: f64) {
        tch::no_grad(|| {
            for index in 0..self.parameters.len() {
                if let Some(grad) = gradient(&self.parameters[index].tensor) {
                    self.update(index, &grad, lr);
                }
            }
        });
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = vec![("steps".to_owned(), Tensor::from_slice(&self.steps))];
        for (index, Parameter { name, .. }) in self.parameters.iter().enumerate() {
            state.push((format!("exp_avg.{name}"), self.exp_avg[index].shallow_clone()));
            state.push((format!("exp_avg_sq.{name}"), self.exp_avg_sq[index].shallow_clone()));
        }
        state
    }

    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        let mut slots = self.state();
        let steps = Tensor::zeros([self.steps.len() as i64], (Kind::Int64, tch::Device::Cpu));
        slots[0].1 = steps.shallow_clone();
        restore(slots, state)?;
        self.steps = Vec::try_from(&steps).map_err(Error::torch("restoring optimizer state"))?;
        Ok(())
    }
}
