"""`order ls | cancel`, and hedges by hand: open, close, roll back."""

from __future__ import annotations

from pathlib import Path

import click

from tools.asking import Asked, write_verb
from tools.client import pass_dir, reach, tell_away
from tools.errors import FINE
from tools.output import Output, pass_out

COLUMNS = ["order", "pair", "venue", "symbol", "side", "qty", "cum_qty", "px_ticks", "status", "cancels", "age_ms"]
WHOLE = [*COLUMNS[:2], "hedge", *COLUMNS[2:7], "leaves_qty", "px_ticks", "tif", *COLUMNS[8:]]
units_option = click.option("--units", type=click.IntRange(1, 1_000_000), default=None, metavar="N", help="At most so many pair units.")


@click.group()
def order() -> None:
    """Orders at hand: listed, cancelled."""


@order.command("ls")
@click.option("--pair", default=None, metavar="NAME", help="Of one pair alone.")
@click.option("--all", "every", is_flag=True, help="Also those that have ended, of hedges at hand.")
@pass_dir
@pass_out
def order_ls(out: Output, directory: Path, pair: str | None, every: bool) -> int:
    """List the orders that work or are in doubt."""
    with reach(directory) as client:
        rows = list(client.rows("orders", "order", pair=pair, every=every or None))
        code = FINE if pair else tell_away(client, out.say)
    columns = COLUMNS if out.format == "table" else WHOLE
    out.many(rows, [*columns[:2], "shard", *columns[2:]] if rows and "shard" in rows[0] else columns)
    return code


@order.command("cancel")
@click.argument("ref", metavar="ORDER")
@write_verb
def order_cancel(asked: Asked, ref: str) -> int:
    """Cancel one order; its hedge settles and is repaired by the pair's rules.

    To take the whole hedge back: hedge rollback. To stop everything: kill.
    """
    asked.show(asked.send("order_cancel", order=ref))
    return FINE


@click.command("open")
@click.argument("pair", metavar="PAIR")
@click.argument("side", type=click.Choice(["buy", "sell"]))
@units_option
@write_verb
def hedge_open(asked: Asked, pair: str, side: str, units: int | None) -> int:
    """Buy or sell a pair now, whatever its spread.

    Every other gate holds: quotes, hours, venues, limits, margin, modes.
    """
    asked.show(asked.send("hedge_open", pair=pair, side=side, units=units))
    return FINE


@click.command("close")
@click.argument("pair", metavar="PAIR")
@units_option
@write_verb
def hedge_close(asked: Asked, pair: str, units: int | None) -> int:
    """Close what a pair holds now, whatever its spread.

    Also while it is disabled, reducing or FROZEN; not while it is halted.
    """
    asked.show(asked.send("hedge_close", pair=pair, units=units))
    return FINE


@click.command("rollback")
@click.argument("hedge", metavar="HEDGE")
@write_verb
def hedge_rollback(asked: Asked, hedge: str) -> int:
    """Take a hedge in flight back: cancel what works, reverse what was filled.

    Only one that opens; nothing completes it any more.
    """
    asked.show(asked.send("hedge_rollback", hedge=hedge))
    return FINE
