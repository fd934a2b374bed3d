"""What a step of alignment costs against batch, side of the images, tokens and processes, with encoders of small width
(`train_step --small`), one thread a process. Keeps the curves, which page.py draws beside those of scaling.py."""

import argparse
import re
import statistics
import subprocess
from pathlib import Path

import harness

BATCHES = [1, 2, 4, 8, 16]
SIDES = [64, 128, 256, 512]
TOKENS = [16, 32, 64, 128, 256]
TURNS = 3


def measured(binary, *options):
    """Seconds of the processor a step, and MiB held at the most."""
    worker = harness.Worker([binary, "--small", "--serve", *options])
    worker.ask(2)
    seconds = []
    for _ in range(TURNS):
        answer = worker.ask(2)
        seconds.append(answer["seconds"] / 2)
    held = worker.most_memory() * 1024
    worker.close()
    return statistics.median(seconds), held


def by(binary, option, values, *others):
    points = [(value, *measured(binary, option, value, *others)) for value in values]
    return [[value, seconds] for value, seconds, _ in points], [[value, held] for value, _, held in points]


def together(binaries, exchange):
    """Studies that one process and two train a second of the wall, four a process and step."""
    points = []
    for processes in (1, 2):
        command = [
            binaries / "launch", "--processes", processes, "--", binaries / "train_step", "--small", "--batch", 4, "--steps", 4,
            "--exchange", exchange,
        ]
        run = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=harness.one_thread())
        if run.returncode:
            raise RuntimeError(run.stderr[-300:])
        steps = [float(found) for found in re.findall(r"([0-9.]+) s a step", run.stdout + run.stderr)]
        points.append([processes, 4 * processes / max(steps)])
    return points


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of our examples, built for release")
    arguments = parser.parse_args()
    binary = arguments.bin / "train_step"
    record = harness.Record("steps")
    curves = []
    for title, x, option, values, others in [
        ("Training step, 64 pixels and 32 tokens", "studies a batch", "--batch", BATCHES, ["--image-size", 64, "--tokens", 32]),
        ("Training step, 4 studies of 32 tokens", "pixels a side", "--image-size", SIDES, ["--batch", 4, "--tokens", 32]),
        ("Training step, 4 studies of 64 pixels", "tokens a report", "--tokens", TOKENS, ["--batch", 4, "--image-size", 64]),
    ]:
        seconds, held = by(binary, option, values, *others)
        print(title, seconds, held)
        curves.append({"title": title, "x": x, "y": "seconds", "series": [{"name": "one thread", "points": seconds}]})
        if option == "--batch":
            series = [{"name": "one thread", "points": held}]
            curves.append({"title": f"{title}, memory", "x": x, "y": "MiB", "series": series})
    names = {"during": "exchange during the backward pass", "never": "none exchanged"}
    series = [{"name": name, "points": together(arguments.bin, exchange)} for exchange, name in names.items()]
    print(series)
    curves.append({"title": "Training together", "x": "processes of one thread", "y": "studies a second", "series": series})
    record.more = {"curves": curves}
    record.save()


if __name__ == "__main__":
    main()
