# Builds ours for evaluation.py.
(cd "$root" && cargo build --quiet --release -p downstream-heads --example probe_rate)
arguments=(--binary "${CARGO_TARGET_DIR:-$root/target}/release/examples/probe_rate")
