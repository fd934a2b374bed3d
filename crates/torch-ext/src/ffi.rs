//! The functions of `csrc`, and what turns their answers into results.
#![allow(unsafe_code)] // This crate is the one place for it; every block says why it is sound.

use std::ffi::{CStr, c_char, c_int};

use tch::Tensor;
use torch_sys::C_tensor;

use crate::{Error, Result};

/// A list of tensors as C++ takes it.
pub(crate) type List = *const *mut C_tensor;

unsafe extern "C" {
    fn osteon_free_message(message: *mut c_char);
    pub(crate) fn osteon_clear_gradients(tensors: List, count: usize) -> *mut c_char;
    pub(crate) fn osteon_norm(tensors: List, count: usize, norm: *mut f64) -> *mut c_char;
    pub(crate) fn osteon_scale(tensors: List, count: usize, factor: f64) -> *mut c_char;
    pub(crate) fn osteon_adamw(
        parameters: List,
        gradients: List,
        means: List,
        squares: List,
        steps: List,
        count: usize,
        lr: f64,
        beta1: f64,
        beta2: f64,
        weight_decay: f64,
        eps: f64,
    ) -> *mut c_char;
    pub(crate) fn osteon_lion(
        parameters: List,
        gradients: List,
        means: List,
        count: usize,
        lr: f64,
        beta1: f64,
        beta2: f64,
        weight_decay: f64,
    ) -> *mut c_char;
    pub(crate) fn osteon_autocast_begin(device: c_int, enabled: *mut bool, kind: *mut c_int) -> *mut c_char;
    pub(crate) fn osteon_load_cuda() -> bool;
    pub(crate) fn osteon_autocast_end(device: c_int, enabled: bool, kind: c_int) -> *mut c_char;
}

/// The pointers of a list of tensors. They are valid as long as the tensors are borrowed.
pub(crate) fn pointers(tensors: &[&Tensor]) -> Vec<*mut C_tensor> {
    tensors.iter().map(|tensor| tensor.as_ptr().cast_mut()).collect()
}

/// Makes the answer of a function a result and frees its message.
pub(crate) fn check(action: &'static str, message: *mut c_char) -> Result<()> {
    if message.is_null() {
        return Ok(());
    }
    // SAFETY: a message that is not null is a C string that strdup made; it is copied, then freed once.
    let text = unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        osteon_free_message(message);
        text
    };
    let message = text.lines().next().unwrap_or_default().to_owned();
    Err(Error::Torch { action, message })
}
