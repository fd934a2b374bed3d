"""What a year of one hospital costs, and of a hundred: arithmetic on what was measured, written out so that it can be checked."""

import math
import statistics

STUDIES, IMAGES, MEGAPIXELS, BYTES = 250_000, 2, 5, 2
HOSPITALS, CORES, HOURS = 100, 64, 24


def section(entries):
    rates = entries["scaling"]["rates"]
    reports, pixels = rates["reports_a_second"], rates["megapixels_a_second_to_shards"]
    stored = rates["shard_bytes_a_megapixel"]
    images, megapixels = STUDIES * IMAGES, STUDIES * IMAGES * MEGAPIXELS
    costs = [
        ("Reports de-identified", f"{STUDIES:,} reports ÷ {reports:,.0f} reports/s", STUDIES / reports),
        ("Images to shards, headers, pairing and reports included", f"{STUDIES:,} studies × {IMAGES} images × {MEGAPIXELS} Mpixel ÷ {pixels:.1f} Mpixel/s", megapixels / pixels),
    ]
    embedding = rate_of(entries["encoders"], "ViT")
    if embedding:
        costs.append(("Images embedded, ViT-S/16 at 224", f"{images:,} images ÷ {embedding:.1f} images/s", images / embedding))
    training = rate_of(entries["training"], "AdamW")
    if training:
        costs.append(("One epoch, ViT-B/16 and XLM-R base", f"{STUDIES:,} studies ÷ {training:.2f} studies/s", STUDIES / training))
    read = megapixels * 1e6 * BYTES
    written = megapixels * stored
    lines = [
        "## A year of a hospital", "",
        f"Assumed, not measured: {STUDIES:,} studies a year with one report and {IMAGES} images each, {MEGAPIXELS} million pixels an image,"
        f" {BYTES} bytes a pixel in DICOM. Measured: the rates, all of one core (sections above), and {stored:,.0f} bytes of shard a million"
        f" pixels (JPEG of quality 90). Simulated images are noisier than most real ones and have fewer pixels here, so the rate of"
        f" pixels is rather low. {gains(entries['scaling'])}", "",
        f"| work | one hospital | core hours | {HOSPITALS} hospitals, nodes of {CORES} cores for {HOURS} h |", "|---|---|---|---|",
    ]
    for name, formula, seconds in costs:
        hours = seconds / 3600
        nodes = HOSPITALS * hours / (CORES * HOURS)
        total = f"{HOSPITALS} × {hours:,.3g} h ÷ ({CORES} × {HOURS} h) = {nodes:,.3g}, so {math.ceil(nodes):,}"
        lines.append(f"| {name} | {formula} = {seconds:,.0f} s | {hours:,.3g} | {total} |")
    flow = HOSPITALS * read / (HOURS * 3600) / 1e9
    lines += [
        "",
        f"* Read: {STUDIES:,} × {IMAGES} × {MEGAPIXELS} Mpixel × {BYTES} bytes = {read / 1e12:.3g} TB a hospital; of {HOSPITALS} in {HOURS} h"
        f" {HOSPITALS} × {read / 1e12:.3g} TB ÷ ({HOURS} × 3,600 s) = {flow:.3g} GB/s.",
        f"* Written: {megapixels:,} Mpixel × {stored:,.0f} bytes = {written / 1e12:.3g} TB of shards a hospital, {HOSPITALS * written / 1e12:.3g} TB of {HOSPITALS}.",
        f"* One core that makes shards reads {pixels:.1f} Mpixel/s × {BYTES} bytes = {pixels * BYTES:.0f} MB/s; {CORES} of them"
        f" {pixels * BYTES * CORES / 1000:.2g} GB/s a node, which the storage has to give.",
        "",
    ]
    return "\n".join(lines)


def rate_of(entry, word):
    """The median of our rates in the first row that names `word`."""
    rows = [row for table in (entry or {"tables": []})["tables"] for row in table["rows"] if word in row["peer"]]
    return statistics.median(rows[0]["ours"]) if rows else None


def gains(scaling):
    """By how much a second thread shortened the largest runs, which is as far as this was measured."""
    words = []
    for curve in scaling["curves"]:
        if len(curve["series"]) == 2 and curve["y"] == "seconds":
            one, two = (series["points"][-1][1] for series in curve["series"])
            words.append(f"{one / two:.2f} times faster ({curve['title']})")
    return f"Two threads were {' and '.join(words)}; that {CORES} are {CORES} times one is assumed." if words else ""
