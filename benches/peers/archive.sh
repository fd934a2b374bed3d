# Sourced by run.sh: the examples, and an archive of the simulated hospital with images of 1,024 rows in four transfer syntaxes.
cd "$root"
target=${CARGO_TARGET_DIR:-target}
cargo build --quiet --release --no-default-features --example build_shards --example phantom_hospital
if [ ! -f "$work/hospital/truth/studies.jsonl" ]; then
    rm -rf "$work/hospital"
    "$target"/release/examples/phantom_hospital --studies 100 --seed 8 --size 1024 --sheet 1 --out "$work/hospital"
fi
arguments=(--binary "$target"/release/examples/build_shards --archive "$work/hospital")
