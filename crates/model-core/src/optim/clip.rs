use tch::{Kind, Tensor};

use crate::Parameter;
use crate::optim::state::gradient;

/// The norm of all gradients together; 0 where there is none. The one wait for the device of a step
/// beside reading its loss.
pub fn gradient_norm(parameters: &[Parameter]) -> f64 {
    let norms: Vec<Tensor> = parameters
        .iter()
        .filter_map(|parameter| gradient(&parameter.tensor))
        .map(|grad| grad.norm_scalaropt_dtype(2.0, Kind::Float))
        .collect();
    if norms.is_empty() { 0.0 } else { Tensor::stack(&norms, 0).norm().double_value(&[]) }
}

/// Scales all gradients by one factor, so that their norm together is at most `max_norm`, and returns the
/// norm that they had. As PyTorch's `clip_grad_norm_`.
pub fn clip_gradients(parameters: &[Parameter], max_norm: f64) -> f64 {
    let norm = gradient_norm(parameters);
    let factor = max_norm / (norm + 1e-6);
    if factor < 1.0 {
        for mut grad in parameters.iter().filter_map(|parameter| gradient(&parameter.tensor)) {
            let _ = tch::no_grad(|| grad.g_mul_scalar_(factor));
        }
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(values: &[f32]) -> Parameter {
        let tensor = Tensor::from_slice(values).set_requires_grad(true);
        Parameter { name: "p".to_owned(), tensor, rate: 1.0, weight_decay: 0.0 }
    }

    #[test]
    fn the_norm_is_over_all_gradients() {
        let parameters = [parameter(&[3.0]), parameter(&[4.0]), parameter(&[1.0])];
        let loss: Tensor = parameters[..2].iter().map(|p| p.tensor.square().sum(Kind::Float) / 2.0).sum();
        loss.backward();
        assert_eq!(clip_gradients(&parameters, 1.0), 5.0);
        assert!((gradient_norm(&parameters) - 1.0).abs() < 1e-6);
        assert!(gradient(&parameters[2].tensor).is_none());
    }

    #[test]
    fn no_gradient_at_all_has_norm_zero() {
        assert_eq!(clip_gradients(&[], 1.0), 0.0);
        assert_eq!(clip_gradients(&[parameter(&[1.0])], 1.0), 0.0);
    }
}
