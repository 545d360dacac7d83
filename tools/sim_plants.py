"""`sim plants`: bugs put into the code one at a time; who notices?"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import click

from tools.errors import FAILED, FINE, ToolError
from tools.output import Output, pass_out
from tools.own_processes import as_they_end, command_of

SEEDS = 500
BATCH = 20
PATIENCE_S = 600
"""Seeds a process, and how long they may take: one that has said nothing for so long is stuck, and caught as well."""


@click.command()
@click.argument("names", nargs=-1)
@click.option("--seeds", type=click.IntRange(0), default=SEEDS, show_default=True, help="The most seeds a bug; 0: none.")
@click.option("--from", "first", type=click.IntRange(0), default=0, show_default=True, help="The first seed.")
@click.option("--sample", type=click.IntRange(1), default=None, metavar="N", help="Only N of them, spread over all.")
@click.option("--scenarios/--no-scenarios", default=True, show_default=True, help="Run each bug's scenario too.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes at a time.")
@click.option("--write", is_flag=True, help="Put what was found into the table of docs/en|zh/plants.md.")
@pass_out
def plants(
    out: Output, names: tuple[str, ...], seeds: int, first: int, jobs: int, sample: int | None, *, scenarios: bool, write: bool
) -> int:
    """Plant bugs, one at a time, and say after how many seeds each is caught.

    NAMES: only these (default: all). Where a bug takes a scenario's rule out,
    a test of that scenario must fail. Exit 1 if any bug is not caught.
    """
    from simulation.plants import every

    known = every()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ToolError(f"no plant {unknown[0]!r}; there are: {', '.join(known)}")
    chosen = [known[name] for name in names] if names else list(known.values())
    if sample is not None:
        chosen = [plant for plant in chosen if plant.seeds or scenarios]
        chosen = chosen[:: max(1, len(chosen) // sample)][:sample]
    rows = list(_caught(out, chosen, seeds, first, jobs, scenarios=scenarios))
    if write:
        from tools.plants_page import write as write_pages

        write_pages(known.values(), rows)
    missed = [row["plant"] for row in rows if not row["caught"]]
    if out.format == "json":
        out.one({"plants": len(rows), "caught": len(rows) - len(missed), "missed": missed, "rows": rows})
    else:
        out.many(rows, ["plant", "caught", "seeds", "by", "scenario", "test", "file"])
    return FAILED if missed else FINE


def _caught(out: Output, chosen: list[Any], seeds: int, first: int, jobs: int, *, scenarios: bool) -> Iterator[dict[str, Any]]:
    for row in as_they_end(lambda plant: row_of(plant, seeds, first, scenarios=scenarios), chosen, jobs):
        out.say(f"{row['plant']}: {_told(row)}")
        yield row


def _told(row: dict[str, Any]) -> str:
    by_seeds = f"{row['by']} after {row['seeds']} seeds" if row["by"] else f"no seed of {row['seeds']}"
    by_test = f"; {row['scenario']}: {row['test']}" if row["test"] else ""
    return ("" if row["caught"] else "NOT CAUGHT, or no test fails: ") + by_seeds + by_test


def row_of(plant: Any, seeds: int, first: int, *, scenarios: bool) -> dict[str, Any]:
    """One bug: what the seeds and its scenario say of it."""
    row = {"plant": plant.name, "what": plant.what, "file": plant.file, "scenario": plant.scenario, "test": ""}
    runs = seeds if plant.seeds else 0
    by = {"seeds": 0, "seed": None, "by": "", "what": ""}
    while by["seeds"] < runs and not by["by"]:
        done = by["seeds"]
        by = child({"plant": plant.name, "seeds": min(BATCH, runs - done), "first": first + done})
        by["seeds"] += done
    row |= {"seeds": by["seeds"], "seed": by["seed"], "by": by["by"], "broken": by["what"]}
    if scenarios and plant.scenario:
        row["test"] = child({"plant": plant.name, "scenario": plant.scenario}).get("failed", "HUNG")
    by_seeds = bool(row["by"]) or not runs
    by_test = bool(row["test"]) or not (scenarios and plant.scenario)
    return row | {"caught": by_seeds and by_test}


def child(asked: dict[str, Any]) -> dict[str, Any]:
    """The answer of a process with that bug."""
    command = [*command_of("tools.plant_child:main", "-I", "-B"), json.dumps(asked)]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return {"seeds": 1, "seed": asked.get("first"), "by": "HUNG", "what": f"nothing said in {PATIENCE_S} s", "failed": "HUNG"}
    if told.returncode < 0:
        died = signal.Signals(-told.returncode).name
        return {"seeds": asked.get("seeds", 1), "seed": None, "by": died, "what": "its process died of it", "failed": died}
    lines = told.stdout.strip().splitlines()
    if told.returncode or not lines:
        raise ToolError(f"{asked}: {(told.stderr or told.stdout).strip()[-400:]}")
    return json.loads(lines[-1])
