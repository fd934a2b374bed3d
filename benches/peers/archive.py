"""A whole archive, DICOM tree to shards: the example build_shards beside a plain script of pydicom, OpenCV and webdataset,
in images a second, each in a process of its own from start to end with one thread.

Both apply the window of the header, turn MONOCHROME1 round, store JPEG of quality 90 and write shards of 4,096 studies with text
and JSON. The script does less: it finds a study's report in the truth of the simulated hospital, where ours pairs them,
copies the text as it is, where ours de-identifies it, and takes over six header fields under keyed pseudonyms."""

import argparse
import hmac
import json
import sys
import tempfile
from pathlib import Path

import harness


def script(archive, out):
    """What one would write in an afternoon."""
    import cv2
    import numpy as np
    import pydicom
    import webdataset
    from pydicom.pixels import apply_voi_lut

    cv2.setNumThreads(1)

    def pseudonym(text):
        return hmac.new(b"a key for nothing but measuring", str(text).encode(), "sha256").hexdigest()[:16]

    def jpeg(dicom):
        pixels = apply_voi_lut(dicom.pixel_array, dicom).astype(np.float32)
        low, high = pixels.min(), pixels.max()
        if dicom.get("WindowWidth"):
            width, center = float(dicom.WindowWidth), float(dicom.WindowCenter)
            low, high = center - width / 2, center + width / 2
        grey = np.clip((pixels - low) / max(high - low, 1e-6), 0, 1)
        if dicom.PhotometricInterpretation == "MONOCHROME1":
            grey = 1 - grey
        return cv2.imencode(".jpg", (grey * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()

    files = {}
    for line in open(archive / "ehr/index.jsonl", encoding="utf-8"):
        row = json.loads(line)
        files[row["id"]] = archive / "ehr" / row["file"]
    with webdataset.ShardWriter(str(out / "train-%06d.tar"), maxcount=4096, verbose=0) as shards:
        for line in open(archive / "truth/studies.jsonl", encoding="utf-8"):
            study = json.loads(line)
            sample, images = {"__key__": f"{pseudonym(study['patient'])}_{pseudonym(study['study'])}"}, []
            for number, path in enumerate(study["images"]):
                dicom = pydicom.dcmread(archive / path)
                sample[f"{number}.jpg"] = jpeg(dicom)
                images.append({
                    "laterality": dicom.get("Laterality"), "view": dicom.get("ViewPosition"),
                    "body_part": dicom.get("BodyPartExamined"), "device": pseudonym(dicom.get("ManufacturerModelName")),
                    "spacing_mm": [float(mm) for mm in dicom.get("PixelSpacing") or dicom.get("ImagerPixelSpacing") or []],
                    "sex": dicom.get("PatientSex"),
                })
            sample["txt"] = files[study["report"]].read_text(encoding="utf-8")
            sample["json"] = {"images": images}
            shards.write(sample)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--binary", type=Path, help="the example build_shards, built for release")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--worker", type=Path, metavar="OUT", help="be the script and write there")
    arguments = parser.parse_args()
    if arguments.worker:
        script(arguments.archive, arguments.worker)
        return
    record = harness.Record("archive")
    record.uses("pydicom", "pylibjpeg-libjpeg", "opencv-python-headless", "webdataset")
    images = sum(1 for _ in (arguments.archive / "pacs").rglob("*.dcm"))
    held = {"ours": [], "theirs": []}
    with tempfile.TemporaryDirectory() as folder:
        folder, count = Path(folder), 0
        key = folder / "key"
        key.write_bytes(b"a key for nothing but measuring")

        def rate(side, command):
            nonlocal count
            count += 1
            out = folder / f"out-{count}"
            out.mkdir()
            seconds, _, gib = harness.run(command(out))
            held[side].append(gib)
            return images / seconds

        def ours(out):
            return [
                arguments.binary, "--images", arguments.archive / "pacs", "--reports", arguments.archive / "ehr", "--key", key,
                "--jpeg", "90", "--val", "0", "--test", "0", "--burned-in", "keep", "--out", out / "shards",
            ]

        def theirs(out):
            return [sys.executable, __file__, "--archive", arguments.archive, "--worker", out]

        rates = harness.alternate(lambda: rate("ours", ours), lambda: rate("theirs", theirs), arguments.turns)
    peer = "pydicom, OpenCV and webdataset"
    memory = {peer: [max(held["ours"]), max(held["theirs"])]}
    record.add("DICOM tree to shards, one thread", "images/s", [(peer, *rates)], bar=5, memory=memory)
    record.save()


if __name__ == "__main__":
    main()
