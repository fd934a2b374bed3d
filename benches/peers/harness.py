"""Measures ours and a peer in turn, in seconds of processor time: what else the machine does hits both little, and alike.
Keeps what was measured as results/NAME.json, from which page.py writes BENCHMARKS.md."""

import datetime
import json
import os
import platform
import re
import select
import statistics
import subprocess
import sys
import time
from pathlib import Path

# A spread over this share of the median is marked: such a figure says little.
NOISY = 0.15
RESULTS = Path(__file__).resolve().parent / "results"


def threads(count):
    """The environment in which a side runs with so many threads."""
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS"]
    return {**os.environ, **{name: str(count) for name in names}}


def one_thread():
    return threads(1)


class Worker:
    """A side in a process of its own that loads once, then reads a line with how much work to do for every line with
    the seconds that it took: a command, or a Python script as `[sys.executable, script, "--worker", NAME]`."""

    def __init__(self, command, patience=900):
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=one_thread(),
        )
        self.patience = patience
        self.load_seconds = self.read()["loaded"]

    def read(self):
        ready, _, _ = select.select([self.process.stdout], [], [], self.patience)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.process.kill()
            raise RuntimeError("no answer" if not ready else "it ended")
        return json.loads(line)

    def ask(self, amount):
        self.process.stdin.write(f"{amount}\n")
        self.process.stdin.flush()
        return self.read()

    def run(self, amount):
        """Units of work done a second over the first `amount` pieces of work."""
        answer = self.ask(amount)
        return answer["units"] / answer["seconds"]

    def most_memory(self):
        """GiB that the process held at the most, from Linux's table of processes."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 2**20

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Native(Worker):
    """A program of ours that answers in seconds of the wall; the processor's are taken from Linux's table of processes."""

    def run(self, amount):
        before = seconds_of(self.process.pid)
        units = self.ask(amount)["units"]
        return units / max(seconds_of(self.process.pid) - before, 0.01)


def repeat(work, amount):
    """For `serve`: a unit of work is one call."""
    for _ in range(amount):
        work()
    return amount


def serve(load, work):
    """The other end of a `Worker`: `load()` once, then `work(state, amount)`, which gives its units."""
    begin = time.perf_counter()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # What the peer prints is not an answer.
    state = load()
    print(json.dumps({"loaded": time.perf_counter() - begin}), file=answers, flush=True)
    for line in sys.stdin:
        begin = time.process_time()
        units = work(state, int(line))
        print(json.dumps({"units": units, "seconds": time.process_time() - begin}), file=answers, flush=True)


def seconds_of(process):
    """The processor time of a running process, from Linux's table of processes, to a hundredth of a second."""
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(command, env=None):
    """Seconds of the processor and of the wall that a command takes from start to end, and the GiB that it held."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env or one_thread()
    )
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise RuntimeError(message.decode(errors="replace")[-300:])
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - begin, usage.ru_maxrss / 2**20


def child_seconds(command):
    """The processor time of a command, start and end included."""
    return run(command)[0]


def alternate(ours, theirs, turns):
    """Rates of both, measured in turn after a turn each that does not count."""
    ours(), theirs()
    a, b = [], []
    for _ in range(turns):
        a.append(ours())
        b.append(theirs())
    return a, b


def against(ours, theirs, seconds, turns):
    """Rates of two workers, with as much work a turn as takes each about so many seconds."""
    mine, yours = (work_for(side, seconds) for side in (ours, theirs))
    return alternate(lambda: ours.run(mine), lambda: theirs.run(yours), turns)


def work_for(side, seconds):
    """How much work takes a worker about so many seconds: Linux counts in hundredths, so little work says nothing."""
    amount = 2
    while amount / (rate := side.run(amount)) < min(0.3, seconds):
        amount *= 4
    return max(1, int(seconds * rate))


def machine():
    """What the figures were measured on; nothing that names the machine."""
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / 2**20
    return {
        "cpu": model, "cores": len(os.sched_getaffinity(0)), "memory_gib": round(memory), "system": platform.system(),
        "architecture": platform.machine(),
    }


class Record:
    """What one script measures: tables of rows, kept as JSON and printed as Markdown.

    Notes how much of the machine others used meanwhile: the time of all processors that was neither idle nor of this
    script and the processes that it started and waited for."""

    def __init__(self, name):
        self.name, self.tables, self.versions, self.more = name, [], {}, {}
        self.begin = (time.perf_counter(), busy(), own())

    def add(self, title, unit, rows, left_out=(), bar=None, memory=None, lower=False):
        """Rows `(peer, our rates, the peer's rates)`; `bar` is the ratio to reach over the best peer, `memory` by peer
        what ours and the peer held at the most in GiB, and `lower` says that less is better."""
        rows = [
            {"peer": peer, "ours": ours, "theirs": theirs, "memory": (memory or {}).get(peer)} for peer, ours, theirs in rows
        ]
        # What is kept may be published: no paths of this machine.
        left_out = [[peer, re.sub(r"/\S+", "a path", why)] for peer, why in left_out]
        table = {"title": title, "unit": unit, "bar": bar, "lower": lower, "rows": rows, "left_out": left_out}
        self.tables.append(table)
        print(markdown(table))

    def uses(self, *packages):
        """Notes the versions of these packages."""
        from importlib.metadata import PackageNotFoundError, version

        for package in packages:
            try:
                self.versions[package] = version(package)
            except PackageNotFoundError:
                pass

    def save(self):
        seconds, used, mine = (now - then for now, then in zip((time.perf_counter(), busy(), own()), self.begin))
        cores = os.cpu_count()
        others = max(0.0, used - mine) / (seconds * cores)
        entry = {
            "name": self.name, "date": datetime.date.today().isoformat(), "machine": machine(), "seconds": round(seconds),
            "others": round(others, 2), "python": platform.python_version(), "versions": self.versions,
            "tables": self.tables, **self.more,
        }
        RESULTS.mkdir(exist_ok=True)
        with open(RESULTS / f"{self.name}.json", "w", encoding="utf-8") as file:
            json.dump(rounded(entry), file, indent=1, ensure_ascii=False)
            file.write("\n")


def rounded(value):
    """Numbers to five digits."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, (list, tuple)) else value


def busy():
    """Seconds that the processors worked since the machine started."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, *_ = map(int, file.readline().split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def own():
    """Seconds of this process and of those that it started and waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def spread(rates):
    """Of a list of rates, from the least to the most, as a share of the median."""
    return (max(rates) - min(rates)) / statistics.median(rates)


def cell(rates, unit):
    """Median and spread, marked where it is wide."""
    mark = " (noisy)" if spread(rates) > NOISY else ""
    return f"{amount(statistics.median(rates))} {unit} ± {100 * spread(rates) / 2:.0f} %{mark}"


def amount(value):
    """A number of three digits."""
    if value >= 1000:
        digits = len(str(int(value))) - 3
        return f"{round(value, -digits):,.0f}"
    return f"{value:.3g}"


def memory_of(gib):
    return f"{gib:.2f} GiB" if gib >= 1 else f"{gib * 1024:.0f} MiB"


def ratio(row):
    return statistics.median(row["ours"]) / statistics.median(row["theirs"])


def markdown(table):
    """The table of a pair, and the names of those left out, with why."""
    unit = table["unit"]
    held = any(row["memory"] for row in table["rows"])
    head = ["peer", "ours", "the peer", "ratio"] + (["memory at most, ours and the peer's"] if held else [])
    lines = [f"### {table['title']}", ""]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in table["rows"]:
        cells = [row["peer"], cell(row["ours"], unit), cell(row["theirs"], unit), f"{ratio(row):.3g}"]
        if held:
            cells.append(" and ".join(map(memory_of, row["memory"])) if row["memory"] else "")
        lines.append("| " + " | ".join(cells) + " |")
    lines += [f"\nLeft out: {peer} ({why})." for peer, why in table["left_out"]]
    return "\n".join(lines) + "\n"
