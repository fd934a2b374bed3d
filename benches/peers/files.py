"""Many small files: archives of about 10,000 and 100,000 simulated DICOM files of 64 rows with their reports, to shards, in seconds
of the wall. They are one hospital, copied with other numbers of patients, studies and reports. The other side is the disk:
every file of the same tree read with a warm cache, then as many bytes written as the shards have, and flushed. It reads no
header, decodes no pixel and de-identifies no report.

    benches/peers/run.sh files

The archives take about 2 GB below the cache folder while they are measured."""

import argparse
import json
import os
import re
import shutil
import time
from pathlib import Path

import harness

# Of the hospital that is copied, with 1.7 images a study, and how often it is.
STUDIES = 600
COPIES = {10_000: 10, 100_000: 99}
TURNS = 3
NUMBER = re.compile(rb"(SIM|STU|ACC|rep|STD)00(\d{5})")


def copied(hospital, archive, copies):
    """Writes the hospital so many times: the first two digits of each number say which copy it is of."""
    pictures = [(path.relative_to(hospital / "pacs"), path.read_bytes()) for path in (hospital / "pacs").rglob("*.dcm")]
    # What is deflated holds its numbers where nobody can change them.
    pictures = [(path, data) for path, data in pictures if b"1.2.840.10008.1.2.1.99" not in data[:600]]
    rows = [line for line in (hospital / "ehr/index.jsonl").read_bytes().splitlines() if line]
    reports = [(row, (hospital / "ehr" / json.loads(row)["file"]).read_bytes()) for row in rows]
    (archive / "ehr").mkdir(parents=True)
    with open(archive / "ehr/index.jsonl", "wb") as index:
        for copy in range(copies):
            renamed = lambda data: NUMBER.sub(lambda found: found[1] + b"%02d" % copy + found[2], data)
            for path, data in pictures:
                path = archive / "pacs" / renamed(str(path).encode()).decode()
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(renamed(data))
            for row, text in reports:
                row = renamed(row)
                (archive / "ehr" / json.loads(row)["file"]).write_bytes(renamed(text))
                index.write(row + b"\n")


def tree(folder):
    """Every file below a folder, and the bytes of all."""
    files, size = [], 0
    for entry in os.scandir(folder):
        if entry.is_dir():
            below, bytes_below = tree(entry.path)
            files += below
            size += bytes_below
        else:
            files.append(entry.path)
            size += entry.stat().st_size
    return files, size


def disk(archive, bytes_out, out):
    """Seconds in which a tree is listed and read, and in which so many bytes are written and flushed."""
    begin = time.perf_counter()
    for path in tree(archive)[0]:
        file = os.open(path, os.O_RDONLY)
        while os.read(file, 1 << 20):
            pass
        os.close(file)
    read = time.perf_counter()
    block = os.urandom(1 << 20)
    with open(out, "wb", buffering=0) as file:
        for start in range(0, bytes_out, len(block)):
            file.write(block[: bytes_out - start])
        os.fsync(file)
    written = time.perf_counter()
    os.remove(out)
    return read - begin, written - read


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of our examples, built for release")
    parser.add_argument("--work", type=Path, required=True, help="a folder on the disk that is measured")
    parser.add_argument("--files", type=int, nargs="+", default=list(COPIES), choices=COPIES)
    parser.add_argument("--turns", type=int, default=TURNS)
    arguments = parser.parse_args()
    threads = len(os.sched_getaffinity(0))
    record = harness.Record("files")
    rates, speeds, memory = [], [], {}
    work = arguments.work / "files"
    try:
        for asked in arguments.files:
            shutil.rmtree(work, ignore_errors=True)
            hospital, archive, out = work / "hospital", work / "archive", work / "shards"
            harness.run([
                arguments.bin / "phantom_hospital", "--studies", STUDIES, "--seed", 5, "--size", 64, "--sheet", 1, "--out", hospital,
            ], harness.threads(threads))
            copied(hospital, archive, COPIES[asked])
            key = work / "key"
            key.write_bytes(b"a key for nothing but measuring")
            images, size = tree(archive / "pacs")
            size += tree(archive / "ehr")[1]
            ours, theirs, held = [], [], 0
            for _ in range(arguments.turns + 1):
                shutil.rmtree(out, ignore_errors=True)
                processor, wall, gib = harness.run([
                    arguments.bin / "build_shards", "--images", archive / "pacs", "--reports", archive / "ehr", "--key", key,
                    "--burned-in", "keep", "--out", out,
                ], harness.threads(threads))
                held = max(held, gib)
                stored = tree(out)[1]
                read, written = disk(archive, stored, work / "written")
                ours.append(wall)
                theirs.append(read + written)
                print(
                    f"{len(images):,} files, {size / 1e6:.0f} MB with reports, to {stored / 1e6:.0f} MB of shards: {wall:.1f} s"
                    f" ({processor:.1f} s of {threads} processors), {gib * 1024:.0f} MiB; the disk: read in {read:.1f} s"
                    f" ({size / 1e6 / read:.0f} MB/s), written in {written:.2f} s ({stored / 1e6 / written:.0f} MB/s)",
                    flush=True,
                )
            # The first turn does not count.
            name = f"the disk, {asked:,} files"
            rates.append((name, [len(images) / wall for wall in ours[1:]], [len(images) / wall for wall in theirs[1:]]))
            speeds.append((name, *([size / 1e6 / wall for wall in side[1:]] for side in (ours, theirs))))
            memory[name] = [held, own_memory()]
    finally:
        shutil.rmtree(work, ignore_errors=True)
    title = f"Small DICOM files with reports to shards, {threads} threads, seconds of the wall"
    record.add(title, "files/s", rates, memory=memory)
    record.add(f"{title}, bytes read", "MB/s", speeds)
    record.save()


def own_memory():
    """GiB that this process held at the most."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 2**20


if __name__ == "__main__":
    main()
