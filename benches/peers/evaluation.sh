# Builds ours for evaluation.py.
(cd "$root" && cargo build --quiet --release -p downstream-heads --example probe_rate)
# Unlike the examples of the root, those of a crate do not know where libtorch lies.
export LD_LIBRARY_PATH="${LIBTORCH:-$root/.libtorch}/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
arguments=(--binary "${CARGO_TARGET_DIR:-$root/target}/release/examples/probe_rate")
