"""`sim run | seeds | fleet | shrink`: the whole node in virtual time."""

from __future__ import annotations

from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import click

from tools.errors import FAILED, FINE
from tools.output import Output, pass_out

SAFETY_MS = 18_000
_safety = click.option(
    "--safety-ms", type=click.IntRange(1000), default=SAFETY_MS, show_default=True, help="Virtual time with faults."
)


@click.command()
@click.option("--seed", type=click.IntRange(0), required=True, help="What everything of the run is drawn from.")
@click.option("--without", multiple=True, metavar="FAULT", help="Leave this fault out; may be given again.")
@_safety
@pass_out
def run(out: Output, seed: int, safety_ms: int, without: tuple[str, ...]) -> int:
    """Run one seed: node, venues and faults in virtual time, judged.

    Every invariant is checked after every event. The same seed writes the
    same journal, byte for byte. Exit 1 where an invariant is broken.
    """
    from simulation.run import run as run_seed
    from tools.node_build import Node

    result = run_seed(seed, Node, safety_ms, frozenset(without))
    out.one(_row(result))
    return FINE if result.ok else FAILED


@click.command()
@click.option("--seeds", "--count", "count", type=click.IntRange(1), default=1000, show_default=True, help="How many seeds.")
@click.option("--from", "first", type=click.IntRange(0), default=0, show_default=True, help="The first seed.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes at a time.")
@click.option("--twice", is_flag=True, help="Each seed again, with another PYTHONHASHSEED: the same bytes?")
@click.option("--matrix", is_flag=True, help="Only the table of faults by the order's state that they met.")
@click.option("--gate", is_flag=True, help="Exit 1 too where the run falls short of R1, R2, R3 or R21.")
@click.option("--lines", type=click.Path(dir_okay=False, path_type=Path), help="Keep each seed's result here, and go on from what is there.")
@_safety
@pass_out
def fleet(
    out: Output, count: int, first: int, jobs: int, safety_ms: int, lines: Path | None, *, twice: bool, matrix: bool, gate: bool
) -> int:
    """Run many seeds in several processes; name those that broke something.

    Then the table of faults by the order's state that they met, and the sums.
    Exit 1 where an invariant is broken, or where two runs of a seed differ.
    `sim shrink --seed S` makes a broken one small.
    """
    from simulation import cells
    from system.clock import SystemClock
    from tools.sim_fleet import Total, add_up, short_of
    from tools.sim_lines import Lines, code_digest

    clock = SystemClock()
    begun_ns = clock.mono_ns()
    total = Total()
    with nullcontext() if lines is None else closing(Lines(lines, safety_ms, code_digest())) as kept:
        stopped = add_up(out, clock, total, range(first, first + count), safety_ms, jobs, kept, twice=twice)
    if stopped:
        out.say(f"stopped after {total.seeds} of {count} seeds")
    if not total.seeds:
        raise KeyboardInterrupt
    told = total.row((clock.mono_ns() - begun_ns) / 1e9, jobs)
    if matrix or out.format == "table":
        out.many(cells.rows(told["matrix"]))
    if not matrix:
        out.one(told if out.format != "table" else {key: value for key, value in told.items() if key != "matrix"})
    short = short_of(told) if gate else []
    for line in short:
        out.say(f"short of the gate: {line}")
    if stopped:
        raise KeyboardInterrupt
    return FAILED if total.broken or total.differing or short else FINE


@click.command()
@click.option("--seed", type=click.IntRange(0), required=True, help="A seed that breaks an invariant.")
@click.option("--keep", default="", metavar="WHAT", help="Add it to the ledger that the tests replay, with this word.")
@_safety
@pass_out
def shrink(out: Output, seed: int, safety_ms: int, keep: str) -> int:
    """Make a broken seed small: fewer faults, a shorter horizon.

    Exit 1 where the seed breaks nothing.
    """
    from simulation.shrink import shrunk
    from tools.node_build import Node
    from tools.sim_ledger import add

    found = shrunk(seed, Node, safety_ms)
    if found is None:
        out.say(f"seed {seed}: no invariant is broken")
        return FAILED
    row = {**found, "note": keep}
    if keep:
        add(row)
    out.one(row)
    return FINE


def _row(result: Any) -> dict[str, Any]:
    row = {name: getattr(result, name) for name in result.__struct_fields__}
    row["violations"] = [
        {"at_ms": at_ns // 1_000_000, "invariant": invariant, "what": what}
        for at_ns, invariant, what in result.violations
    ]
    return row
