#!/usr/bin/env bash
# Measures this project beside its peers on the same input, alternately, and prints a Markdown table of ratios a pair.
#
#   benches/peers/run.sh [PAIR...]
#
# A pair is a file NAME.py here that prints its table, with NAME.txt beside it: the peers' packages, pinned, one a line. They go into a
# virtual environment of the pair's own under the user's cache folder. A package that cannot be installed is left out by name.
# Where NAME.sh exists, it is sourced first: it builds ours, makes the input in "$work", and sets the array `arguments`.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/osteon-peers
python=${PYTHON:-python3}

pairs=("$@")
if [ ${#pairs[@]} -eq 0 ]; then
    for file in "$here"/*.txt; do pairs+=("$(basename "$file" .txt)"); done
fi

for pair in "${pairs[@]}"; do
    venv=$cache/$pair
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
    while read -r package; do
        "$venv/bin/pip" install --quiet "$package" </dev/null || echo "left out: $package could not be installed" >&2
    done < <(grep -v '^#' "$here/$pair.txt")
    work=$cache/inputs/$pair
    mkdir -p "$work"
    arguments=()
    if [ -f "$here/$pair.sh" ]; then source "$here/$pair.sh"; fi
    "$venv/bin/python" "$here/$pair.py" "${arguments[@]}"
done
