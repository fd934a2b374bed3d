# Sourced by run.sh: the examples. files.py makes its archives itself, and removes them.
cd "$root"
target=${CARGO_TARGET_DIR:-target}
cargo build --quiet --release --no-default-features --example build_shards --example phantom_hospital
arguments=(--bin "$target"/release/examples --work "$work")
