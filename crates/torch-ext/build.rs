//! Lets every crate above this one find libtorch at run time, without a variable in the shell.

use std::env;
use std::fs;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // torch-sys says where the libraries lie; in a documentation build there are none.
    println!("cargo::rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    let Some(lib) = env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else { return };
    let Some(out) = env::var_os("OUT_DIR").map(PathBuf::from) else { return };

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
