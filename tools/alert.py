"""`alert ls`: what people were told, oldest first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from tools.client import pass_dir
from tools.errors import UsageError
from tools.output import Output, pass_out
from tools.watch import watch_option, watched

FILE = "alerts.jsonl"
SEVERITIES = ("info", "warning", "critical")
SENTENCES = ("text", "do")
FIRST = ("severity", "code", "seq", "wall_ns")


@click.group()
def alert() -> None:
    """Show the alerts."""


@alert.command("ls")
@click.option("-n", "--last", type=click.IntRange(min=1), default=20, show_default=True, help="The newest so many.")
@click.option("--severity", type=click.Choice(SEVERITIES), default=None, help="Of this severity alone.")
@watch_option
@pass_dir
@pass_out
def alert_ls(out: Output, directory: Path, watch: bool, last: int, severity: str | None) -> None:
    """List alerts, oldest first; also without a node."""

    def look() -> None:
        rows = [row for row in read_all(directory) if severity in (None, row["severity"])][-last:]
        out.many(rows if out.format in ("json", "jsonl") else [_cells(row, out) for row in rows])

    watched(look, again=watch)


def read_all(directory: Path) -> list[dict[str, Any]]:
    """A node's alerts; its root's and all shards' by time, with `node`: which."""
    from tools.shard_places import shard_dirs

    shards = shard_dirs(directory)
    if not shards:
        return read(directory / FILE)
    rows = [row | {"node": "root"} for row in read(directory / FILE)]
    rows += [row | {"node": name} for name, place in shards.items() if place.is_dir() for row in read(place / FILE)]
    return sorted(rows, key=lambda row: row["wall_ns"])


def read(path: Path) -> list[dict[str, Any]]:
    """Every alert of a file; a line that was cut by a crash is passed over.

    Raises: UsageError where there is no node's directory.
    """
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent}: no such directory: give the node's own, -c FILE or --dir DIR")
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and all(key in row for key in FIRST):
            rows.append(row)
    return rows


def _cells(row: dict[str, Any], out: Output) -> dict[str, Any]:
    from actors.hedge_show import iso

    row = {key: out.sentence(value) if key in SENTENCES else value for key, value in row.items()}
    rest = " ".join(f"{key}={value}" for key, value in row.items() if key not in FIRST and value not in (None, ""))
    return {"time": iso(row["wall_ns"]), "severity": row["severity"], "code": row["code"], "seq": row["seq"], "what": rest}
