# Sourced by run.sh: the example, and two radiographs as JPEGs: a real one of pydicom-data and a simulated one, whose noise is
# stronger (4 bits a pixel instead of 1).
cd "$root"
target=${CARGO_TARGET_DIR:-target}
cargo build --release -p xray-dataset --example jpeg_rate
if [ ! -f "$work/simulated.jpg" ]; then
    cargo build --release --no-default-features --example phantom_hospital --example build_shards
    rm -rf "$work/hospital" "$work/shards"
    "$target"/release/examples/phantom_hospital --studies 1 --seed 1 --size 1448 --sheet 1 --out "$work/hospital"
    printf 'a key for nothing but measuring' >"$work/key"
    "$target"/release/examples/build_shards --images "$work/hospital/pacs" --reports "$work/hospital/ehr" --key "$work/key" \
        --jpeg 90 --val 0 --test 0 --burned-in keep --out "$work/shards"
    tar -xOf "$work/shards/train-000000.tar" --wildcards '*.0.jpg' >"$work/simulated.jpg"
    rm -rf "$work/hospital" "$work/shards"
fi
[ -f "$work/real.jpg" ] || "$venv/bin/python" "$here/images.py" --write "$work/real.jpg"
arguments=(--binary "$target"/release/examples/jpeg_rate --jpeg "$work/real.jpg" "$work/simulated.jpg")
