"""`sim run | seeds`: the whole node in virtual time, judged, from a seed."""

from __future__ import annotations

from typing import Any

import click

from tools.errors import FAILED, FINE
from tools.output import Output, pass_out

SAFETY_MS = 15_000


@click.command()
@click.option("--seed", type=click.IntRange(0), required=True, help="What everything of the run is drawn from.")
@click.option(
    "--safety-ms", type=click.IntRange(1000), default=SAFETY_MS, show_default=True, help="Virtual time with faults."
)
@pass_out
def run(out: Output, seed: int, safety_ms: int) -> int:
    """Run one seed: node, venues and faults in virtual time, judged.

    Every invariant is checked after every event. The same seed writes the
    same journal, byte for byte. Exit 1 where an invariant is broken.
    """
    from simulation.run import run as run_seed
    from tools.node_build import Node

    result = run_seed(seed, Node, safety_ms)
    out.one(_row(result))
    return FINE if result.ok else FAILED


@click.command()
@click.option("--count", type=click.IntRange(1), default=1000, show_default=True, help="How many seeds.")
@click.option("--from", "first", type=click.IntRange(0), default=0, show_default=True, help="The first seed.")
@click.option(
    "--safety-ms", type=click.IntRange(1000), default=SAFETY_MS, show_default=True, help="Virtual time with faults."
)
@click.option("--keep-going", is_flag=True, help="Go on after a violation.")
@pass_out
def seeds(out: Output, count: int, first: int, safety_ms: int, *, keep_going: bool) -> int:
    """Run many seeds, one after another; name those that broke something."""
    from simulation.run import run as run_seed
    from system.clock import SystemClock
    from tools.node_build import Node

    clock = SystemClock()
    begun_ns = clock.mono_ns()
    total = _Total()
    for seed in range(first, first + count):
        result = run_seed(seed, Node, safety_ms)
        total.add(result)
        if not result.ok:
            _, invariant, what = result.violations[0]
            out.say(f"seed {seed}: {invariant}: {what}")
            if not keep_going:
                break
    out.one(total.row((clock.mono_ns() - begun_ns) / 1e9))
    return FAILED if total.broken else FINE


class _Total:
    """Sums over seeds."""

    def __init__(self) -> None:
        self.seeds = self.hedges = self.violations = self.events = self.virtual_ms = self.free = self.kills = 0
        self.faults: dict[str, int] = {}
        self.outcomes: dict[str, int] = {}
        self.broken: list[int] = []

    def add(self, result: Any) -> None:
        """One seed more."""
        self.seeds += 1
        self.hedges += result.hedges
        self.violations += len(result.violations)
        self.events += result.events
        self.virtual_ms += result.virtual_ms
        self.kills += result.kills
        self.free += result.free_of_faults
        for mine, theirs in ((self.faults, result.faults), (self.outcomes, result.outcomes)):
            for name, number in theirs.items():
                mine[name] = mine.get(name, 0) + number
        if not result.ok:
            self.broken.append(result.seed)

    def row(self, seconds: float) -> dict[str, Any]:
        """What is shown at the end."""
        return {
            "seeds": self.seeds,
            "free_of_faults": self.free,
            "hedges": self.hedges,
            "outcomes": dict(sorted(self.outcomes.items())),
            "node_kills": self.kills,
            "faults_met": sum(self.faults.values()),
            "faults": dict(sorted(self.faults.items())),
            "violations": self.violations,
            "broken_seeds": self.broken,
            "events": self.events,
            "events_per_s": round(self.events / seconds),
            "virtual_over_real": round(self.virtual_ms / 1000 / seconds, 1),
            "seconds": round(seconds, 1),
        }


def _row(result: Any) -> dict[str, Any]:
    row = {name: getattr(result, name) for name in result.__struct_fields__}
    row["violations"] = [
        {"at_ms": at_ns // 1_000_000, "invariant": invariant, "what": what}
        for at_ns, invariant, what in result.violations
    ]
    return row
