"""`position ls | reconcile`: what is held, by our fills and by the venues.

Where they differ a person looks, and says so with a reason: the node goes on
with its own fills; the difference is somebody else's from then on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tools.asking import Asked, write_verb
from tools.client import Client, pass_dir
from tools.errors import FINE
from tools.output import Output, pass_out
from tools.watch import watch_option, watched


@click.group()
def position() -> None:
    """Positions: ours by fills, the venues' by query; differences."""


@position.command("ls")
@watch_option
@pass_dir
@pass_out
def position_ls(out: Output, directory: Path, watch: bool) -> None:
    """Every account's symbol, and what each pair holds of it."""

    def look() -> None:
        with Client(directory) as client:
            rows = list(client.rows("positions", "place"))
        out.many(rows if out.format in ("json", "jsonl") else [_row(row) for row in rows])

    watched(look, again=watch)


@position.command("reconcile")
@click.argument("venue")
@click.argument("symbol")
@write_verb
def position_reconcile(asked: Asked, venue: str, symbol: str) -> int:
    """Accept that an account holds more or less of SYMBOL than our fills.

    Opens that a difference has stopped go on; nothing is booked: what our
    pairs hold stays what their fills say.
    """
    asked.show(asked.send("position_accept", venue=venue, symbol=symbol))
    return FINE


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """One line: ours long/short (today of them), the venue's, the difference."""
    return {
        "venue": row["venue"],
        "symbol": row["symbol"],
        "pair": row["pair"],
        "long": row["long"],
        "short": row["short"],
        "today": row["long_today"] + row["short_today"],
        "average": row["avg_px"],
        "venue long": row["venue_long"],
        "venue short": row["venue_short"],
        "age_ms": row["age_ms"],
        "difference": None if row["equal"] is None else "" if row["equal"] else f"{row['difference_long']:+d}/{row['difference_short']:+d}",
    }
