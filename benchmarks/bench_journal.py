"""P11: a journal append beside a bare write() of the same bytes.

    python -m benchmarks.bench_journal [--json] [--dir DIR] [--rounds N]

Rounds alternate, so that a slow moment of the machine falls on both; the
ratio is the median of the rounds' ratios. A third column writes and syncs
nothing else: it is what the other thread costs, for information.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from journal.format import RECORD_OVERHEAD
from journal.writer import Journal

BODY_BYTES = (100, 300, 600, 1500)
"""A small fact, an order's report, a firing with two orders, a repair."""
APPENDS = 200
GATE, GOAL = 3.0, 1.5
KIND = "decision"


class MachineClock:
    wall_ns = staticmethod(time.time_ns)
    mono_ns = staticmethod(time.monotonic_ns)


def measure(directory: Path, rounds: int = 60) -> dict:
    """Figures by body size, and of what runs beside the lane. Units: us."""
    journal = Journal(directory / "journal", clock=MachineClock(), node="bench")
    fd = os.open(directory / "bare", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    sizes = {str(size): _by_size(journal, fd, size, rounds) for size in BODY_BYTES}
    beside = _beside(journal)
    os.close(fd)
    journal.close()
    ratio = max(each["ratio"] for each in sizes.values())
    return {
        "P11": {"ratio": ratio, "gate": GATE, "goal": GOAL, "ok": ratio <= GATE},
        "append": sizes,
        **beside,
    }


def _by_size(journal: Journal, fd: int, size: int, rounds: int) -> dict:
    body = os.urandom(size)
    record = os.urandom(RECORD_OVERHEAD + 1 + len(KIND) + size)
    ours, bare = [], []
    for n in range(rounds + 5):
        appended, written = _append(journal, body), _write(fd, record)
        if n >= 5:  # the first rounds warm caches up
            ours.append(appended)
            bare.append(written)
    return {
        "ours_us": round(statistics.median(ours), 3),
        "write_us": round(statistics.median(bare), 3),
        "ratio": round(statistics.median(a / b for a, b in zip(ours, bare, strict=True)), 3),
        "ours_worst_round_us": round(max(ours), 3),
    }


def _append(journal: Journal, body: bytes) -> float:
    append = journal.append
    began = time.perf_counter_ns()
    for _ in range(APPENDS):
        append(KIND, body, 1 if journal.last_seq else 0)
    return (time.perf_counter_ns() - began) / APPENDS / 1_000


def _write(fd: int, record: bytes) -> float:
    write = os.write
    began = time.perf_counter_ns()
    for _ in range(APPENDS):
        write(fd, record)
    return (time.perf_counter_ns() - began) / APPENDS / 1_000


def _beside(journal: Journal) -> dict:
    """What the syncing thread's calls take, and a roll in the lane."""
    syncs = []
    journal.sync()
    for _ in range(20):
        _append(journal, bytes(300))
        syncs.append(_timed(journal.sync))
    prepare_us = _timed(journal.prepare_next)
    return {
        "sync_us": round(statistics.median(syncs), 1),
        "prepare_next_us": round(prepare_us, 1),
        "roll_prepared_us": round(_timed(journal.roll), 1),
        "roll_unprepared_us": round(_timed(journal.roll), 1),
    }


def _timed(call) -> float:
    began = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - began) / 1_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--dir", type=Path, default=None, help="On the disk to measure (default: the temporary one).")
    parser.add_argument("--rounds", type=int, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hg", dir=given.dir) as directory:
        found = measure(Path(directory), given.rounds)
    if given.json:
        print(json.dumps(found, indent=2))
    else:
        print(f"{'body bytes':>12}{'append us':>12}{'write us':>12}{'ratio':>8}")
        for size, each in found["append"].items():
            print(f"{size:>12}{each['ours_us']:>12.2f}{each['write_us']:>12.2f}{each['ratio']:>8.2f}")
        for name in ("sync_us", "prepare_next_us", "roll_prepared_us", "roll_unprepared_us"):
            print(f"{name:<24}{found[name]:>10.1f}")
        print(f"P11 {found['P11']['ratio']:.2f}, gate {GATE}, goal {GOAL}")
    return 0 if found["P11"]["ok"] else 3


if __name__ == "__main__":
    raise SystemExit(main())
