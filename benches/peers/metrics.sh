# Builds ours for metrics.py.
(cd "$root" && cargo build --quiet --release -p eval-metrics --example metric_rate)
arguments=(--binary "${CARGO_TARGET_DIR:-$root/target}/release/examples/metric_rate")
