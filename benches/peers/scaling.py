"""What ours costs against the size of its input, and with one thread and two: reports, pixels of an image, studies of an
archive, items of a gallery. Seconds are those of the wall where threads are compared, of the processor elsewhere.

Keeps the curves, and the rates from which page.py works out a year of a hospital."""

import argparse
import json
import random
import statistics
import tarfile
import tempfile
import time
from pathlib import Path

import harness

REPORTS = [100, 1_000, 10_000, 100_000]
ROWS = [512, 1024, 2048, 4096]
STUDIES = [50, 100, 200]
GALLERY = [500, 1_000, 2_000, 4_000, 8_000]
TURNS = 3


def jpeg_pixels(data):
    """Columns times rows of a JPEG file, from its frame header."""
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    height, width = (int.from_bytes(data[at + k : at + k + 2], "big") for k in (5, 7))
    return width * height


def pixels_of(shard):
    """Of all images of a shard."""
    with tarfile.open(shard) as members:
        images = (members.extractfile(member).read() for member in members if member.name.endswith(".jpg"))
        return sum(map(jpeg_pixels, images))


def reports(binary, work, folder):
    """Curves of seconds and memory by reports, with one thread and two; characters a second of the processor."""
    texts = []
    for line in open(work / "reports/ehr/index.jsonl", encoding="utf-8"):
        texts.append((work / "reports/ehr" / json.loads(line)["file"]).read_text(encoding="utf-8"))
    curves, held, rate = [], [], 0.0
    for threads in (1, 2):
        points, memory = [], []
        for count in REPORTS:
            path = folder / f"{count}.jsonl"
            if not path.exists():
                with open(path, "w", encoding="utf-8") as file:
                    for n in range(count):
                        print(json.dumps({"id": str(n), "text": texts[n % len(texts)]}, ensure_ascii=False), file=file)
            command = [binary, "--input", path, "--output", folder / "out.jsonl", "--key", work / "key", "--threads", threads]
            turns = [harness.run(command, harness.threads(threads)) for _ in range(TURNS)]
            points.append([count, statistics.median(wall for _, wall, _ in turns)])
            memory.append([count, max(gib for _, _, gib in turns) * 1024])
            if threads == 1 and count == 10_000:
                characters = sum(len(texts[n % len(texts)]) for n in range(count))
                rate = count / statistics.median(processor for processor, _, _ in turns)
                mean = characters / count
        name = f"{threads} thread{'s' * (threads > 1)}"
        curves.append({"name": name, "points": points})
        held.append({"name": name, "points": memory})
    print(curves, held)
    title = "De-identification of reports"
    return (
        [
            {"title": title, "x": "reports", "y": "seconds", "series": curves},
            {"title": f"{title}, memory", "x": "reports", "y": "MiB", "series": held},
        ],
        {"reports_a_second": rate, "characters_a_report": mean},
    )


def images(binary, work):
    """Milliseconds an image by million pixels, decoded alone and with the recipe."""
    series = []
    for what, name in (("decode", "decoded whole"), ("augment", "to an augmented tensor")):
        points = []
        for rows in ROWS:
            path = work / f"{rows}.jpg"
            worker = harness.Native([binary, what, path])
            amount = harness.work_for(worker, 1)
            rates = [worker.run(amount) for _ in range(TURNS)]
            worker.close()
            points.append([jpeg_pixels(path.read_bytes()) / 1e6, 1000 / statistics.median(rates)])
        series.append({"name": name, "points": points})
    print(series)
    return [{"title": "JPEG", "x": "million pixels", "y": "milliseconds an image", "series": series}]


def archives(binary, work, folder):
    """Seconds by studies from DICOM tree and reports to shards, with one thread and two."""
    series, held, count, known = [], [], 0, {}
    for threads in (1, 2):
        points, memory = [], []
        for studies in STUDIES:
            archive = work / f"hospital-{studies}"
            turns = []
            for _ in range(TURNS):
                count += 1
                out = folder / f"shards-{count}"
                turns.append(harness.run([
                    binary, "--images", archive / "pacs", "--reports", archive / "ehr", "--key", work / "key", "--jpeg", "90",
                    "--val", "0", "--test", "0", "--out", out,
                ], harness.threads(threads)))
            points.append([studies, statistics.median(wall for _, wall, _ in turns)])
            memory.append([studies, max(gib for _, _, gib in turns) * 1024])
            if threads == 1 and studies == STUDIES[-1]:
                shards = list(out.glob("*.tar"))
                stored, pixels = sum(shard.stat().st_size for shard in shards), sum(map(pixels_of, shards))
                seconds = statistics.median(processor for processor, _, _ in turns)
                known = {
                    "megapixels_a_second_to_shards": pixels / 1e6 / seconds,
                    "shard_bytes_a_megapixel": stored / (pixels / 1e6),
                }
        name = f"{threads} thread{'s' * (threads > 1)}"
        series.append({"name": name, "points": points})
        held.append({"name": name, "points": memory})
    print(series, held, known)
    title = "DICOM tree and reports to shards"
    return [
        {"title": title, "x": "studies", "y": "seconds", "series": series},
        {"title": f"{title}, memory", "x": "studies", "y": "MiB", "series": held},
    ], known


def gallery(binary, folder):
    """Milliseconds of the wall for as many queries as items."""
    draw = random.Random(1)
    cases = {"labels": [], "scores": [draw.random() for _ in range(9973)], "grades": [], "called": []}
    path = folder / "scores.json"
    path.write_text(json.dumps(cases))
    points = []
    for items in GALLERY:
        worker = harness.Native([binary, "ranks", path])
        worker.run(items)
        times = [worker.ask(items)["seconds"] for _ in range(TURNS)]
        worker.close()
        points.append([items, 1000 * statistics.median(times)])
    print(points)
    series = [{"name": "similarities and ranks", "points": points}]
    return [{"title": "Retrieval, every item asked for every other", "x": "items", "y": "milliseconds", "series": series}]


def copied():
    """GB a second that one core copies in memory."""
    source, target = bytearray(1 << 28), bytearray(1 << 28)
    times = []
    for _ in range(5):
        begin = time.process_time()
        memoryview(target)[:] = source
        times.append(time.process_time() - begin)
    return len(source) / 1e9 / statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of our examples, built for release")
    parser.add_argument("--work", type=Path, required=True, help="where scaling.sh made the inputs")
    arguments = parser.parse_args()
    binary = lambda name: arguments.bin / name
    record = harness.Record("scaling")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        curves, rates = reports(binary("anonymize"), arguments.work, folder)
        curves += images(binary("jpeg_rate"), arguments.work)
        of_archives, known = archives(binary("build_shards"), arguments.work, folder)
        curves += of_archives + gallery(binary("metric_rate"), folder)
    decoded = next(series for curve in curves if curve["title"] == "JPEG" for series in curve["series"])
    megapixels, milliseconds = decoded["points"][2]
    limits = {"gb_copied_a_second": copied(), "megapixels_decoded_a_second": 1000 * megapixels / milliseconds}
    record.more = {"curves": curves, "rates": {**rates, **known, **limits}}
    record.save()


if __name__ == "__main__":
    main()
