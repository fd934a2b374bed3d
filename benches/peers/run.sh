#!/usr/bin/env bash
# Measures this project beside its peers on the same input, alternately, keeps the figures in results/ beside this file, and
# writes BENCHMARKS.md and its pictures from all that is kept.
#
#   benches/peers/run.sh [PAIR...]
#
# A pair is a file NAME.py here that measures and keeps results/NAME.json, with NAME.txt beside it: the peers' packages, pinned, one
# a line. They go into a virtual environment of the pair's own under the user's cache folder. A package that cannot be installed
# is left out by name. Where NAME.sh exists, it is sourced first: it builds ours, makes the input in "$work", and sets the
# array `arguments`. `scaling`, `steps` and `profiles` have no peer. With no name all are run; with `page` the page alone is written again.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/osteon-peers
python=${PYTHON:-python3}
export PYTHONDONTWRITEBYTECODE=1

measure() {
    pair=$1
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
}

# A process for each, so that what one cannot build or measure ends that one alone.
if [ "${1:-}" = --one ]; then
    measure "$2"
    exit
fi

pairs=("$@")
if [ ${#pairs[@]} -eq 0 ]; then
    for file in "$here"/*.txt; do pairs+=("$(basename "$file" .txt)"); done
fi

# scaling reads what the others kept.
ordered=()
for pair in "${pairs[@]}"; do [ "$pair" = scaling ] || [ "$pair" = page ] || ordered+=("$pair"); done
for pair in "${pairs[@]}"; do [ "$pair" != scaling ] || ordered+=("$pair"); done

failed=()
for pair in "${ordered[@]}"; do "$here/run.sh" --one "$pair" || failed+=("$pair"); done
"$python" "$here/page.py"
if [ ${#failed[@]} -gt 0 ]; then
    echo "not measured: ${failed[*]}" >&2
    exit 1
fi
