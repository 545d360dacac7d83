"""P10: a thousand pairs in one node: its start, and what a pair weighs.

    python -m benchmarks.many [-n PAIRS] [--runs N]

`./hedgerow run` as its user starts it, its venues a scripted gateway; each pair
has two instruments of its own. Ready: from exec to the line that says so;
beside it the same of a node with one pair. Memory: what the node holds of its
own (proportional set size, as the kernel counts it) once every pair has had
quotes, less that of a node with one pair, over the pairs. Medians of the runs;
exit 3 when a gate is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from threading import Event
from time import monotonic_ns
from typing import Any

from benchmarks.isolation import config
from tools.client import Client

ROOT = Path(__file__).resolve().parent.parent
START_GATE_S, PAIR_GATE_KIB = 3.0, 24.0
SETTLE_S = 2.0
"""Each symbol is quoted about once a second."""
STOP_S = 60


def start(pairs: int) -> dict[str, float]:
    """One node of so many pairs, started, weighed and stopped. Units: s, KiB."""
    pipe = subprocess.PIPE
    with tempfile.TemporaryDirectory(prefix="hgm") as name:
        folder = Path(name)
        node_dir = folder / "node"
        node_dir.mkdir(mode=0o700)
        (folder / "c.toml").write_text(config(pairs, 0))
        script = [sys.executable, str(ROOT / "benchmarks" / "isolation_gateway.py"), str(node_dir), str(pairs), "0"]
        gateway = subprocess.Popen(script, stdin=pipe, stdout=pipe)
        gateway.stdout.readline()
        env = {**os.environ, "HEDGEROW_PYTHON": sys.executable}
        words = [str(ROOT / "hedgerow"), "run", "-c", str(folder / "c.toml"), "--live", "--log-level", "ERROR"]
        began_ns = monotonic_ns()
        node = subprocess.Popen(words, stdout=pipe, env=env)
        try:
            if b"ready" not in node.stdout.readline():
                raise SystemExit("the node did not start; run the same by hand to see why")
            took_s = (monotonic_ns() - began_ns) / 1e9
            with Client(node_dir) as client:
                while not all(venue["stage"] == "OPEN" for venue in client.ask("status")["venues"]):
                    Event().wait(0.05)
            Event().wait(SETTLE_S)
            held_kib = pss_kib(node.pid)
        finally:
            node.send_signal(signal.SIGTERM)
            code = node.wait(STOP_S)
            gateway.kill()
            gateway.wait()
            for pipe_end in (gateway.stdin, gateway.stdout, node.stdout):
                pipe_end.close()
        if code:
            raise SystemExit(f"the node ended with {code}")
        return {"ready_s": took_s, "kib": held_kib}


def pss_kib(pid: int) -> int:
    """Source: proc(5), smaps_rollup."""
    line = next(line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
    return int(line.split()[1])


def measure(pairs: int, runs: int) -> dict[str, Any]:
    """Shape: what is printed."""
    one, many = [], []
    for _ in range(runs):
        one.append(start(1))
        many.append(start(pairs))
    ready_s = median(each["ready_s"] for each in many)
    kib = median(big["kib"] - small["kib"] for big, small in zip(many, one, strict=True)) / (pairs - 1)
    return {
        "pairs": pairs,
        "ready_s": round(ready_s, 2),
        "ready_one_s": round(median(each["ready_s"] for each in one), 2),
        "kib_a_pair": round(kib, 1),
        "node_mib": round(median(each["kib"] for each in many) / 1024, 1),
        "ok": ready_s <= START_GATE_S and kib <= PAIR_GATE_KIB,
    }


def main() -> int:
    """Measure and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many")
    parser.add_argument("-n", "--pairs", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=3)
    told = parser.parse_args()
    if told.pairs < 2 or told.runs < 1:
        parser.error("two pairs and one run at least")
    found = measure(told.pairs, told.runs)
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if found["ok"] else 3


if __name__ == "__main__":
    sys.exit(main())
