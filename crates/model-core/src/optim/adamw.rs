use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};
use torch_ext::AdamWStep;

use crate::optim::parameters::{groups, sorted};
use crate::optim::state::{beta_in_range, in_place, restore};
use crate::{Optimizer, Parameter, Result};

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

/// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), in PyTorch's fused kernel.
#[derive(Debug)]
pub struct AdamW {
    parameters: Vec<Parameter>,
    config: AdamWConfig,
    exp_avg: Vec<Tensor>,
    exp_avg_sq: Vec<Tensor>,
    /// Steps taken, a parameter at a time, since one without a gradient takes none.
    steps: Vec<Tensor>,
}

impl AdamW {
    /// An optimizer that has taken no step.
    ///
    /// # Errors
    ///
    /// If two parameters have one name or a setting is out of range.
    pub fn new(parameters: Vec<Parameter>, config: AdamWConfig) -> Result<Self> {
        beta_in_range("beta1", config.beta1)?;
        beta_in_range("beta2", config.beta2)?;
        let parameters = sorted(parameters)?;
        let zeros = || parameters.iter().map(|p| p.tensor.detach().zeros_like()).collect();
        let count = |p: &Parameter| Tensor::zeros([0i64; 0], (Kind::Float, p.tensor.device()));
        Ok(Self {
            exp_avg: zeros(),
            exp_avg_sq: zeros(),
            steps: parameters.iter().map(count).collect(),
            config,
            parameters,
        })
    }
}

impl Optimizer for AdamW {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn step(&mut self, lr: f64) {
        let AdamWConfig { beta1, beta2, eps } = self.config;
        for group in groups(&self.parameters) {
            let step = AdamWStep { lr: lr * group.rate, beta1, beta2, weight_decay: group.weight_decay, eps };
            in_place(torch_ext::adamw_step(
                &group.parameters(),
                &group.gradients(),
                &group.select(&self.exp_avg),
                &group.select(&self.exp_avg_sq),
                &group.select(&self.steps),
                step,
            ));
        }
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = Vec::with_capacity(3 * self.parameters.len());
        for (index, Parameter { name, .. }) in self.parameters.iter().enumerate() {
            state.push((format!("exp_avg.{name}"), self.exp_avg[index].shallow_clone()));
            state.push((format!("exp_avg_sq.{name}"), self.exp_avg_sq[index].shallow_clone()));
            state.push((format!("step.{name}"), self.steps[index].shallow_clone()));
        }
        state
    }

    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        restore(self.state(), state)
    }
}
