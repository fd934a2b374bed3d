# Sourced by run.sh: the example, and files of the simulated hospital of about a megabyte.
cd "$root"
target=${CARGO_TARGET_DIR:-target}
cargo build --quiet --release -p xray-dataset --example header_rate
if [ ! -d "$work/hospital/pacs" ]; then
    cargo build --quiet --release --no-default-features --example phantom_hospital
    rm -rf "$work/hospital"
    "$target"/release/examples/phantom_hospital --studies 40 --seed 4 --size 800 --sheet 1 --out "$work/hospital"
fi
arguments=(--binary "$target"/release/examples/header_rate --images "$work/hospital/pacs")
