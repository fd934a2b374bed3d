"""Headers: HeaderDeidentifier of xray-dataset beside a loop of pydicom over the same DICOM files, in files a second of one
thread, read and written.

Ours follows the whole table of PS3.15 (Basic Profile), moves dates and makes UIDs anew; the loop deletes or replaces the
fields that name the patient, the staff or the place, the private ones and the UIDs, which is less."""

import argparse
import hmac
import itertools
import sys
import tempfile
from pathlib import Path

import harness

REMOVED = [
    "PatientBirthDate", "PatientAddress", "OtherPatientIDs", "PatientTelephoneNumbers", "InstitutionName", "InstitutionAddress",
    "ReferringPhysicianName", "PerformingPhysicianName", "OperatorsName", "StationName", "RequestingPhysician",
    "PhysiciansOfRecord", "DeviceSerialNumber", "StudyDescription", "SeriesDescription",
]
REPLACED = ["PatientName", "PatientID", "AccessionNumber", "StudyID"]
UIDS = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"]


def pydicom_loop(folder, files):
    import pydicom

    out = Path(folder) / "out.dcm"

    def pseudonym(value):
        return hmac.new(b"a key for nothing but measuring", str(value).encode(), "sha256").hexdigest()[:16]

    def one(path):
        dicom = pydicom.dcmread(path)
        dicom.remove_private_tags()
        for name in REMOVED:
            if name in dicom:
                delattr(dicom, name)
        for name in REPLACED:
            if name in dicom:
                setattr(dicom, name, pseudonym(dicom.get(name)))
        for name in UIDS:
            if name in dicom:
                setattr(dicom, name, "2.25." + str(int(pseudonym(dicom.get(name)), 16)))
        dicom.file_meta.MediaStorageSOPInstanceUID = dicom.SOPInstanceUID
        out.unlink(missing_ok=True)
        dicom.save_as(out)

    return lambda amount: [one(path) for path in itertools.islice(itertools.cycle(files), amount)]


def by_syntax(files):
    """The files of each transfer syntax, by its name."""
    import pydicom

    groups = {}
    for path in files:
        name = pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID.name.split(",")[0]
        groups.setdefault(name, []).append(path)
    return sorted(groups.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--binary", type=Path, help="the example header_rate of xray-dataset, built for release")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5, help="how long a turn lasts, about")
    parser.add_argument("--worker", nargs="+", metavar=("FOLDER", "FILE"))
    arguments = parser.parse_args()
    if arguments.worker:
        folder, *files = arguments.worker
        harness.serve(lambda: pydicom_loop(folder, files), lambda loop, amount: len(loop(amount)))
        return
    record = harness.Record("headers")
    record.uses("pydicom")
    rows, memory = [], {}
    with tempfile.TemporaryDirectory() as folder:
        for syntax, files in by_syntax(arguments.images.rglob("*.dcm")):
            ours = harness.Native([arguments.binary, Path(folder) / "ours.dcm", *files])
            theirs = harness.Worker([sys.executable, __file__, "--images", folder, "--worker", folder, *files])
            peer = f"pydicom, {syntax}"
            rows.append((peer, *harness.against(ours, theirs, arguments.seconds, arguments.turns)))
            memory[peer] = [ours.most_memory(), theirs.most_memory()]
            ours.close(), theirs.close()
    record.add("Headers of DICOM files of 0.6 million pixels, one thread", "files/s", rows, memory=memory)
    record.save()


if __name__ == "__main__":
    main()
