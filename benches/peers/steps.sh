# Builds ours for steps.py.
(cd "$root" && cargo build --quiet --release --example train_step --example launch)
arguments=(--bin "${CARGO_TARGET_DIR:-$root/target}/release/examples")
