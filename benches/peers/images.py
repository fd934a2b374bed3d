"""A JPEG of a radiograph (2 million pixels) to an augmented tensor of 224 by 224: xray-dataset beside OpenCV and
albumentations, in images a second on one thread. The recipe is the method's; the released code decodes in colour."""

import argparse
import os
import sys
from pathlib import Path

import harness


def write_radiograph(path):
    """A hand of pydicom-data, percentiles 0.5 and 99.5 black and white, at 2.1 million pixels."""
    import cv2
    import numpy as np
    import pydicom
    from pydicom.data import get_testdata_file
    dicom = pydicom.dcmread(get_testdata_file("RG1_UNCR.dcm"))
    pixels = -dicom.pixel_array.astype(np.float32)  # MONOCHROME1
    low, high = np.percentile(pixels, [0.5, 99.5])
    grey = (np.clip((pixels - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    side = (2.1e6 / grey.size) ** 0.5
    grey = cv2.resize(grey, None, fx=side, fy=side, interpolation=cv2.INTER_AREA)
    assert cv2.imwrite(str(path), grey, [cv2.IMWRITE_JPEG_QUALITY, 90])


def recipe():
    import albumentations as A
    return A.Compose([
        A.RandomResizedCrop(size=(512, 512), scale=(0.6, 1.0), ratio=(3 / 4, 4 / 3)),
        A.Normalize(mean=0.5, std=0.25, max_pixel_value=255),
        A.Affine(rotate=(-20, 20), translate_percent=(-0.1, 0.1), scale=(0.95, 1.05), p=0.5),
        A.RandomBrightnessContrast(0.2, 0.2, p=0.5),
        A.GaussianBlur(blur_limit=(3, 7), sigma_limit=(0.1, 3.0), p=0.5),
        A.Resize(224, 224),
    ])


def load(name, path):
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import cv2
    cv2.setNumThreads(1)
    grey = lambda: cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    if name == "OpenCV, grey":
        return grey
    augment = recipe()
    if name == "OpenCV and albumentations, grey":
        return lambda: augment(image=grey()[..., None])
    return lambda: augment(image=cv2.imread(path))


# What a peer does, and which work of ours stands beside it.
PEERS = {
    "OpenCV, grey": "decode",
    "OpenCV and albumentations, grey": "augment",
    "OpenCV and albumentations, colour as released": "augment",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="write a real radiograph there and end")
    parser.add_argument("--jpeg", type=Path, nargs="+", default=[])
    parser.add_argument("--binary", type=Path, help="the example jpeg_rate of xray-dataset, built for release")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="how long a turn lasts, about")
    parser.add_argument("--worker", choices=list(PEERS))
    arguments = parser.parse_args()
    if arguments.write:
        write_radiograph(arguments.write)
    elif arguments.worker:
        harness.serve(lambda: load(arguments.worker, str(arguments.jpeg[0])), harness.repeat)
    else:
        record = harness.Record("images")
        record.uses("opencv-python-headless", "albumentations")
        for jpeg in arguments.jpeg:
            measure(jpeg, arguments, record)
        record.save()


def measure(jpeg, arguments, record):
    rows, memory, left_out = [], {}, []
    for name, work in PEERS.items():
        try:
            ours = harness.Native([arguments.binary, work, jpeg])
            worker = harness.Worker([sys.executable, __file__, "--worker", name, "--jpeg", str(jpeg)])
            rows.append((name, *harness.against(ours, worker, arguments.seconds, arguments.turns)))
            memory[name] = [ours.most_memory(), worker.most_memory()]
            ours.close(), worker.close()
        except Exception as error:
            left_out.append((name, f"{type(error).__name__}: {error}"))
    decoded, augmented = ([row for row in rows if PEERS[row[0]] == work] for work in ("decode", "augment"))
    title = f"JPEG of 2 Mpixel ({jpeg.stem})"
    record.add(f"{title} decoded, one thread", "images/s", decoded, memory=memory)
    record.add(f"{title} to an augmented tensor, one thread", "images/s", augmented, left_out, bar=4, memory=memory)


if __name__ == "__main__":
    main()
