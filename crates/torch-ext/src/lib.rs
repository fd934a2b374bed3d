//! What libtorch has and tch does not.
//!
//! Every crate of osteon that uses tensors depends on this one: its build script lets `cargo test`, `cargo
//! run`, `cargo bench` and documentation tests find libtorch without a variable in the shell. The
//! only unsafe code of osteon is here.
//!
//! # libtorch
//!
//! tch 0.24 needs libtorch 2.11.0 and no other. `scripts/libtorch.sh` puts it into `.libtorch`, where
//! `.cargo/config.toml` points; a `LIBTORCH` that is already set wins. Should the build end in
//! `torch/torch.h: No such file or directory` or `this tch version expects PyTorch 2.11.0`, then
//! `LIBTORCH` points nowhere or to another version: run the script, or unset the variable.
