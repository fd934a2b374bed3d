"""The pictures of BENCHMARKS.md: SVG without scripts, readable on light and dark ground."""

import math
from html import escape

from harness import NOISY, ratio, spread

STYLE = """<style>
.ground { fill: #ffffff } .ink { fill: #1f2328 } .faint { fill: #59636e } .line { stroke: #d1d9e0 } .goal { stroke: #bc4c00 }
.goal-ink { fill: #bc4c00 } .bar { fill: #0969da } .noisy { fill: #8c959f } .s0 { stroke: #0969da; fill: #0969da }
.s1 { stroke: #bc4c00; fill: #bc4c00 } text { font: 12px sans-serif } .title { font-weight: bold }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117 } .ink { fill: #f0f6fc } .faint { fill: #9198a1 } .line { stroke: #3d444d } .goal { stroke: #f0883e }
.goal-ink { fill: #f0883e } .bar { fill: #4493f8 } .noisy { fill: #656c76 } .s0 { stroke: #4493f8; fill: #4493f8 }
.s1 { stroke: #f0883e; fill: #f0883e }
}
</style>"""


def document(width, height, title, parts):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    ground = f'<rect class="ground" width="{width}" height="{height}"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", STYLE, ground, *parts, "</svg>"]) + "\n"


def text(x, y, words, kind="ink", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x0, y0, x1, y1, kind="line", width=1):
    return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" class="{kind}" stroke-width="{width}"/>'


def bars(entries):
    """A bar a peer from 1 to the ratio on a log axis, with the mark of what was aimed at."""
    tables = [table for entry in entries for table in entry["tables"] if table["rows"]]
    ratios = [ratio(row) for table in tables for row in table["rows"]]
    low = min(0.5, 0.9 * min(ratios, default=1))
    high = 10 ** math.ceil(math.log10(max([10, *ratios]) * 1.05))
    left, right, width = 330, 700, 780
    place = lambda value: left + (right - left) * math.log(value / low) / math.log(high / low)
    parts, y = [], 50
    for table in tables:
        parts.append(text(10, y, table["title"] + (", less is better" if table["lower"] else ""), "ink title"))
        top = y + 6
        for row in table["rows"]:
            y += 20
            value = ratio(row)
            noisy = max(spread(row["ours"]), spread(row["theirs"])) > NOISY
            x0, x1 = sorted((place(1), place(value)))
            parts.append(text(left - 8, y + 4, row["peer"], "faint", "end"))
            kind = "noisy" if noisy else "bar"
            parts.append(f'<rect x="{x0:.1f}" y="{y - 6}" width="{max(x1 - x0, 1):.1f}" height="12" class="{kind}"/>')
            end = max(x1, place(1))
            if table["bar"] and end - 4 < place(table["bar"]) < end + 40:
                end = place(table["bar"])
            parts.append(text(end + 6, y + 4, f"{value:.3g}" + (" (noisy)" if noisy else "")))
        if table["bar"]:
            parts.append(line(place(table["bar"]), top, place(table["bar"]), y + 10, "goal", 2))
        y += 30
    axis = []
    tick = 10.0 ** math.ceil(math.log10(low))
    while tick <= high * 1.001:
        axis += [line(place(tick), 30, place(tick), y - 12), text(place(tick), 24, f"{tick:g}", "faint", "middle")]
        tick *= 10
    axis.append(text(10, 24, "Times the peer", "ink"))
    axis.append(text(right, y + 4, "orange: what was aimed at", "goal-ink", "end"))
    return document(width, y + 14, "Ratios of ours over each peer", axis + parts)


def curves(found):
    """A panel a curve, both axes logarithmic."""
    columns, wide, tall = 2, 390, 230
    parts = []
    for number, curve in enumerate(found):
        x0, y0 = 10 + number % columns * wide, 10 + number // columns * tall
        parts += panel(curve, x0, y0, wide - 20, tall - 20)
    rows = math.ceil(len(found) / columns)
    return document(columns * wide + 10, rows * tall + 10, "Cost against size", parts)


def panel(curve, x0, y0, wide, tall):
    points = [point for series in curve["series"] for point in series["points"]]
    bounds = [axis(min(values), max(values)) for values in zip(*points)]
    left, right, top, bottom = x0 + 52, x0 + wide - 6, y0 + 34, y0 + tall - 34
    share = lambda value, bound: math.log(value / bound[0]) / math.log(bound[1] / bound[0])
    at = lambda x, y: (left + (right - left) * share(x, bounds[0]), bottom - (bottom - top) * share(y, bounds[1]))
    parts = [text(x0, y0 + 14, f"{curve['title']}, {curve['y']}", "ink title")]
    parts.append(text(right, bottom + 30, curve["x"], "faint", "end"))
    for tick in ticks(bounds[0]):
        x, _ = at(tick, bounds[1][0])
        parts += [line(x, top, x, bottom), text(x, bottom + 15, short(tick), "faint", "middle")]
    for tick in ticks(bounds[1]):
        _, y = at(bounds[0][0], tick)
        parts += [line(left, y, right, y), text(left - 5, y + 4, short(tick), "faint", "end")]
    for number, series in enumerate(curve["series"]):
        places = [at(x, y) for x, y in series["points"]]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" class="s{number}" style="fill: none" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="s{number}"/>' for x, y in places]
        if len(curve["series"]) > 1:
            x = left + 160 * number
            parts += [f'<circle cx="{x:.1f}" cy="{y0 + 24}" r="3" class="s{number}"/>', text(x + 7, y0 + 28, series["name"], "faint")]
    return parts


def axis(least, most):
    """The powers of ten around, or halves of one."""
    low, high = 10 ** math.floor(math.log10(least)), 10 ** math.ceil(math.log10(most))
    return [low, high if high > low else 10 * low]


def ticks(bound):
    tick = bound[0]
    while tick <= bound[1] * 1.001:
        yield tick
        tick *= 10


def short(value):
    return f"{value:g}" if value < 10_000 else f"{value / 1000:g}k"
