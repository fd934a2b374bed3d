#!/usr/bin/env bash
# Runs everything that must hold before a change lands, and sets up what it needs:
# libtorch (through scripts/libtorch.sh), the real sample images (left out without a network) and cargo-deny.
#
#   scripts/test.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

started=$SECONDS
step() { printf '\n== %s (%d min %02d s)\n' "$*" $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)); }
need() { command -v "$1" >/dev/null || { echo "test: error: $1 is needed ($2)" >&2; exit 1; }; }
need cargo "https://rustup.rs"
need c++ "a C++17 compiler; Debian and Ubuntu: apt-get install g++"
need python3 "with pip; Debian and Ubuntu: apt-get install python3-pip"

torch_free=(xray-core xray-dataset xray-phantom report-anonymizer eval-metrics)
torch_free_flags=("${torch_free[@]/#/--package=}")

step "format"
cargo fmt --all --check

step "the torch-free crates do not depend on libtorch"
for crate in "${torch_free[@]}"; do
  if cargo tree --quiet --package "$crate" --edges normal,build,dev | grep -E '(^| )(torch-sys|tch) v' >&2; then
    echo "test: error: $crate pulls libtorch" >&2
    exit 1
  fi
done
if cargo tree --quiet --package osteon --no-default-features --edges normal,build | grep -E '(^| )(torch-sys|tch) v' >&2; then
  echo "test: error: osteon without default features pulls libtorch" >&2
  exit 1
fi

step "real sample images"
scripts/samples.sh || echo "test: the tests on real radiographs are skipped"

step "torch-free crates with no libtorch: tests and documentation tests"
env -u LIBTORCH -u LD_LIBRARY_PATH LIBTORCH=/nonexistent cargo test --quiet "${torch_free_flags[@]}" -- --test-threads="$(getconf _NPROCESSORS_ONLN)"

step "libtorch"
scripts/libtorch.sh

step "lints"
cargo clippy --quiet --workspace --all-targets -- -D warnings
cargo clippy --quiet --package xray-dataset --features ocr --all-targets -- -D warnings

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --workspace

step "all other tests and documentation tests"
cargo test --quiet --workspace "${torch_free[@]/#/--exclude=}"

step "every example, and every benchmark once"
cargo bench --quiet --workspace --benches -- --test
cargo build --quiet --release --examples

step "a short demo"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cargo run --quiet --release --example demo -- --quick --out "$out/demo"

step "licences, sources and banned crates of every dependency"
if ! cargo deny --version >/dev/null 2>&1; then
  cargo install --quiet --locked --no-default-features cargo-deny
fi
cargo deny --log-level error check bans licenses sources

step "all passed"
