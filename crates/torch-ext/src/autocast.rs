#![allow(unsafe_code)] // Calls of csrc/tensors.cpp.

use std::ffi::c_int;

use tch::{Device, Kind};

use crate::ffi::{check, osteon_autocast_begin, osteon_autocast_end};
use crate::{Error, Result};

/// Runs `f` in mixed precision: matrix products are taken in `kind` on `device`, what needs the range of
/// f32 stays in it. tch's `autocast` knows f16 on CUDA alone.
///
/// # Errors
///
/// If `kind` is neither [`Kind::BFloat16`] nor [`Kind::Half`], or the device is neither the CPU nor CUDA.
pub fn autocast<T>(device: Device, kind: Kind, f: impl FnOnce() -> T) -> Result<T> {
    let _guard = Guard::new(device, kind)?;
    Ok(f())
}

/// Autocast as it was before, put back when this is dropped, also by a panic.
struct Guard {
    device: c_int,
    enabled: bool,
    kind: c_int,
}

impl Guard {
    fn new(device: Device, kind: Kind) -> Result<Self> {
        let refuse = |message| Err(Error::Torch { action: "starting autocast", message });
        let device = match device {
            Device::Cpu => -1,
            Device::Cuda(index) => c_int::try_from(index).unwrap_or(0),
            other => return refuse(format!("{other:?} has no mixed precision here")),
        };
        // The numbers of c10::ScalarType.
        let number = match kind {
            Kind::Half => 5,
            Kind::BFloat16 => 15,
            other => return refuse(format!("{other:?} is neither bf16 nor f16")),
        };
        let mut guard = Self { device, enabled: true, kind: number };
        // SAFETY: both pointers are to fields that live through the call and are written once.
        let message = unsafe { osteon_autocast_begin(device, &mut guard.enabled, &mut guard.kind) };
        match check("starting autocast", message) {
            Ok(()) => Ok(guard),
            Err(error) => {
                // Nothing was started, so nothing must be ended.
                std::mem::forget(guard);
                Err(error)
            }
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // SAFETY: no pointers; the values are those that the begin gave.
        let message = unsafe { osteon_autocast_end(self.device, self.enabled, self.kind) };
        // Nothing can be done about a failure here, and none is known.
        let _ = check("ending autocast", message);
    }
}

#[cfg(test)]
mod tests {
    use tch::Tensor;

    use super::*;

    #[test]
    fn products_are_in_bf16_inside_and_in_f32_after() {
        let x = Tensor::ones([2, 2], (Kind::Float, Device::Cpu));
        let inside = autocast(Device::Cpu, Kind::BFloat16, || x.matmul(&x)).unwrap();
        assert_eq!(inside.kind(), Kind::BFloat16);
        assert_eq!(x.matmul(&x).kind(), Kind::Float);
        let panicked =
            std::panic::catch_unwind(|| autocast(Device::Cpu, Kind::BFloat16, || panic!("on purpose")));
        assert!(panicked.is_err());
        assert_eq!(x.matmul(&x).kind(), Kind::Float);
        assert!(autocast(Device::Cpu, Kind::Int, || ()).is_err());
    }
}
