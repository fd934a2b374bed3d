#![allow(unsafe_code)] // Calls of csrc/recompute.cpp, which calls back.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use tch::Tensor;
use torch_sys::C_tensor;

use crate::Result;
use crate::ffi::{check, osteon_recompute};

/// Activation checkpointing ([Chen et al. 2016](https://arxiv.org/abs/1604.06174)): `f` of `input`, of which the graph
/// keeps the input alone. In the backward pass `f` runs again, with the same random numbers and in the same precision;
/// the gradients are those of a plain call.
///
/// Without a graph, or for an input that wants no gradient, this is a plain call: parameters that `f` uses then get
/// none. On a GPU `f` may run on a thread of libtorch's while the caller waits for the backward pass.
///
/// # Errors
///
/// If `f` panics, as tch does where libtorch refuses an operation.
///
/// # Examples
///
/// ```
/// use tch::{Device, Kind, Tensor};
///
/// let x = Tensor::from_slice(&[1.0_f32, 2.0]).set_requires_grad(true);
/// torch_ext::recomputed(&x, |x| x.exp().square())?.sum(Kind::Float).backward();
/// assert!(x.grad().allclose(&((&x * 2.0).exp() * 2.0), 1e-6, 0.0, false));
/// # Ok::<(), torch_ext::Error>(())
/// ```
pub fn recomputed<F>(input: &Tensor, f: F) -> Result<Tensor>
where
    F: Fn(&Tensor) -> Tensor + Send + 'static,
{
    let data = Box::into_raw(Box::new(f)).cast();
    let mut output = ptr::null_mut();
    // SAFETY: the input is alive for the whole call; `data` is an `F` on the heap, which C++ owns from here on and gives
    // to `release::<F>` once; `output` is written at most once, with a tensor that becomes ours.
    unsafe {
        let input = input.as_ptr().cast_mut();
        check(
            "running a part of a model",
            osteon_recompute(input, data, call::<F>, release::<F>, &mut output),
        )?;
        Ok(Tensor::from_ptr(output))
    }
}

/// Runs the `F` at `data`; false if it panicked.
extern "C" fn call<F>(data: *mut c_void, input: *mut C_tensor, output: *mut *mut C_tensor) -> bool
where
    F: Fn(&Tensor) -> Tensor,
{
    // SAFETY: `data` is the `F` that `recomputed` gave, not yet released; `input` is a tensor that lives through the call,
    // of which this makes a reference of its own.
    let (f, input) = unsafe { (&*data.cast::<F>(), Tensor::clone_from_ptr(input)) };
    let Ok(result) = catch_unwind(AssertUnwindSafe(|| f(&input))) else { return false };
    // SAFETY: `output` is the caller's to be written once; it takes the tensor, whose owner ends here without freeing it.
    unsafe { *output = result.as_ptr().cast_mut() };
    std::mem::forget(result);
    true
}

extern "C" fn release<F>(data: *mut c_void) {
    // SAFETY: the box that `recomputed` made, given back once.
    drop(unsafe { Box::from_raw(data.cast::<F>()) });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tch::{Device, Kind, no_grad};

    use super::*;
    use crate::autocast;

    /// The output, the gradient of the input and that of the weights, plain or recomputed.
    fn gradients(again: bool, mixed: bool) -> [Tensor; 3] {
        tch::manual_seed(3);
        let weights = Tensor::randn([6, 6], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let x = Tensor::randn([4, 6], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let layer = {
            let weights = weights.shallow_clone();
            move |x: &Tensor| x.matmul(&weights).gelu("none").dropout(0.5, true)
        };
        let run = || if again { recomputed(&x, layer).unwrap() } else { layer(&x) };
        let y = if mixed { autocast(Device::Cpu, Kind::BFloat16, run).unwrap() } else { run() };
        // What is drawn between the passes must not matter.
        let _ = Tensor::rand([7], (Kind::Float, Device::Cpu));
        (y.to_kind(Kind::Float) * Tensor::arange(24, (Kind::Float, Device::Cpu)).view([4, 6]))
            .sum(None)
            .backward();
        [y, x.grad(), weights.grad()]
    }

    #[test]
    fn gradients_are_those_of_a_plain_call_dropout_and_precision_included() {
        for mixed in [false, true] {
            for (plain, again) in gradients(false, mixed).iter().zip(gradients(true, mixed)) {
                assert_eq!(*plain, again, "mixed: {mixed}");
            }
        }
    }

    #[test]
    fn the_random_numbers_after_it_are_those_after_a_plain_call() {
        let next = |again| {
            let _ = gradients(again, false);
            Tensor::rand([5], (Kind::Float, Device::Cpu))
        };
        assert_eq!(next(false), next(true));
    }

    #[test]
    fn it_runs_twice_with_a_graph_and_once_without_and_is_released() {
        let (runs, x) = (Arc::new(AtomicUsize::new(0)), Tensor::ones([2], (Kind::Float, Device::Cpu)));
        let count = |x: &Tensor| {
            let counted = Arc::clone(&runs);
            recomputed(x, move |x| {
                counted.fetch_add(1, Ordering::Relaxed);
                x * 2.0
            })
            .unwrap()
        };
        let _ = count(&x);
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        let x = x.set_requires_grad(true);
        let _ = no_grad(|| count(&x));
        assert_eq!(runs.load(Ordering::Relaxed), 2);
        count(&x).sum(None).backward();
        assert_eq!(runs.load(Ordering::Relaxed), 4);
        assert_eq!(Arc::strong_count(&runs), 1);
    }

    #[test]
    fn a_panic_is_an_error() {
        let x = Tensor::ones([2, 3], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        assert!(recomputed(&x, |x| x.matmul(x)).is_err());
    }
}
