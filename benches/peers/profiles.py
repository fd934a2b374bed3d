"""Where the time goes: the functions in which each path that needs no libtorch spends most of its processor time itself, by
perf where the system lets it look, by valgrind's callgrind (which counts instructions) elsewhere."""

import argparse
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import harness

SHOWN = 3


def sampled(command, lines, folder):
    """Functions and their shares of the samples of perf."""
    data = folder / "perf.data"
    run = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "999", "-o", data, "--", *command]
    finished = subprocess.run([str(part) for part in run], input=lines, env=harness.one_thread(), text=True, capture_output=True)
    if finished.returncode:
        raise RuntimeError(finished.stderr[-200:])
    report = ["perf", "report", "-i", str(data), "--stdio", "--no-children", "-F", "overhead,symbol", "-g", "none"]
    text = subprocess.run(report, capture_output=True, text=True).stdout
    found = re.findall(r"^\s*([\d.]+)%\s+\[[.k]\]\s+(.+?)\s*$", text, re.MULTILINE)
    return [[name, float(share) / 100] for share, name in found]


def counted(command, lines, folder):
    """Functions and their shares of the instructions of callgrind."""
    out = folder / "callgrind.out"
    run = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command]
    subprocess.run([str(part) for part in run], input=lines, env=harness.one_thread(), text=True, capture_output=True, check=True)
    text = subprocess.run(["callgrind_annotate", str(out)], capture_output=True, text=True).stdout
    found = re.findall(r"^\s*[\d,]+ \(\s*([\d.]+)%\)\s+(?:\S*:)?(.+?)(?: \[.*\])?$", text, re.MULTILINE)
    return [[name, float(share) / 100] for share, name in found if name != "PROGRAM TOTALS"]


def plain(name):
    """A function without hashes, types and closures."""
    name = re.sub(r"::h[0-9a-f]{16}$|@plt$|\.llvm\.\d+$", "", name)
    name = re.sub(r"^<(.+?) as .+?>::", r"\1::", name)
    while "<" in name:
        shorter = re.sub(r"(::)?<[^<>]*>", "", name)
        if shorter == name:
            break
        name = shorter
    return name.replace("::{{closure}}", "").replace("::{closure#0}", "")


def merged(functions):
    """The largest, those of one name together."""
    shares = {}
    for name, share in functions:
        shares[plain(name)] = shares.get(plain(name), 0.0) + share
    return sorted(shares.items(), key=lambda item: -item[1])[:SHOWN]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of our examples, built for release")
    parser.add_argument("--work", type=Path, required=True, help="where scaling.sh made the inputs")
    arguments = parser.parse_args()
    work, binary = arguments.work, lambda name: arguments.bin / name
    record = harness.Record("profiles")
    paths = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        with open(folder / "reports.jsonl", "w", encoding="utf-8") as file:
            for line in open(work / "reports/ehr/index.jsonl", encoding="utf-8"):
                row = json.loads(line)
                text = (work / "reports/ehr" / row["file"]).read_text(encoding="utf-8")
                for turn in range(20):
                    print(json.dumps({"id": f"{row['id']}-{turn}", "text": text}, ensure_ascii=False), file=file)
        archive = work / "hospital-100"
        files = sorted((archive / "pacs").rglob("*.dcm"))
        runs = [
            ("Reports de-identified (`anonymize`)", [
                binary("anonymize"), "--input", folder / "reports.jsonl", "--output", folder / "out.jsonl", "--key", work / "key",
                "--threads", "1",
            ], ""),
            ("Headers of DICOM files de-identified (`HeaderDeidentifier`)", [
                binary("header_rate"), folder / "out.dcm", *files,
            ], f"{8 * len(files)}\n"),
            ("JPEG to an augmented tensor (`Convirt`)", [binary("jpeg_rate"), "augment", work / "2048.jpg"], "150\n"),
            ("DICOM tree and reports to shards (`build_shards`)", [
                binary("build_shards"), "--images", archive / "pacs", "--reports", archive / "ehr", "--key", work / "key", "--jpeg",
                "90", "--val", "0", "--test", "0", "--out", folder / "shards",
            ], ""),
        ]
        for name, command, lines in runs:
            try:
                functions, tool = sampled(command, lines, folder), "perf"
            except (RuntimeError, FileNotFoundError):
                if not shutil.which("valgrind"):
                    continue
                shutil.rmtree(folder / "shards", ignore_errors=True)
                functions, tool = counted(command, lines, folder), "callgrind"
            paths.append({"name": name, "tool": tool, "top": merged(functions)})
            print(paths[-1])
    record.more = {"paths": paths}
    record.save()


if __name__ == "__main__":
    main()
