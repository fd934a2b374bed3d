//! The functions of `csrc`, and what turns their answers into results.
#![allow(unsafe_code)] // This crate is the one place for it; every block says why it is sound.

use std::ffi::{CStr, c_char, c_int, c_void};

use tch::Tensor;
use torch_sys::C_tensor;

use crate::{Error, Result};

/// The processes that were joined, as C++ holds them.
#[repr(C)]
pub(crate) struct RawGroup {
    _private: [u8; 0],
}

/// What exchanges gradients, as C++ holds it.
#[repr(C)]
pub(crate) struct RawReducer {
    _private: [u8; 0],
}

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
    pub(crate) fn osteon_recompute(
        input: *mut C_tensor,
        data: *mut c_void,
        call: extern "C" fn(*mut c_void, *mut C_tensor, *mut *mut C_tensor) -> bool,
        release: extern "C" fn(*mut c_void),
        output: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn osteon_group_new(
        host: *const c_char,
        port: u16,
        serve: bool,
        prefix: *const c_char,
        rank: c_int,
        world_size: c_int,
        timeout_ms: u64,
        nccl: bool,
        group: *mut *mut RawGroup,
    ) -> *mut c_char;
    pub(crate) fn osteon_group_free(group: *mut RawGroup) -> *mut c_char;
    pub(crate) fn osteon_group_all_reduce_mean(
        group: *mut RawGroup,
        tensors: List,
        count: usize,
    ) -> *mut c_char;
    pub(crate) fn osteon_group_broadcast(group: *mut RawGroup, tensors: List, count: usize) -> *mut c_char;
    pub(crate) fn osteon_group_all_gather(
        group: *mut RawGroup,
        tensor: *mut C_tensor,
        gathered: List,
        count: usize,
    ) -> *mut c_char;
    pub(crate) fn osteon_reducer_new(
        group: *mut RawGroup,
        parameters: List,
        count: usize,
        reducer: *mut *mut RawReducer,
    ) -> *mut c_char;
    pub(crate) fn osteon_reducer_prepare(reducer: *mut RawReducer, loss: *mut C_tensor) -> *mut c_char;
    pub(crate) fn osteon_reducer_free(reducer: *mut RawReducer) -> *mut c_char;
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
    Err(Error::Torch { action, message: first_line(&text).to_owned() })
}

/// What an exception says, without its place in the C++ code and the trace of calls.
fn first_line(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    match line.strip_prefix('[').and_then(|line| line.split_once("] ")) {
        Some((_place, message)) => message,
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_loses_its_place_and_its_trace() {
        assert_eq!(
            first_line("[/x/gloo/pair.cc:5] Connection closed [1]\nframe #0"),
            "Connection closed [1]"
        );
        assert_eq!(first_line("no such thing [here]"), "no such thing [here]");
    }
}
