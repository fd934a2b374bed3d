#!/usr/bin/env bash
# The whole method in one command: sets up libtorch and the sample images, then runs the demo.
# Arguments go to the demo (--help lists them).
#
#   scripts/demo.sh [--quick] [--out DIR] [--seed N]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

need() { command -v "$1" >/dev/null || { echo "demo: error: $1 is needed ($2)" >&2; exit 1; }; }
need cargo "https://rustup.rs"
need c++ "a C++17 compiler; Debian and Ubuntu: apt-get install g++"
need python3 "with pip; Debian and Ubuntu: apt-get install python3-pip"

scripts/libtorch.sh
# The demo says itself when these are missing, and goes on without them.
scripts/samples.sh || true
exec cargo run --release --example demo -- "$@"
