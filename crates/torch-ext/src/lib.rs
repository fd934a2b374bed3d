//! What libtorch has and tch does not. The only C++ and the only unsafe code of osteon are here.
//!
//! * [`autocast`]: mixed precision in bf16 or f16, on the CPU and on CUDA;
//! * [`adamw_step`], [`lion_step`], [`norm`], [`scale`]: operations on all parameters of a model at once;
//! * [`Rendezvous`], [`ProcessGroup`], [`Reducer`]: processes that train together, by PyTorch's own engine;
//! * [`recomputed`]: a part of a model that is run again in the backward pass, to save memory;
//! * [`clear_gradients`]: frees gradients between steps;
//! * [`cuda_device`]: the GPU, for a binary that was linked without the CUDA libraries.
//!
//! Every crate of osteon that uses tensors depends on this one: its build script lets `cargo test`, `cargo
//! run`, `cargo bench` and documentation tests find libtorch without a variable in the shell.
//!
//! ```
//! use tch::{Device, Kind, Tensor};
//!
//! let x = Tensor::ones([2, 3], (Kind::Float, Device::Cpu));
//! let product = torch_ext::autocast(Device::Cpu, Kind::BFloat16, || x.matmul(&x.tr()))?;
//! assert_eq!(product.kind(), Kind::BFloat16);
//! # Ok::<(), torch_ext::Error>(())
//! ```
//!
//! # Features
//!
//! * `nccl`: exchange between GPUs ([`ProcessGroup::join`]). To build it, `LIBTORCH` must point to a CUDA libtorch
//!   (`scripts/libtorch.sh --cuda`) and the compiler must find `cuda_runtime.h` of CUDA 13 and `nccl.h`, in
//!   `CPLUS_INCLUDE_PATH` if nowhere else. Its C++ was
//!   compiled against those headers; it was **not linked and not tried on a GPU**.
//!
//! # libtorch
//!
//! tch 0.24 needs libtorch 2.11.0 and no other. `scripts/libtorch.sh` puts it into `.libtorch`, where
//! `.cargo/config.toml` points; a `LIBTORCH` that is already set wins. Should the build end in
//! `torch/torch.h: No such file or directory` or `this tch version expects PyTorch 2.11.0`, then
//! `LIBTORCH` points nowhere or to another version: run the script, or unset the variable.

mod autocast;
mod cuda;
mod error;
mod ffi;
mod lists;
mod process_group;
mod recompute;
mod reducer;
mod rendezvous;

pub use autocast::autocast;
pub use cuda::cuda_device;
pub use error::{Error, Result};
pub use lists::{AdamWStep, LionStep, adamw_step, clear_gradients, lion_step, norm, scale};
pub use process_group::ProcessGroup;
pub use recompute::recomputed;
pub use reducer::Reducer;
pub use rendezvous::Rendezvous;
