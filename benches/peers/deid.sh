# Sourced by run.sh: the example, and reports of the simulated hospital.
cd "$root"
target=${CARGO_TARGET_DIR:-target}
cargo build --release --no-default-features --example anonymize --example phantom_hospital
if [ ! -f "$work/reports.jsonl" ]; then
    rm -rf "$work/hospital"
    "$target"/release/examples/phantom_hospital --studies 1000 --seed 7 --size 64 --sheet 1 --out "$work/hospital"
    "$venv/bin/python" - "$work" <<'PYTHON'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
with open(work / "reports.jsonl", "w", encoding="utf-8") as out:
    for line in open(work / "hospital/ehr/index.jsonl", encoding="utf-8"):
        row = json.loads(line)
        text = row.get("text") or (work / "hospital/ehr" / row["file"]).read_text(encoding="utf-8")
        print(json.dumps({"id": row["id"], "text": text}, ensure_ascii=False), file=out)
PYTHON
    rm -rf "$work/hospital"
fi
arguments=(--binary "$target"/release/examples/anonymize --reports "$work/reports.jsonl")
