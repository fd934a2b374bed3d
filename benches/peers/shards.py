"""Shards of WebDataset: xray-dataset beside Python's webdataset on the same tar files, in studies a second of one thread.

Two ways: the members as bytes, with text and JSON parsed; and the JPEG images (1.7 a study, about 512 rows) decoded to grey
tensors of floats too, by Pillow as webdataset does it, and by OpenCV through a decoder of its own."""

import argparse
import sys
from pathlib import Path

import harness


def load(name, shards):
    import webdataset

    def opened():
        return webdataset.WebDataset(shards, shardshuffle=False, empty_check=False)

    if name == "webdataset, bytes":
        return lambda: opened().decode(only=["txt", "json"])
    if name == "webdataset with Pillow, grey tensors":
        return lambda: opened().decode("l")
    import cv2
    import numpy as np

    cv2.setNumThreads(1)

    def grey(key, data):
        if not key.endswith("jpg"):
            return None
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        return image.astype(np.float32) / 255

    return lambda: opened().decode(grey)


# What a peer does, and which work of ours stands beside it.
PEERS = {
    "webdataset, bytes": "bytes",
    "webdataset with Pillow, grey tensors": "grey",
    "webdataset with OpenCV, grey tensors": "grey",
}


def read(opened, amount):
    left = amount
    while left > 0:
        for _, _ in zip(range(left), opened()):
            left -= 1
    return amount


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True)
    parser.add_argument("--binary", type=Path, help="the example shard_rate of xray-dataset, built for release")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="how long a turn lasts, about")
    parser.add_argument("--worker", choices=list(PEERS))
    arguments = parser.parse_args()
    if arguments.worker:
        harness.serve(lambda: load(arguments.worker, arguments.shards), read)
        return
    record = harness.Record("shards")
    record.uses("webdataset", "pillow", "opencv-python-headless")
    rows, memory, left_out = [], {}, []
    for name, work in PEERS.items():
        try:
            ours = harness.Native([arguments.binary, work, *arguments.shards])
            theirs = harness.Worker([sys.executable, __file__, "--worker", name, "--shards", *arguments.shards])
            rows.append((name, *harness.against(ours, theirs, arguments.seconds, arguments.turns)))
            memory[name] = [ours.most_memory(), theirs.most_memory()]
            ours.close(), theirs.close()
        except Exception as error:
            left_out.append((name, f"{type(error).__name__}: {error}"))
    record.add("Reading shards, one thread", "studies/s", rows, left_out, bar=2, memory=memory)
    record.save()


if __name__ == "__main__":
    main()
