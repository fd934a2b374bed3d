"""Metrics of 10,000 cases: eval-metrics beside scikit-learn, and a bootstrap of AUROC beside a loop around scikit-learn
and beside the shortest way of numpy and scipy, ranks of what was drawn.

Ours is asked for 10,000 resamples at once; a peer's rate is that of as many as fit into a turn, which its loop does not
change. Values are compared before anything is measured."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import harness

CASES, CLASSES, RESAMPLES = 10_000, 5, 10_000


def make(path):
    """Labels with a fifth of positives, scores that tell them apart in part, and grades of two readers."""
    import numpy as np

    draw = np.random.default_rng(7)
    labels = draw.random(CASES) < 0.2
    first, second = (draw.random(CASES) + 0.4 * labels for _ in range(2))
    grades, called = (np.minimum((score * 3.5).astype(int), CLASSES - 1) for score in (first, second))
    lists = {"labels": labels, "scores": first, "grades": grades, "called": called}
    path.write_text(json.dumps({name: values.tolist() for name, values in lists.items()}))


def load(name, path):
    import numpy as np
    from scipy.stats import rankdata
    from sklearn import metrics

    cases = {key: np.array(values) for key, values in json.loads(Path(path).read_text()).items()}
    labels, scores, grades, called = (cases[key] for key in ("labels", "scores", "grades", "called"))
    draw = np.random.default_rng(1)

    def resampled(of):
        drawn = draw.integers(0, CASES, CASES)
        return of(labels[drawn], scores[drawn])

    def by_ranks(labels, scores):
        positives = labels.sum()
        sum_of_ranks = rankdata(scores)[labels].sum()
        return (sum_of_ranks - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))

    return {
        "scikit-learn, AUROC": lambda: metrics.roc_auc_score(labels, scores),
        "scikit-learn, average precision": lambda: metrics.average_precision_score(labels, scores),
        "scikit-learn, quadratic kappa": lambda: metrics.cohen_kappa_score(grades, called, weights="quadratic"),
        "scikit-learn, bootstrap of AUROC": lambda: resampled(metrics.roc_auc_score),
        "numpy and scipy, bootstrap of AUROC": lambda: resampled(by_ranks),
    }[name]


# What a peer does, and which work of ours stands beside it.
PEERS = {
    "scikit-learn, AUROC": "auroc",
    "scikit-learn, average precision": "average_precision",
    "scikit-learn, quadratic kappa": "kappa",
    "scikit-learn, bootstrap of AUROC": "bootstrap",
    "numpy and scipy, bootstrap of AUROC": "bootstrap",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, help="the example metric_rate of eval-metrics, built for release")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5, help="how long a turn lasts, about")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        harness.serve(lambda: load(*arguments.worker), harness.repeat)
        return
    record = harness.Record("metrics")
    record.uses("scikit-learn", "scipy", "numpy")
    with tempfile.TemporaryDirectory() as folder:
        cases = Path(folder) / "cases.json"
        make(cases)
        check(arguments.binary, cases)
        values, bootstraps, memory, left_out = [], [], {}, []
        for name, work in PEERS.items():
            try:
                ours = harness.Native([arguments.binary, work, cases])
                theirs = harness.Worker([sys.executable, __file__, "--worker", name, cases])
                if work == "bootstrap":
                    amount = harness.work_for(theirs, arguments.seconds)
                    rates = harness.alternate(lambda: ours.run(RESAMPLES), lambda: theirs.run(amount), arguments.turns)
                    bootstraps.append((name, *rates))
                else:
                    values.append((name, *harness.against(ours, theirs, arguments.seconds, arguments.turns)))
                memory[name] = [ours.most_memory(), theirs.most_memory()]
                ours.close(), theirs.close()
            except RuntimeError as error:
                left_out.append((name, str(error)))
    record.add("Metrics of 10,000 cases, one thread", "values/s", values, left_out, bar=5, memory=memory)
    record.add("Bootstrap of 10,000 cases, one thread", "resamples/s", bootstraps, bar=5, memory=memory)
    record.save()


def check(binary, cases):
    """Ends if ours and scikit-learn give different values."""
    for name, work in list(PEERS.items())[:3]:
        ours = harness.Native([binary, work, cases])
        mine, theirs = ours.ask(1)["value"], float(load(name, cases)())
        ours.close()
        if abs(mine - theirs) > 1e-9:
            sys.exit(f"{name}: {theirs}, ours {mine}")


if __name__ == "__main__":
    main()
