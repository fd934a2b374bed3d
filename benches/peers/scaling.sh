# Sourced by run.sh: the examples, reports, radiographs from 0.2 to 13 million pixels, and archives of three sizes.
cd "$root"
target=${CARGO_TARGET_DIR:-target}
cargo build --quiet --release --no-default-features --example anonymize --example build_shards --example phantom_hospital
cargo build --quiet --release -p xray-dataset --example jpeg_rate
cargo build --quiet --release -p eval-metrics --example metric_rate
phantom() { "$target"/release/examples/phantom_hospital --sheet 1 "$@"; }
printf 'a key for nothing but measuring' >"$work/key"
for studies in 50 100 200; do
    [ -f "$work/hospital-$studies/truth/studies.jsonl" ] || phantom --studies $studies --seed 8 --size 512 --out "$work/hospital-$studies"
done
[ -f "$work/reports/truth/studies.jsonl" ] || phantom --studies 1000 --seed 7 --size 64 --out "$work/reports"
for size in 512 1024 2048 4096; do
    [ ! -f "$work/$size.jpg" ] || continue
    rm -rf "$work/one" "$work/shards"
    phantom --studies 1 --seed 1 --size $size --out "$work/one"
    "$target"/release/examples/build_shards --images "$work/one/pacs" --reports "$work/one/ehr" --key "$work/key" \
        --jpeg 90 --val 0 --test 0 --burned-in keep --out "$work/shards"
    tar -xOf "$work/shards/train-000000.tar" --wildcards '*.0.jpg' >"$work/$size.jpg"
    rm -rf "$work/one" "$work/shards"
done
arguments=(--bin "$target"/release/examples --work "$work")
