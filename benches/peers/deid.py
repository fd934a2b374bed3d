"""De-identification: report-anonymizer beside Python peers on the same simulated reports, in characters a second of
processor time.

Ours is the whole run of the example `anonymize` (start, JSON in and out, one thread); a peer's clock runs only while it
works on text that lies in memory."""

import argparse
import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import harness


def unpii():
    import unpii
    return unpii.anonymize


def deduce():
    from deduce import Deduce
    return Deduce().deidentify


def belgian_deduce():
    from belgian_deduce import BelgianDeduce
    return BelgianDeduce().deidentify


def edsnlp():
    import edsnlp
    nlp = edsnlp.blank("eds")
    nlp.add_pipe("eds.dates")  # The only identifiers that edsnlp alone finds by rules.
    return nlp


PEERS = {"unpii": unpii, "deduce": deduce, "belgian-deduce": belgian_deduce, "edsnlp": edsnlp}


def texts(path):
    return [json.loads(line)["text"] for line in open(path, encoding="utf-8")]


def work(state, amount):
    anonymize, reports = state
    for i in range(amount):
        anonymize(reports[i % len(reports)])
    return sum(len(reports[i % len(reports)]) for i in range(amount))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=Path, required=True, help="JSON lines with id and text")
    parser.add_argument("--binary", type=Path, help="the example anonymize, built for release")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="how long a turn of a peer lasts, about")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--worker", choices=list(PEERS))
    arguments = parser.parse_args()
    if arguments.worker:
        harness.serve(lambda: (PEERS[arguments.worker](), texts(arguments.reports)), work)
        return
    record = harness.Record("deid")
    record.uses(*PEERS)
    with tempfile.TemporaryDirectory() as folder:
        rows, memory, left_out = compare(arguments, Path(folder))
    title = "De-identification of 10 million characters of reports, one thread"
    record.add(title, "characters/s", rows, left_out, bar=20, memory=memory)
    record.save()


def compare(arguments, folder):
    reports = texts(arguments.reports)
    repeats = max(1, 10_000_000 // sum(map(len, reports)))
    ours_in = folder / "reports.jsonl"
    with open(ours_in, "w", encoding="utf-8") as file:
        for i in range(repeats):
            for n, text in enumerate(reports):
                print(json.dumps({"id": f"{i}-{n}", "text": text}, ensure_ascii=False), file=file)
    characters = repeats * sum(map(len, reports))
    key = folder / "key"
    key.write_bytes(b"a key for nothing but measuring")

    command = [arguments.binary, "--input", ours_in, "--output", folder / "out.jsonl", "--key", key, "--threads", "1"]

    held = []

    def ours():
        seconds, _, gib = harness.run(command)
        held.append(gib)
        return characters / seconds

    rows, memory, left_out = [], {}, []
    for name in arguments.peers:
        try:
            worker = harness.Worker([sys.executable, __file__, "--worker", name, "--reports", arguments.reports])
            rate = worker.run(20)
            mean = sum(map(len, reports)) / len(reports)
            amount = max(20, int(rate * arguments.seconds / mean))
            mine, theirs = harness.alternate(ours, lambda: worker.run(amount), arguments.turns)
            peer = f"{name} {version(name)}"
            rows.append((peer, mine, theirs))
            memory[peer] = [max(held), worker.most_memory()]
            worker.close()
        except Exception as error:
            left_out.append((name, f"{type(error).__name__}: {error}"))
    return rows, memory, left_out


if __name__ == "__main__":
    main()
