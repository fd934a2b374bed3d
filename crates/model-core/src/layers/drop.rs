use tch::{Kind, Tensor};

use crate::Mode;

/// Sets each value to zero with probability `p` in training and scales the others by 1 / (1 - p).
pub fn dropout(x: &Tensor, p: f64, mode: Mode) -> Tensor {
    if mode.is_train() && p > 0.0 { x.dropout(p, true) } else { x.shallow_clone() }
}

/// Sets whole items of the batch to zero with probability `p` in training and scales the others by
/// 1 / (1 - p): a residual branch is then skipped (stochastic depth, Huang et al. 2016).
///
/// # Shapes
///
/// - x: `[batch, ..]`
pub fn drop_path(x: &Tensor, p: f64, mode: Mode) -> Tensor {
    if !mode.is_train() || p <= 0.0 {
        return x.shallow_clone();
    }
    if p >= 1.0 {
        return x.zeros_like();
    }
    let mut shape = vec![1; x.dim()];
    shape[0] = x.size()[0];
    let keep = Tensor::rand(shape, (Kind::Float, x.device())).ge(p).to_kind(x.kind());
    x * keep / (1.0 - p)
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    #[test]
    fn drop_path_keeps_or_drops_whole_items_and_their_mean() {
        tch::manual_seed(3);
        let x = Tensor::ones([4000, 3], (Kind::Float, Device::Cpu));
        let dropped = drop_path(&x, 0.25, Mode::Train);
        let (low, high) = (dropped.amin([1].as_slice(), false), dropped.amax([1].as_slice(), false));
        assert!(low.equal(&high));
        assert!((dropped.mean(Kind::Double).double_value(&[]) - 1.0).abs() < 0.03);
        assert!(drop_path(&x, 0.25, Mode::Eval).equal(&x));
        assert_eq!(drop_path(&x, 1.0, Mode::Train).sum(Kind::Float).double_value(&[]), 0.0);
    }
}
