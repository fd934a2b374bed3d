use tch::nn::{self, Init};
use tch::{Kind, Tensor};

use crate::Mode;

/// The part of a batch's statistics that goes into the running ones, as in PyTorch.
const MOMENTUM: f64 = 0.1;

/// Batch normalisation of channels (`weight`, `bias`, `running_mean`, `running_var`, `num_batches_tracked`).
///
/// [`Mode::Train`] normalises by the batch's own statistics and lets the running ones follow them
/// ([`Mode::Rehearsal`] does not); [`Mode::Eval`] normalises by the running ones. Those are buffers: saved, loaded and
/// kept in checkpoints with the weights, but no parameters of an optimizer. Processes that train together normalise
/// each by its own part of the batch, and evaluate and write the running ones of the first.
#[derive(Debug)]
pub struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    num_batches_tracked: Tensor,
    eps: f64,
}

impl BatchNorm {
    /// A layer for `channels` channels, at `vs`, that begins as the identity.
    pub fn new(vs: &nn::Path<'_>, channels: i64, eps: f64) -> Self {
        let mut num_batches_tracked = vs.zeros_no_train("num_batches_tracked", &[]);
        num_batches_tracked.set_data(&num_batches_tracked.to_kind(Kind::Int64));
        Self {
            weight: vs.var("weight", &[channels], Init::Const(1.0)),
            bias: vs.var("bias", &[channels], Init::Const(0.0)),
            running_mean: vs.zeros_no_train("running_mean", &[channels]),
            running_var: vs.ones_no_train("running_var", &[channels]),
            num_batches_tracked,
            eps,
        }
    }

    /// The normalised channels. A batch that is trained on must hold more than one value a channel: one value has
    /// no variance.
    ///
    /// # Shapes
    ///
    /// - x and what is returned: `[batch, channels, ..]`
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        if mode == Mode::Train {
            let mut count = self.num_batches_tracked.shallow_clone();
            let _ = count.g_add_scalar_(1);
        }
        let kept = mode != Mode::Rehearsal;
        Tensor::batch_norm(
            x,
            Some(&self.weight),
            Some(&self.bias),
            kept.then_some(&self.running_mean),
            kept.then_some(&self.running_var),
            mode.is_train(),
            MOMENTUM,
            self.eps,
            true,
        )
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;
    use crate::{ParameterPolicy, named_tensors};

    #[test]
    fn running_statistics_follow_training_and_are_no_parameters() {
        tch::manual_seed(5);
        let vs = nn::VarStore::new(Device::Cpu);
        let norm = BatchNorm::new(&vs.root(), 2, 1e-5);
        let x = Tensor::randn([8, 2, 3, 3], (Kind::Float, Device::Cpu)) * 2.0 + 5.0;
        let normalised = norm.forward(&x, Mode::Train);
        assert!(normalised.mean(Kind::Float).double_value(&[]).abs() < 1e-5);
        let mean = x.mean_dim([0i64, 2, 3].as_slice(), false, Kind::Float);
        assert!(norm.forward(&x, Mode::Rehearsal).allclose(&normalised, 1e-6, 1e-6, false));
        assert_eq!(norm.num_batches_tracked.int64_value(&[]), 1);
        assert!(norm.running_mean.allclose(&(mean * MOMENTUM), 1e-5, 1e-5, false));
        let before = norm.running_var.copy();
        let _ = norm.forward(&x, Mode::Eval);
        assert_eq!(norm.running_var, before);

        let parameters = ParameterPolicy { weight_decay: 0.1, ..Default::default() }.parameters("", &vs);
        assert!(parameters.iter().map(|p| p.name.as_str()).eq(["bias", "weight"]));
        assert!(parameters.iter().all(|p| p.weight_decay == 0.0));
        assert_eq!(named_tensors("", &vs).len(), 5, "a checkpoint holds the buffers as well");
    }
}
