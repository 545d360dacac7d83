"""Many seeds in several processes, and the sums over them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from domain.ports import Clock
from simulation import cells
from system.signals import StopFlag
from tools.errors import ToolError
from tools.output import Output
from tools.own_processes import as_they_end, command_of
from tools.sim_lines import Lines

BATCH = 10
"""Seeds a process: few enough that all processes end at about the same time."""
TELL_NS = 60_000_000_000
"""How often a run tells how far it has come."""
HASH_SEEDS = ("1", "77")
GATES = {"hedges_a_seed": 20, "faults_met_live_a_seed": 100, "faults_per_1000_messages": 10, "events_per_s": 15_000}
"""R1 and R2."""


def results(seeds: Sequence[int], safety_ms: int, jobs: int, stop: StopFlag, *, twice: bool) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Each seed's result, and the digest of its second run where asked for.

    `stop`: once it is set no more processes start; what those that run have come to is still given.
    """
    batches = [seeds[at : at + BATCH] for at in range(0, len(seeds), BATCH)]
    for rows in as_they_end(lambda batch: _batch(batch, safety_ms, stop, twice=twice), batches, jobs):
        yield from rows


def _batch(seeds: Sequence[int], safety_ms: int, stop: StopFlag, *, twice: bool) -> list[tuple[dict[str, Any], str | None]]:
    first = [] if stop.is_set() else _rows(seeds, safety_ms, HASH_SEEDS[0], stop)
    if not twice:
        return [(row, None) for row in first]
    again = [] if stop.is_set() else _rows(seeds, safety_ms, HASH_SEEDS[1], stop)
    return [(row, other["journal_sha256"]) for row, other in zip(first, again, strict=False)]  # stopped, some have run once


def _rows(seeds: Sequence[int], safety_ms: int, hash_seed: str, stop: StopFlag) -> list[dict[str, Any]]:
    command = [*command_of("tools.sim_child:main", "-P", "-s"), json.dumps({"seeds": list(seeds), "safety_ms": safety_ms})]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = subprocess.run(
        command, env={**environment, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=False
    )
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    if stop.is_set() or (len(rows) == len(seeds) and not told.returncode):
        return rows  # a terminal's Ctrl-C goes to the seeds' processes too
    if len(rows) == len(seeds):
        raise ToolError(f"a process of seeds ended with {told.returncode}: {told.stderr.strip()[-400:]}")
    rows.append(died(seeds[len(rows)], f"exit {told.returncode}: {told.stderr.strip()[-400:]}"))
    return rows + (_rows(seeds[len(rows) :], safety_ms, hash_seed, stop) if len(rows) < len(seeds) else [])


def add_up(out: Output, clock: Clock, total: Total, seeds: range, safety_ms: int, jobs: int, lines: Lines | None, *, twice: bool) -> bool:
    """Run what `lines` does not have, and name what breaks; true where it was told to stop before its end.

    Once told, what runs is still counted.
    """
    stop = StopFlag()
    left = []
    for seed in seeds:
        found = lines.of(seed, twice=twice) if lines is not None else None
        if found is None:
            left.append(seed)
        else:
            total.take_over(*found)
            _name(out, *found)
    with stop.installed():
        begun_ns = told_ns = clock.mono_ns()
        for row, again in results(left, safety_ms, jobs, stop, twice=twice):
            total.add(row, again)
            if lines is not None:
                lines.put(row, again)
            _name(out, row, again)
            now_ns = clock.mono_ns()
            if now_ns - told_ns >= TELL_NS:
                told_ns = now_ns
                ran = total.seeds - total.taken_over
                minutes = (now_ns - begun_ns) / 60e9
                out.say(f"{total.seeds} of {len(seeds)} seeds, {len(total.broken)} broken, about {minutes / ran * (len(left) - ran):.0f} min to go")
    return stop.is_set()


def _name(out: Output, row: dict[str, Any], again: str | None) -> None:
    for _, invariant, what in row["violations"][:1]:
        out.say(f"seed {row['seed']}: {invariant}: {what}")
    if again is not None and again != row["journal_sha256"]:
        out.say(f"seed {row['seed']}: two runs wrote different journals")


def died(seed: int, why: str) -> dict[str, Any]:
    """The row of a seed that broke its process: nothing of it counts but that."""
    counts = dict.fromkeys(("hedges", "repairs", "events", "messages", "virtual_ms", "kills", "restarts", "cpu_s"), 0)
    sums: dict[str, Any] = {name: {} for name in ("faults", "live", "outcomes", "phases", "met", "alerts")}
    return {"seed": seed, "violations": [[0, "PROCESS", why]], "free_of_faults": False, "journal_sha256": "", **counts, **sums}


class Total:
    """Sums over seeds."""

    def __init__(self) -> None:
        self.seeds = self.hedges = self.repairs = self.violations = self.events = self.messages = self.virtual_ms = 0
        self.free = self.kills = self.restarts = self.alerts_free = self.repairs_free = 0
        self.cpu_s = 0.0
        self.faults: dict[str, int] = {}
        self.live: dict[str, int] = {}
        self.outcomes: dict[str, int] = {}
        self.phases: dict[str, int] = {}
        self.matrix: dict[str, dict[str, int]] = {}
        self.broken: list[int] = []
        self.differing: list[int] = []
        self.compared = self.taken_over = self.virtual_ms_before = 0

    def take_over(self, row: dict[str, Any], again: str | None) -> None:
        """A seed that an earlier run has kept."""
        self.add(row, again)
        self.taken_over += 1
        self.virtual_ms_before += row["virtual_ms"]

    def add(self, row: dict[str, Any], again: str | None = None) -> None:
        """One seed more."""
        self.seeds += 1
        self.violations += len(row["violations"])
        for name in ("hedges", "repairs", "events", "messages", "virtual_ms", "kills", "restarts", "cpu_s"):
            setattr(self, name, getattr(self, name) + row[name])
        if row["free_of_faults"]:
            self.free += 1
            self.alerts_free += sum(row["alerts"].values())
            self.repairs_free += row["repairs"]
        for name in ("faults", "live", "outcomes", "phases"):
            _sum(getattr(self, name), row[name])
        for fault, states in row["met"].items():
            _sum(self.matrix.setdefault(fault, {}), states)
        if row["violations"]:
            self.broken.append(row["seed"])
        if again is not None:
            self.compared += 1
            if again != row["journal_sha256"]:
                self.differing.append(row["seed"])

    def row(self, seconds: float, jobs: int) -> dict[str, Any]:
        """What is shown at the end. `events_per_s`: of a core, by the CPU time that the seeds took."""
        missed, live = cells.missed(self.matrix), sum(self.live.values())
        return {
            "seeds": self.seeds,
            "taken_over": self.taken_over,
            "free_of_faults": self.free,
            "alerts_free_of_faults": self.alerts_free,
            "repairs_free_of_faults": self.repairs_free,
            "hedges": self.hedges,
            "hedges_a_seed": round(self.hedges / self.seeds, 1),
            "outcomes": dict(sorted(self.outcomes.items())),
            "repairs": self.repairs,
            "node_kills": self.kills,
            "restarts": self.restarts,
            "faults_met": sum(self.faults.values()),
            "faults_met_live": live,
            "faults_met_live_a_seed": round(live / self.seeds, 1),
            "faults_per_1000_messages": round(1000 * live / max(1, self.messages), 1),
            "faults": dict(sorted(self.faults.items())),
            "faults_live": dict(sorted(self.live.items())),
            "faults_by_number": cells.by_number(self.faults),
            "cells": len(cells.cells()),
            "cells_missed": missed,
            "cells_under_20": _count(missed),
            "cells_short_at_10000": _count(cells.short_in_a_gate_run(self.matrix, self.seeds)),
            "cells_unreachable": len(cells.FAULTS) * len(cells.STATES) - len(cells.cells()),
            "unreachable_met": cells.met_though_unreachable(self.matrix),
            "matrix_cells": cells.told(self.matrix),
            "matrix": {fault: self.matrix[fault] for fault in sorted(self.matrix)},
            "violations": self.violations,
            "broken_seeds": sorted(self.broken),
            "compared_twice": self.compared,
            "differing_seeds": sorted(self.differing),
            "phases_ms": {name: ms // self.seeds for name, ms in self.phases.items()},
            "events": self.events,
            "messages": self.messages,
            "events_per_s": round(self.events / max(self.cpu_s, 0.01)),
            "virtual_over_real": round((self.virtual_ms - self.virtual_ms_before) / 1000 / seconds, 1),
            "cpu_s": round(self.cpu_s, 1),
            "jobs": jobs,
            "seconds": round(seconds, 1),
        }


def short_of(told: dict[str, Any]) -> list[str]:
    """What a run falls short of, of R1 to R3 and R21, one line each."""
    short = [
        f"{name} {told[name]}, the gate is {least}"
        for name, least in GATES.items()
        if told[name] < least
    ]
    missed = told["cells_under_20"]
    short += [f"{fault} met {states}, which can't be by simulation/cells.py" for fault, states in told["unreachable_met"].items()]
    if missed:
        short.append(f"{missed} cells of {told['cells']} were met less than {cells.LEAST} times")
    if told["alerts_free_of_faults"] or told["repairs_free_of_faults"]:
        short.append("a seed without faults has alerted or repaired")
    return short


def _count(found: dict[str, dict[str, int]]) -> int:
    return sum(len(states) for states in found.values())


def _sum(mine: dict[str, int], theirs: dict[str, int]) -> None:
    for name, number in theirs.items():
        mine[name] = mine.get(name, 0) + number
