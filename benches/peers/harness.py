"""Measures ours and a peer in turn, in seconds of processor time: what else the machine does hits both little, and alike."""

import json
import os
import select
import statistics
import subprocess
import sys
import time

# A spread over this share of the median is marked: such a figure says little.
NOISY = 0.15


def one_thread():
    """The environment in which everything here runs: one thread."""
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS"]
    return {**os.environ, **{name: "1" for name in names}}


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

    def run(self, amount):
        """Units of work done a second over the first `amount` pieces of work."""
        self.process.stdin.write(f"{amount}\n")
        self.process.stdin.flush()
        answer = self.read()
        return answer["units"] / answer["seconds"]

    def most_memory(self):
        """GiB that the process held at the most, from Linux's table of processes."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 2**20

    def close(self):
        self.process.stdin.close()
        self.process.wait()


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


def child_seconds(command):
    """The processor time of a command, start and end included."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=one_thread())
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def alternate(ours, theirs, turns):
    """Rates of both, measured in turn after a turn each that does not count."""
    ours(), theirs()
    a, b = [], []
    for _ in range(turns):
        a.append(ours())
        b.append(theirs())
    return a, b


def cell(rates, unit):
    """Median and spread, marked where it is wide."""
    median = statistics.median(rates)
    spread = (max(rates) - min(rates)) / median
    mark = " (noisy)" if spread > NOISY else ""
    return f"{median:.3g} {unit} ± {100 * spread / 2:.0f} %{mark}"


def table(title, unit, rows, left_out):
    """The Markdown table of `(peer, ours, theirs)` rows, and the names of those left out, with why."""
    lines = [f"### {title}", "", "| peer | ours | the peer | ratio |", "|---|---|---|---|"]
    for peer, ours, theirs in rows:
        ratio = statistics.median(ours) / statistics.median(theirs)
        lines.append(f"| {peer} | {cell(ours, unit)} | {cell(theirs, unit)} | {ratio:.3g} |")
    lines += [f"\nLeft out: {peer} ({why})." for peer, why in left_out]
    return "\n".join(lines) + "\n"
