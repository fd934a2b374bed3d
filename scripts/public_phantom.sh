#!/usr/bin/env bash
# Simulated copies of the six public sets, and an encoder aligned on a simulated archive of all parts, into public-out:
# what presets/public.toml evaluates. Nothing of the real sets is in it.
#
#   scripts/public_phantom.sh [STUDIES]     # of each set; 600 by default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

studies=${1:-600}
run() { cargo run --release --example "$@"; }
for set in mura fracatlas oai-kl oai-alignment rsna-bone-age grazpedwri; do
    run phantom_hospital -- --layout "$set" --studies "$studies" --seed 7 --size 256 --out "public-out/$set"
done
run phantom_hospital -- --studies 2400 --seed 101 --size 256 --all-parts --out public-out/archive
[ -f public-out/archive.key ] || head -c 32 /dev/urandom | base64 > public-out/archive.key
run build_shards -- --images public-out/archive/pacs --reports public-out/archive/ehr --key public-out/archive.key \
    --labels public-out/archive/truth/studies.jsonl --sections title,description,conclusion --longest-side 256 --val 0.1 --test 0.1 --out public-out/shards
sed -e 's#^shards = .*#shards = "public-out/shards"#' -e 's/^epochs = .*/epochs = 24/' \
    -e 's/total_steps = [0-9]*/total_steps = 1440/' presets/demo.toml > public-out/pretrain.toml
run pretrain -- --config public-out/pretrain.toml --out public-out/run
