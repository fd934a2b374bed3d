# Sourced by run.sh: the examples, and the inputs of scaling.sh.
cd "$root"
work=$cache/inputs/scaling
mkdir -p "$work"
source "$here/scaling.sh"
cargo build --quiet --release -p xray-dataset --example header_rate
