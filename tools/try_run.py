"""One run of `sim try`: desk, scenario, seed; and processes of many."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from domain.errors import HedgerowError
from system.clock import chance
from tools.errors import ToolError
from tools.own_processes import as_they_end, command_of
from tools.try_desk import NS, accounts_of, desk_of, distances_of, holdings_of, market_of

MEMORY = Path("/dev/shm")  # noqa: S108 (a directory of mkdtemp goes there)
HEAL_MS = 20_000
"""After the troubles every venue is well for so long."""


def played(asked: dict[str, Any]) -> dict[str, Any]:
    """One scenario with one seed: the run, and its pairs' rows."""
    folder = Path(tempfile.mkdtemp(prefix="hgtry", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        return _played(asked, folder)
    except HedgerowError as error:
        return {"scenario": asked["scenario"], "seed": asked["seed"], "refused": f"the node does not run: {error}", "pairs": []}
    finally:
        shutil.rmtree(folder)


def _played(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    from simulation.desk_scenarios import BY_NAME, legs_of
    from simulation.exchanged import DeskRun
    from tools.node_build import Node
    from tools.try_market import sized_lots
    from tools.try_measure import measured
    from tools.try_watch import Watch

    desk = desk_of(asked["files"])
    spec = market_of(desk, asked)
    config, holdings = holdings_of(desk, folder, asked["exposures"], asked["seed"], asked["seconds"])
    scenario = BY_NAME[asked["scenario"]]
    spec = replace(spec, trouble=scenario.troubles(legs_of(config.pair, sized_lots(config, spec))))
    wall_ns = int(datetime.fromisoformat(asked["day"]).replace(tzinfo=UTC).timestamp()) * NS
    run = DeskRun(Node, config, accounts_of(config, spec), spec, asked["seed"], folder, wall_ns, asked["day"].replace("-", ""), distances_of(config, asked["latencies"]))
    for holding in holdings:
        run.hold(holding)
    run.start()
    watch = Watch(run, [pair.name for pair in config.pair])
    if scenario.kills_ms:
        rng = chance(asked["seed"])
        for at_ms in range(scenario.kills_ms, asked["seconds"] * 1000, scenario.kills_ms):
            run.agenda.after(at_ms * 1_000_000, lambda: run.light(rng.randrange(1, 14), rng.randrange(200, 3000) * 1_000_000))
    run.run(asked["seconds"] * 1000)
    run.heal(HEAL_MS)
    seen = watch.ends()
    run.stop()
    row = {"scenario": asked["scenario"], "seed": asked["seed"], "refused": "", "kills": run.kills, "troubles": run.struck()}
    return {**row, "pairs": [{**each, **seen[each["pair"]]} for each in measured(config, folder, run, spec)]}


# ------------------------------------------------ processes


def children(asked: list[dict[str, Any]], jobs: int) -> Iterator[dict[str, Any]]:
    """Each run's row, from a process of its own. Raises: ToolError."""
    stride = max(jobs, len(asked) // 6)
    for rows in as_they_end(_child, [asked[at::stride] for at in range(min(stride, len(asked)))], jobs):
        yield from rows


def _child(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = subprocess.run(command_of("tools.try_run:child", "-I"), input=json.dumps(asked), capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    if told.returncode or len(rows) != len(asked):
        stuck = asked[min(len(rows), len(asked) - 1)]
        raise ToolError(f"{stuck['scenario']}, seed {stuck['seed']}, broke its process (exit {told.returncode}): {told.stderr.strip()[-600:]}")
    return rows


def child() -> None:
    """A process that plays runs: one JSON line for each."""
    for asked in json.loads(sys.stdin.read()):
        sys.stdout.write(json.dumps(played(asked)) + "\n")
        sys.stdout.flush()


