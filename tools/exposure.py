"""`exposure`: what cover pairs cover, shown and told by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tools.asking import Asked, write_verb
from tools.client import pass_dir, reach
from tools.errors import FINE, UsageError
from tools.output import Output, pass_out


@click.group()
def exposure() -> None:
    """Show or set the exposure that a cover pair covers."""


@exposure.command("show")
@click.argument("name", metavar="[PAIR]", required=False)
@pass_dir
@pass_out
def exposure_show(out: Output, directory: Path, name: str | None) -> None:
    """What each cover pair's exposure is, and how much of it is covered."""
    with reach(directory) as client:
        rows = list(client.rows("pairs", "pair"))
    covers = [{"pair": row["pair"], "reason": row["reason"], **row["cover"]} for row in rows if row.get("cover")]
    if name is not None:
        covers = [row for row in covers if row["pair"] == name]
        if not covers:
            raise UsageError(f"no cover pair {name!r}: ./hedgerow exposure show")
    out.many(covers if out.format != "table" else [_row(row) for row in covers])


def _row(told: dict[str, Any]) -> dict[str, Any]:
    waiting = told["waiting"]
    keys = ("pair", "exposure", "unit", "version", "age_ms", "goal", "held", "left")
    return {**{key: told[key] for key in keys}, "waiting": None if waiting is None else waiting["exposure"], "reason": told["reason"]}


@exposure.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("name", metavar="PAIR")
@click.argument("qty", metavar="QTY")
@click.option("--version", type=click.IntRange(0), default=None, help="Of the record; it must grow (default: the one after the last).")
@click.option("--unit", default="", help="Its unit, to be checked against the pair's.")
@write_verb
def exposure_set(asked: Asked, name: str, qty: str, version: int | None, unit: str) -> int:
    """Say what is held elsewhere: signed, and all of it, never a change."""
    asked.show(asked.send("exposure_set", pair=name, qty=qty, version=version, unit=unit))
    return FINE


@exposure.command("accept")
@click.argument("name", metavar="PAIR")
@write_verb
def exposure_accept(asked: Asked, name: str) -> int:
    """Agree to the exposure that waits because it moved too far at once."""
    asked.show(asked.send("exposure_accept", pair=name))
    return FINE
