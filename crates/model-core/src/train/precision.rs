use serde::{Deserialize, Serialize};
use tch::{Device, Kind};

use crate::{Error, Result};

/// The number type of the matrix products in training. Parameters, gradients and optimizer states are f32
/// in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// f32 throughout.
    #[default]
    F32,
    /// bf16, with the range of f32 and 8 bits of mantissa.
    Bf16,
    /// f16, whose small range needs a factor on the loss; it is found as training goes.
    F16,
}

impl Precision {
    /// Runs `f` in this precision.
    pub(crate) fn run<T>(self, device: Device, f: impl FnOnce() -> Result<T>) -> Result<T> {
        let kind = match self {
            Self::F32 => return f(),
            Self::Bf16 => Kind::BFloat16,
            Self::F16 => Kind::Half,
        };
        torch_ext::autocast(device, kind, f).map_err(Error::external("starting mixed precision"))?
    }
}

/// The factor on the loss that keeps the gradients of f16 above its smallest number: halved when a
/// gradient overflows, doubled after 2,000 steps without, as PyTorch's `GradScaler`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LossScale {
    factor: f64,
    good_steps: u32,
}

const GROWTH_INTERVAL: u32 = 2000;

impl LossScale {
    /// 65,536 for f16, 1 for the others, which need none.
    pub(crate) fn new(precision: Precision) -> Self {
        let factor = if precision == Precision::F16 { 65_536.0 } else { 1.0 };
        Self { factor, good_steps: 0 }
    }

    pub(crate) fn factor(&self) -> f64 {
        self.factor
    }

    /// Whether a gradient that is not a number may come from the factor alone.
    pub(crate) fn can_shrink(&self) -> bool {
        self.factor > 1.0
    }

    pub(crate) fn shrink(&mut self) {
        self.factor = (self.factor / 2.0).max(1.0);
        self.good_steps = 0;
    }

    pub(crate) fn count_good_step(&mut self, precision: Precision) {
        self.good_steps += 1;
        if precision == Precision::F16 && self.good_steps >= GROWTH_INTERVAL {
            self.factor *= 2.0;
            self.good_steps = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_falls_at_once_and_rises_slowly() {
        let mut scale = LossScale::new(Precision::F16);
        scale.shrink();
        assert_eq!(scale.factor(), 32_768.0);
        for _ in 0..GROWTH_INTERVAL {
            scale.count_good_step(Precision::F16);
        }
        assert_eq!(scale.factor(), 65_536.0);
        assert!(!LossScale::new(Precision::Bf16).can_shrink());
    }
}
