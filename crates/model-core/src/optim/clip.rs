use tch::Tensor;

use crate::Parameter;
use crate::optim::state::{gradient, in_place};

/// The norm of all gradients together; 0 where there is none. The one wait for the device of a step
/// beside reading its loss.
///
/// # Panics
///
/// If libtorch itself fails.
pub fn gradient_norm(parameters: &[Parameter]) -> f64 {
    let gradients = gradients(parameters);
    in_place(torch_ext::norm(&gradients.iter().collect::<Vec<_>>()))
}

/// Scales all gradients by one factor, so that their norm together is at most `max_norm`, and returns the
/// norm that they had. As PyTorch's `clip_grad_norm_`.
///
/// # Panics
///
/// If libtorch itself fails.
pub fn clip_gradients(parameters: &[Parameter], max_norm: f64) -> f64 {
    let norm = gradient_norm(parameters);
    let factor = max_norm / (norm + 1e-6);
    if factor < 1.0 {
        scale_gradients(parameters, factor);
    }
    norm
}

pub(crate) fn scale_gradients(parameters: &[Parameter], factor: f64) {
    let gradients = gradients(parameters);
    in_place(torch_ext::scale(&gradients.iter().collect::<Vec<_>>(), factor));
}

fn gradients(parameters: &[Parameter]) -> Vec<Tensor> {
    parameters.iter().filter_map(|parameter| gradient(&parameter.tensor)).collect()
}

#[cfg(test)]
mod tests {
    use tch::Kind;

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
