# Builds ours for training.py.
(cd "$root" && cargo build --quiet --release --example train_step)
arguments=(--bin "${CARGO_TARGET_DIR:-$root/target}/release/examples")
