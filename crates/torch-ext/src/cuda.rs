#![allow(unsafe_code)] // A call of csrc/tensors.cpp.

use std::sync::OnceLock;

use tch::{Cuda, Device};

use crate::ffi::osteon_load_cuda;

/// The first GPU, if there is one and libtorch's CUDA half lies on the library path.
///
/// Linkers drop `libtorch_cuda.so` from a binary, since no symbol of it is asked for; it is opened here
/// when the program runs, so that a binary linked against the CPU libraries finds the GPU where a CUDA
/// libtorch 2.11 is installed. Call it before anything else asks for CUDA: libtorch looks for it once.
pub fn cuda_device() -> Option<Device> {
    static LOADED: OnceLock<bool> = OnceLock::new();
    // SAFETY: no arguments; opening a library runs its constructors, once, behind the lock.
    let loaded = *LOADED.get_or_init(|| unsafe { osteon_load_cuda() });
    (loaded && Cuda::is_available()).then_some(Device::Cuda(0))
}
