"""`sim calls`: each call of a node's life on its machine fails, in turn.

The life is simulated; what runs in it is the node, its journal and its socket
classes as they are. Every call is made to fail once, in each of its ways, and
every invariant of the simulator is held against what comes of it.
"""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import click

from tools.errors import FAILED, FINE, ToolError
from tools.output import Output, pass_out
from tools.own_processes import as_they_end, command_of

BATCH = 20
LIVES = ("plain", "emergency")
COLUMNS = ("call", "counted", "failed", "went on", "emergency", "refused to start", "raised again", "died", "broken")


@click.command()
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="What the life is drawn from.")
@click.option("--every", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Only each Nth call: a sample.")
@click.option("--from", "first", type=click.IntRange(1), default=1, show_default=True, help="The first call that fails.")
@click.option("--twice", is_flag=True, help="The call after it fails as well.")
@click.option("--life", type=click.Choice(LIVES), multiple=True, help="plain, or one whose journal goes on in its emergency segment (default: both).")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes at a time.")
@pass_out
def calls(out: Output, seed: int, every: int, first: int, life: tuple[str, ...], jobs: int, *, twice: bool) -> int:
    """Make each call on the journal's files and on sockets fail once.

    Counted are open, fallocate, write, mmap, fsync, rename, unlink, stat,
    lock, read ... beneath the node's directory, and zmq's send, recv, events,
    connect, disconnect. Exit 1 where an invariant is broken.
    """
    rows: list[dict[str, Any]] = []
    counted: Counter[str] = Counter()
    for name in life or LIVES:
        whole = next(children(seed, [(0, 0)], name, 1, 1))
        if whole["violations"]:
            raise ToolError(f"the {name} life itself, in which nothing fails, breaks {whole['violations'][0]}")
        counted.update(whole["calls"])
        last = sum(whole["calls"].values())
        wanted = [(nth, way) for nth in range(first, last + 1, every) for way in range(WAYS)]
        for row in children(seed, wanted, name, 2 if twice else 1, jobs):
            rows.append({**row, "life": name})
            if row["violations"]:
                out.say(said(rows[-1]))
    rows = [row for row in rows if row["call"]]
    broken = [row for row in rows if row["violations"]]
    found = {
        "seed": seed,
        "calls": dict(sorted(counted.items())),
        "counted": sum(counted.values()),
        "failed": len(rows),
        "ended": dict(Counter(row["ended"] for row in rows)),
        "violations": sum(len(row["violations"]) for row in rows),
        "broken": [{key: row[key] for key in ("life", "nth", "way", "call", "errno", "at", "violations")} for row in broken],
    }
    if out.format == "table":
        out.many(by_call(rows, counted), COLUMNS)
    else:
        out.one(found)
    return FAILED if broken else FINE


WAYS = 2


def said(row: dict[str, Any]) -> str:
    """One life that broke something, in a line."""
    _, invariant, what = row["violations"][0]
    name = errno.errorcode.get(row["errno"], str(row["errno"]))
    return f"{row['life']} life, call {row['nth']}: {row['call']} of {row['at']}, {name}: {invariant}: {what}"


def by_call(rows: list[dict[str, Any]], counted: Counter[str]) -> Iterator[dict[str, Any]]:
    """A row a call: how often it was made, how often it failed, what came of it."""
    for name in sorted(counted):
        own = [row for row in rows if row["call"] == name]
        ended = Counter(row["ended"] for row in own)
        broken = sum(bool(row["violations"]) for row in own)
        yield {"call": name, "counted": counted[name], "failed": len(own), **ended, "broken": broken}


def children(seed: int, wanted: list[tuple[int, int]], life: str, times: int, jobs: int) -> Iterator[dict[str, Any]]:
    """The rows of these failures, from processes of their own. Raises: ToolError."""
    stride = jobs * (1 + len(wanted) // (BATCH * jobs))
    asked = [{"seed": seed, "calls": wanted[at::stride], "life": life, "times": times} for at in range(min(stride, len(wanted)))]
    for rows in as_they_end(_batch, asked, jobs):
        yield from rows


def _batch(asked: dict[str, Any]) -> list[dict[str, Any]]:
    told = subprocess.run([*command_of("tools.sim_calls:child", "-I"), json.dumps(asked)], capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    if told.returncode or len(rows) != len(asked["calls"]):
        stuck = asked["calls"][min(len(rows), len(asked["calls"]) - 1)]
        raise ToolError(f"call {stuck} broke its process (exit {told.returncode}): {told.stderr.strip()[-600:]}")
    return rows


def child() -> None:
    """A process that lives some lives: one JSON line for each."""
    from simulation.calls import life
    from tools.node_build import Node

    asked = json.loads(sys.argv[1])
    for nth, way in asked["calls"]:
        found = life(asked["seed"], Node, nth, way, asked["times"], emergency=asked["life"] == "emergency")
        sys.stdout.write(json.dumps({name: getattr(found, name) for name in found.__struct_fields__}) + "\n")
        sys.stdout.flush()
