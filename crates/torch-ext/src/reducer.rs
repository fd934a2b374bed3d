#![allow(unsafe_code)] // Calls of csrc/distributed.cpp.

use std::ptr;

use tch::Tensor;

use crate::ffi::{
    RawReducer, check, osteon_reducer_free, osteon_reducer_new, osteon_reducer_prepare, pointers,
};
use crate::{ProcessGroup, Result};

/// Averages gradients over processes while the backward pass goes on: PyTorch's own reducer, as under
/// `DistributedDataParallel`.
///
/// Gradients are united into buckets of 25 MiB, and a bucket is exchanged as soon as all of it is there. A
/// parameter that the loss does not reach keeps the gradient that it has from passes before, averaged as
/// well; one that no process reached has none.
#[derive(Debug)]
pub struct Reducer {
    raw: *mut RawReducer,
}

impl Reducer {
    /// For these parameters, all of which must want gradients; the same in the same order in every process.
    ///
    /// # Errors
    ///
    /// If a parameter wants no gradient.
    pub fn new(group: &ProcessGroup, parameters: &[&Tensor]) -> Result<Self> {
        let list = pointers(parameters);
        let mut raw = ptr::null_mut();
        // SAFETY: the group is alive, the pointers are valid tensors for the whole call, after which C++ holds
        // references of its own; `raw` is written at most once.
        check("preparing the exchange of gradients", unsafe {
            osteon_reducer_new(group.as_raw(), list.as_ptr(), list.len(), &mut raw)
        })?;
        Ok(Self { raw })
    }

    /// Makes the next backward pass, which must start at `loss`, exchange gradients. Passes without this call
    /// before them add up gradients in this process alone.
    ///
    /// # Errors
    ///
    /// If the pass of an earlier call did not come to its end.
    pub fn prepare(&self, loss: &Tensor) -> Result<()> {
        // SAFETY: the reducer is alive and the pointer is a valid tensor for the whole call.
        check("preparing the exchange of gradients", unsafe {
            osteon_reducer_prepare(self.raw, loss.as_ptr().cast_mut())
        })
    }
}

impl Drop for Reducer {
    fn drop(&mut self) {
        // SAFETY: made by the constructor and freed once; its hooks leave the parameters.
        let message = unsafe { osteon_reducer_free(self.raw) };
        // It complains of a pass that was broken off, which has been reported already.
        let _ = check("ending the exchange of gradients", message);
    }
}
