"""Writes BENCHMARKS.md and its two pictures from what is kept in results/, with nothing but Python."""

import json
from pathlib import Path

import picture
import year
from harness import RESULTS, amount, cell, memory_of, ratio

ROOT = Path(__file__).resolve().parents[2]
PAIRS = ["deid", "headers", "archive", "files", "shards", "images", "metrics", "evaluation", "encoders", "training"]
# Others may use this share of the machine before a figure is called one under load.
QUIET = 0.05

HEAD = """# Benchmarks

Written by `benches/peers/run.sh`, which makes every input with the simulated hospital, runs ours and a peer in turn on the same
files (A B A B, a turn each before that does not count), one thread each, and keeps all rates in `benches/peers/results`.
`benches/peers/run.sh NAME` measures one pair again and writes this page anew. Rates are medians of seconds of the
processor; ± is half of the way from the least to the most. A figure whose way is over 15 % of the median is marked noisy. Peers
find or do other things than ours: each script in `benches/peers` says what is compared. Speed on simulated input says nothing of
patients.
"""


def load(name):
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def measured(entry):
    """When, on what, beside what."""
    machine = entry["machine"]
    cores = f"{machine['cores']} core{'s' * (machine['cores'] > 1)}"
    words = [entry["date"], f"{machine['cpu']} ({machine['architecture']}), {cores}, {machine['memory_gib']} GiB"]
    words += [f"{name} {version}" for name, version in sorted(entry["versions"].items())]
    if entry["versions"]:
        words.append(f"Python {entry['python']}")
    line = ", ".join(words) + f"; {entry['seconds']} s to measure."
    if entry["others"] > QUIET:
        line += f" **Under load: others used {100 * entry['others']:.0f} % of the machine.**"
    return line


def table(table):
    """A pair's table, what was to be reached, and the names of those left out."""
    unit, bar = table["unit"], table["bar"]
    held = any(row["memory"] for row in table["rows"])
    head = ["peer", "ours", "the peer", "ratio"] + ["memory, ours and the peer's"] * held
    lines = [f"### {table['title']}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in table["rows"]:
        cells = [row["peer"], cell(row["ours"], unit), cell(row["theirs"], unit), f"{ratio(row):.3g}"]
        if held:
            cells.append(" and ".join(map(memory_of, row["memory"])) if row["memory"] else "")
        lines.append("| " + " | ".join(cells) + " |")
    if bar and table["rows"]:
        ratios = [ratio(row) for row in table["rows"]]
        best = max(ratios) if table["lower"] else min(ratios)
        reached = best <= bar if table["lower"] else best >= bar
        limit = "at most" if table["lower"] else "at least"
        lines += ["", f"Aimed at: {limit} {bar:g} times the best peer; {'reached' if reached else 'missed'} with {best:.3g}."]
    lines += [f"\nLeft out: {peer} ({why})." for peer, why in table["left_out"]]
    return "\n".join(lines) + "\n"


def curves(found):
    """Tables of the curves that scaling.py and steps.py keep."""
    lines = ["## Cost against size", "", "![Cost against size](benches/peers/results/scaling.svg)", ""]
    for curve in (curve for entry in found for curve in entry["curves"]):
        sizes = [point[0] for point in curve["series"][0]["points"]]
        lines += [f"### {curve['title']}, {curve['y']}", ""]
        lines += ["| " + " | ".join([curve["x"], *map(amount, sizes)]) + " |"]
        lines += ["|" + "---|" * (len(sizes) + 1)]
        for series in curve["series"]:
            lines += ["| " + " | ".join([series["name"], *(amount(value) for _, value in series["points"])]) + " |"]
        lines.append("")
    rates = found[0]["rates"]
    lines.append(
        f"Limits of one core here: {rates['gb_copied_a_second']:.1f} GB/s copied in memory, {rates['megapixels_decoded_a_second']:.0f} Mpixel/s"
        f" of JPEG decoded whole, {rates['megapixels_a_second_to_shards']:.0f} Mpixel/s from DICOM to JPEG in shards.\n"
    )
    return "\n".join([*lines, *(f"{entry['name'].capitalize()}: {measured(entry)}\n" for entry in found)])


def costs(entry):
    lines = ["## Where the time goes", "", "The functions that take most of the processor's time themselves, with what they call left out.", ""]
    lines += ["| path | first | second | third |", "|---|---|---|---|"]
    for path in entry["paths"]:
        cells = [f"`{name}` {100 * share:.0f} %" for name, share in path["top"]]
        lines.append("| " + " | ".join([f"{path['name']}, {path['tool']}", *cells]) + " |")
    return "\n".join(lines) + "\n\n" + measured(entry) + "\n"


def main():
    entries = {name: load(name) for name in [*PAIRS, "scaling", "steps", "profiles"]}
    there = [entries[name] for name in PAIRS if entries[name]]
    parts = [HEAD]
    (RESULTS / "ratios.svg").write_text(picture.bars(there), encoding="utf-8")
    parts.append("![Ratios of ours over each peer](benches/peers/results/ratios.svg)\n")
    missing = [name for name in PAIRS if not entries[name]]
    if missing:
        parts.append(f"Not measured: {', '.join(missing)}.\n")
    parts.append("## Beside peers\n")
    for entry in there:
        parts += [table(found) for found in entry["tables"]]
        parts.append(measured(entry) + "\n")
    if entries["scaling"]:
        found = [entries[name] for name in ("scaling", "steps") if entries[name]]
        drawn = picture.curves([curve for entry in found for curve in entry["curves"]])
        (RESULTS / "scaling.svg").write_text(drawn, encoding="utf-8")
        parts += [curves(found), year.section(entries)]
    if entries["profiles"]:
        parts.append(costs(entries["profiles"]))
    (ROOT / "BENCHMARKS.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
