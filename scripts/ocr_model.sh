#!/usr/bin/env bash
# Fetches the network that finds text burned into images: PP-OCRv6_det_small.onnx (10 MB, Apache-2.0) of PyPI's
# rapidocr 3.10.0. Prints where it lies: ${XDG_CACHE_HOME:-~/.cache}/osteon/models.
#
#   cargo run --release --features ocr --example build_shards -- --ocr-model "$(scripts/ocr_model.sh)" ...
#
# Calling it again is safe and fetches nothing. Exit code 3 means that the package could not be fetched, as
# without a network; any other but 0 is a fault.
set -euo pipefail

version=3.10.0
wheel_sha256=2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050
model_sha256=090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f
folder=${XDG_CACHE_HOME:-$HOME/.cache}/osteon/models
model=$folder/PP-OCRv6_det_small.onnx
die() { local code=$1; shift; printf 'ocr_model: error: %s\n' "$*" >&2; exit "$code"; }
is() { [ -f "$1" ] && printf '%s  %s\n' "$2" "$1" | sha256sum --check --status; }

case "${1:-}" in
  "") ;;
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  *) die 2 "unknown option $1 (known: --help)" ;;
esac

if ! is "$model" "$model_sha256"; then
  python=$(command -v python3) || die 1 "python3 is needed to fetch and unpack the package"
  "$python" -m pip --version >/dev/null 2>&1 ||
    die 1 "pip is needed to fetch the package (Debian: apt-get install python3-pip)"
  mkdir -p "$folder" || die 1 "cannot write to $folder"
  partial=$(mktemp -d "$folder/.partial-XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --retries 1 \
    --dest "$partial" "rapidocr==$version" >/dev/null 2>&1 ||
    die 3 "rapidocr==$version could not be fetched; is there a network?"
  wheel=$(echo "$partial"/*.whl)
  is "$wheel" "$wheel_sha256" || die 1 "the package fetched has another checksum than $wheel_sha256"
  "$python" - "$wheel" "$partial/model" <<'PY' || die 1 "could not unpack $wheel (a full disk?)"
import sys, zipfile
wheel, into = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive, open(into, "wb") as file:
    file.write(archive.read("rapidocr/models/PP-OCRv6_det_small.onnx"))
PY
  is "$partial/model" "$model_sha256" || die 1 "the model has another checksum than $model_sha256"
  mv "$partial/model" "$model"
fi
printf '%s\n' "$model"
