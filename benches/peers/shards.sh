# Sourced by run.sh: the example, and shards of the simulated hospital with JPEG images of 512 rows.
cd "$root"
target=${CARGO_TARGET_DIR:-target}
cargo build --quiet --release -p xray-dataset --example shard_rate
if [ ! -f "$work/shards/train-000000.tar" ]; then
    cargo build --quiet --release --no-default-features --example phantom_hospital --example build_shards
    rm -rf "$work/hospital" "$work/shards"
    "$target"/release/examples/phantom_hospital --studies 240 --seed 5 --size 512 --sheet 1 --out "$work/hospital"
    printf 'a key for nothing but measuring' >"$work/key"
    "$target"/release/examples/build_shards --images "$work/hospital/pacs" --reports "$work/hospital/ehr" --key "$work/key" \
        --jpeg 90 --val 0 --test 0 --burned-in keep --samples-per-shard 60 --out "$work/shards"
    rm -rf "$work/hospital"
fi
arguments=(--binary "$target"/release/examples/shard_rate --shards "$work"/shards/train-*.tar)
