//! Gives the examples, benches and tests a run path to libtorch, so that they also start without cargo.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DEP_OSTEON_TORCH_EXT_LIB");
    if let Ok(lib) = env::var("DEP_OSTEON_TORCH_EXT_LIB") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    }
}
