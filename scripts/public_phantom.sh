#!/usr/bin/env bash
# Simulated copies of the six public sets, into public-out, and an encoder aligned on a simulated archive of all their parts,
# into phantom-out: what presets/public.toml evaluates. Nothing of the real sets is in it. About 40 minutes on two cores,
# most of them training; stopped, it goes on where it was.
#
#   scripts/public_phantom.sh [STUDIES]     # of each set; 2,000 by default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

studies=${1:-2000}
run() { cargo run --release --example "$@"; }
for set in mura fracatlas oai-kl oai-alignment rsna-bone-age grazpedwri; do
    run phantom_hospital -- --settings presets/hospital-public.toml --layout "$set" --studies "$studies" --out "public-out/$set"
done
run phantom_hospital -- --settings presets/hospital-base.toml --out phantom-out/archive
[ -f phantom-out/archive.key ] || head -c 32 /dev/urandom | base64 > phantom-out/archive.key
run build_shards -- --images phantom-out/archive/pacs --reports phantom-out/archive/ehr --key phantom-out/archive.key \
    --labels phantom-out/archive/truth/studies.jsonl --sections title,conclusion --longest-side 320 --val 0.05 --test 0.15 \
    --out phantom-out/shards
if [ -f phantom-out/run/config.toml ]; then
    run pretrain -- --resume phantom-out/run
else
    run pretrain -- --config presets/phantom-base.toml --out phantom-out/run
fi
