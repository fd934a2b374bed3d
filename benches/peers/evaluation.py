"""Evaluation of cached features, whole: a linear probe of a finding, its regularisation chosen among seven by five-fold
cross-validation over patients, and AUROC, average precision, balanced accuracy, F1 and Brier score with bootstrap intervals over
patients. Beside scikit-learn's pipeline, grid search and metrics. AUROCs are compared before anything is measured."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import harness

TRAIN, TEST, SIZE, RESAMPLES = 1_400, 400, 384, 1_000
GRID = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0]


def make(path):
    """Features of which a tenth tells the label a little; two cases a patient."""
    import numpy as np

    draw = np.random.default_rng(7)
    direction = draw.normal(size=SIZE) * (draw.random(SIZE) < 0.1)

    def part(count, first_patient):
        labels = draw.random(count) < 0.3
        features = draw.normal(size=(count, SIZE)) + 0.25 * np.outer(labels, direction)
        patients = first_patient + np.arange(count) // 2
        return {
            "features": features.astype(np.float32).flatten().tolist(), "labels": labels.astype(int).tolist(),
            "patients": patients.tolist(),
        }

    path.write_text(json.dumps({"train": part(TRAIN, 0), "test": part(TEST, TRAIN), "resamples": RESAMPLES}))


def load(path):
    import numpy as np

    cases = json.loads(Path(path).read_text())
    for part in ("train", "test"):
        cases[part] = {name: np.array(values) for name, values in cases[part].items()}
        cases[part]["features"] = cases[part]["features"].reshape(-1, SIZE)
    return cases


def evaluate(cases, resamples):
    import numpy as np
    from sklearn import metrics
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train, test = cases["train"], cases["test"]
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000))
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    search = GridSearchCV(pipeline, {"logisticregression__C": GRID}, scoring="neg_log_loss", cv=folds)
    search.fit(train["features"], train["labels"], groups=train["patients"])
    labels, scores = test["labels"], search.predict_proba(test["features"])[:, 1]
    called = scores > 0.5

    def all_metrics(rows):
        return (
            metrics.roc_auc_score(labels[rows], scores[rows]),
            metrics.average_precision_score(labels[rows], scores[rows]),
            metrics.balanced_accuracy_score(labels[rows], called[rows]),
            metrics.f1_score(labels[rows], called[rows]),
            metrics.brier_score_loss(labels[rows], scores[rows]),
        )

    draw = np.random.default_rng(1)
    patients = [np.flatnonzero(test["patients"] == patient) for patient in np.unique(test["patients"])]
    drawn = [
        all_metrics(np.concatenate([patients[place] for place in draw.integers(0, len(patients), len(patients))]))
        for _ in range(resamples)
    ]
    np.percentile(drawn, [2.5, 97.5], axis=0)
    return float(all_metrics(np.arange(len(labels)))[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, help="the example probe_rate of downstream-heads, built for release")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        harness.serve(
            lambda: load(arguments.worker), lambda cases, count: harness.repeat(lambda: evaluate(cases, RESAMPLES), count)
        )
        return
    record = harness.Record("evaluation")
    record.uses("scikit-learn", "scipy", "numpy")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.json"
        make(path)
        ours = harness.Native([arguments.binary, path])
        mine, yours = ours.ask(1)["auroc"], evaluate(load(path), 1)
        if abs(mine - yours) > 0.01:  # Folds are drawn differently, and may choose another regularisation.
            sys.exit(f"AUROC: {yours}, ours {mine}")
        theirs = harness.Worker([sys.executable, __file__, "--worker", path])
        rates = harness.alternate(lambda: ours.run(2), lambda: theirs.run(1), arguments.turns)
        memory = {"scikit-learn": [ours.most_memory(), theirs.most_memory()]}
        ours.close(), theirs.close()
    title = f"A linear probe on {TRAIN:,} x {SIZE} features, measured on {TEST} with {RESAMPLES:,} resamples, one thread"
    record.add(title, "evaluations/s", [("scikit-learn", *rates)], memory=memory)
    record.save()


if __name__ == "__main__":
    main()
