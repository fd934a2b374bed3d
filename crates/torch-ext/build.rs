//! Compiles the C++ of this crate and lets every crate above it find libtorch at run time, without a
//! variable in the shell.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=csrc");
    // torch-sys says where the libraries lie; in a documentation build there are none.
    println!("cargo::rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    let Some(lib) = env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else { return };
    let Some(out) = env::var_os("OUT_DIR").map(PathBuf::from) else { return };
    compile(&lib);

    // `cargo test`, `run` and `bench`, documentation tests included, put the search folders of build
    // scripts on the library path of what they start, but only folders inside the target folder. A
    // link there that leads to libtorch serves all crates at once.
    let link = out.join("libtorch");
    let _ = fs::remove_file(&link);
    #[cfg(unix)]
    if std::os::unix::fs::symlink(&lib, &link).is_ok() {
        println!("cargo::rustc-link-search=native={}", link.display());
    }
    // A binary that is started without cargo needs a run path; the root package sets one for the examples.
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", lib.display());
    println!("cargo::metadata=LIB={}", lib.display());
}

/// The same compiler settings as torch-sys, whose objects these are linked with.
fn compile(lib: &Path) {
    println!("cargo::rerun-if-env-changed=LIBTORCH_INCLUDE");
    println!("cargo::rerun-if-env-changed=LIBTORCH_CXX11_ABI");
    let root = env::var_os("LIBTORCH_INCLUDE").map(PathBuf::from);
    let root = root.or_else(|| lib.parent().map(Path::to_owned)).unwrap_or_default();
    let abi = env::var("LIBTORCH_CXX11_ABI").unwrap_or_else(|_| "1".to_owned());
    let mut build = cc::Build::new();
    if env::var_os("CARGO_FEATURE_NCCL").is_some() {
        // The headers of CUDA and NCCL are the compiler's to find, in CPLUS_INCLUDE_PATH if nowhere else.
        println!("cargo::rerun-if-env-changed=CPLUS_INCLUDE_PATH");
        println!("cargo::rustc-link-lib=dylib=torch_cuda");
        build.define("OSTEON_NCCL", None).define("USE_C10D_NCCL", None);
    }
    build
        .cpp(true)
        .pic(true)
        .warnings(false)
        .std("c++17")
        .include(root.join("include"))
        .include(root.join("include/torch/csrc/api/include"))
        .include("csrc")
        .define("_GLIBCXX_USE_CXX11_ABI", abi.as_str())
        .define("USE_C10D_GLOO", None)
        .file("csrc/distributed.cpp")
        .file("csrc/recompute.cpp")
        .file("csrc/tensors.cpp")
        .compile("osteon_torch_ext");
}
