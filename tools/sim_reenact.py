"""`sim reenact`: Knight and 光大, each in many variants."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import click
import msgspec

from tools.errors import FAILED, FINE, ToolError
from tools.output import Output, pass_out
from tools.own_processes import command_of

BATCH = 10


@click.command()
@click.option("--variants", type=click.IntRange(1), default=100, show_default=True, help="How many of each accident.")
@click.option("--from", "first", type=click.IntRange(0), default=1, show_default=True, help="The first variant.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes at a time.")
@pass_out
def reenact(out: Output, variants: int, first: int, jobs: int) -> int:
    """Re-enact the accidents of Knight and 光大, each variant drawn from its number.

    By accident: orders of a hedge, how soon somebody was told, how long
    anything still opened (virtual ms after the first order without an answer).
    Exit 1 where R6 is not kept: orders within the cap, alert in 500 ms,
    nothing opened after 1000 ms, all whole at the end.
    """
    from simulation.reenactments import ACCIDENTS, Outcome, summed

    rows, failed = [], False
    for name in ACCIDENTS:
        outcomes = [msgspec.convert(row, Outcome) for row in _outcomes(name, range(first, first + variants), jobs)]
        for each in outcomes:
            if not each.ok:
                failed = True
                out.say(f"{name} {each.seed}: {'; '.join(each.wrong) or each}")
        rows.append(summed(outcomes))
    out.many(rows)
    return FAILED if failed else FINE


def _outcomes(name: str, variants: range, jobs: int) -> Iterator[dict[str, Any]]:
    batches = [variants[at : at + BATCH] for at in range(0, len(variants), BATCH)]
    with ThreadPoolExecutor(jobs) as pool:
        for found in pool.map(lambda batch: _batch(name, batch), batches):
            yield from found


def _batch(name: str, variants: range) -> list[dict[str, Any]]:
    command = [*command_of("tools.sim_reenact:child", "-P", "-s"), json.dumps({"accident": name, "variants": list(variants)})]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        raise ToolError(f"{name}, variants {variants[0]} to {variants[-1]}: {told.stderr.strip()[-400:]}")
    return [json.loads(line) for line in told.stdout.splitlines()]


def child() -> None:
    """A process that runs some variants: one JSON line for each."""
    from simulation.reenactments import reenact as run_one
    from tools.node_build import Node

    asked = json.loads(sys.argv[1])
    for variant in asked["variants"]:
        sys.stdout.write(json.dumps(msgspec.to_builtins(run_one(asked["accident"], variant, Node))) + "\n")
