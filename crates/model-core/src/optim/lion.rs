use serde::{Deserialize, Serialize};
use tch::Tensor;
use torch_ext::LionStep;

use crate::optim::parameters::{groups, sorted};
use crate::optim::state::{beta_in_range, in_place, restore};
use crate::{Optimizer, Parameter, Result};

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
        beta_in_range("beta1", config.beta1)?;
        beta_in_range("beta2", config.beta2)?;
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
        for group in groups(&self.parameters) {
            let step = LionStep { lr: lr * group.rate, beta1, beta2, weight_decay: group.weight_decay };
            in_place(torch_ext::lion_step(
                &group.parameters(),
                &group.gradients(),
                &group.select(&self.exp_avg),
                step,
            ));
        }
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
