"""`position ls | statement | reconcile | unlock`: what is held, and told.

Where they differ a person looks, and says so with a reason: the node goes on
with its own fills; the difference is somebody else's from then on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from domain.units import decimal_of
from tools.asking import Asked, write_verb
from tools.client import pass_dir, reach, tell_away
from tools.errors import FINE, UsageError
from tools.order import units_option
from tools.output import Output, pass_out
from tools.watch import watch_option, watched


@click.group()
def position() -> None:
    """Positions: ours by fills, the venues' by query; differences."""


@position.command("ls")
@watch_option
@pass_dir
@pass_out
def position_ls(out: Output, directory: Path, watch: bool) -> int:
    """Every account's symbol, and what each pair holds of it."""

    def look() -> int:
        with reach(directory) as client:
            rows = list(client.rows("positions", "place"))
            code = tell_away(client, out.say)
        out.many(rows if out.format in ("json", "jsonl") else [_row(row) for row in rows])
        return code

    return watched(look, again=watch)


@position.command("statement")
@click.option("--day", default=None, metavar="YYYYMMDD", help="One trading day alone.")
@click.option("--opening", multiple=True, metavar="VENUE:CURRENCY=AMOUNT", help="What the account had before our first trade.")
@click.option("--settle", multiple=True, metavar="SYMBOL:YYYYMMDD=PX", help="A settlement price; else the day's last one that was known.")
@pass_dir
@pass_out
def position_statement(out: Output, directory: Path, day: str | None, opening: tuple[str, ...], settle: tuple[str, ...]) -> int:
    """Each account's trading days by settlement: opening, trades, variation, fees, closing."""
    told = ["\t".join(_parted(text, "VENUE:CURRENCY=AMOUNT")) for text in opening]
    prices = ["\t".join(_parted(text, "SYMBOL:YYYYMMDD=PX")) for text in settle]
    with reach(directory) as client:
        rows = [row for row in client.rows("statement", "place", opening="\n".join(told), settle="\n".join(prices)) if day in (None, row["day"])]
        code = tell_away(client, out.say)
    if out.format in ("json", "jsonl"):
        out.many(rows)
        return code
    keys = ("venue", "currency", "day", "opening", "trades", "variation", "fees", "closing")
    out.many([{**{key: row[key] for key in keys}, "settled": "yes" if row["settled"] else "", "settlement": _settlements(row)} for row in rows])
    for row in rows:
        if row["venue_equity"] is not None:
            elsewhere = row["elsewhere"] if row["elsewhere"] is not None else "-"
            out.say(f"{row['venue']} {row['currency']}: the venue's equity is {row['venue_equity']} by its last answer: {elsewhere} more than our days make at present prices")
    return code


def _settlements(row: dict[str, Any]) -> str:
    return "; ".join(f"{each['symbol']} {each['net']:+d} at {each['settle_px'] or '?'}" for each in row["symbols"])


def _parted(text: str, form: str) -> list[str]:
    """`A:B=C` as three words. Raises: UsageError."""
    place, _, value = text.partition("=")
    first, _, second = place.rpartition(":")
    try:
        decimal_of(value)
    except ValueError:
        value = ""
    if not (first and second and value):
        raise UsageError(f"{text!r}: {form}")
    return [first, second, value]


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


@position.command("unlock")
@click.argument("pair", metavar="PAIR")
@units_option
@write_verb
def position_unlock(asked: Asked, pair: str, units: int | None) -> int:
    """Take yesterday's lots off one side of each lock of an idle pair.

    A hedge by hand that opens no lot in a leg that locks; hedge close PAIR
    then takes the other side. Every gate of an open holds.
    """
    asked.show(asked.send("position_unlock", pair=pair, units=units))
    return FINE


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """One line: ours long/short (today of them), the venue's, the difference."""
    return {
        "venue": row["venue"],
        "symbol": row["symbol"],
        **({"shard": row["shard"]} if "shard" in row else {}),
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
