use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::optim::parameters::sorted;
use crate::optim::state::{gradient, restore};
use crate::{Error, Optimizer, Parameter, Result};

/// The settings of [`Lion`], those of its paper by default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LionConfig {
    /// The weight of the momentum in the direction of a step. Default 0.9.
    pub beta1: f64,
    /// How much the momentum remembers. Default 0.99.
    pub beta2: f64,
}

impl Default for LionConfig {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.99 }
    }
}

/// Steps of one size along the sign of an interpolated momentum (Chen et al., NeurIPS 2023): one state
/// tensor a parameter, and a learning rate some ten times below AdamW's.
#[derive(Debug)]
pub struct Lion {
    parameters: Vec<Parameter>,
    config: LionConfig,
    exp_avg: Vec<Tensor>,
}

impl Lion {
    /// An optimizer that has taken no step.
    ///
    /// # Errors
    ///
    /// If two parameters have one name or a setting is out of range.
    pub fn new(parameters: Vec<Parameter>, config: LionConfig) -> Result<Self> {
        for (field, beta) in [("beta1", config.beta1), ("beta2", config.beta2)] {
            if !(0.0..1.0).contains(&beta) {
                return Err(Error::config(field, format!("{beta} is not in [0, 1)")));
            }
        }
        let parameters = sorted(parameters)?;
        let exp_avg = parameters.iter().map(|p| p.tensor.detach().zeros_like()).collect();
        Ok(Self { parameters, config, exp_avg })
    }
}

impl Optimizer for Lion {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn step(&mut self, lr: f64) {
        let LionConfig { beta1, beta2 } = self.config;
        tch::no_grad(|| {
            for (parameter, mean) in self.parameters.iter_mut().zip(&mut self.exp_avg) {
                let Some(grad) = gradient(&parameter.tensor) else { continue };
                let lr = lr * parameter.rate;
                if parameter.weight_decay != 0.0 {
                    let _ = parameter.tensor.g_mul_scalar_(1.0 - lr * parameter.weight_decay);
                }
                let mut step = &*mean * beta1;
                let _ = step.g_add_(&(&grad * (1.0 - beta1)));
                let _ = step.sign_();
                let _ = step.g_mul_scalar_(-lr);
                let _ = parameter.tensor.g_add_(&step);
                let _ = mean.g_mul_scalar_(beta2);
                let _ = mean.g_add_(&(&grad * (1.0 - beta2)));
            }
        });
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        self.parameters
            .iter()
            .zip(&self.exp_avg)
            .map(|(parameter, mean)| (format!("exp_avg.{}", parameter.name), mean.shallow_clone()))
            .collect()
    }

    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        restore(self.state(), state)
    }
}
