# Builds ours for encoders.py.
(cd "$root" && cargo build --quiet --release --example embed_images --example embed_texts)
arguments=(--bin "${CARGO_TARGET_DIR:-$root/target}/release/examples")
