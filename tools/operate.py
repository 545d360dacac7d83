"""`mode`, and words for pairs and hedges: enable, retry, take, release."""

from __future__ import annotations

from pathlib import Path

import click

from tools.asking import Asked, write_verb
from tools.client import pass_dir, reach, tell_away
from tools.errors import FINE, UsageError
from tools.output import Output, pass_out

MODES = ("active", "reducing", "paused", "halted")


@click.group()
def mode() -> None:
    """Show or set what may trade: active, reducing, paused, halted."""


@mode.command("show")
@pass_dir
@pass_out
def mode_show(out: Output, directory: Path) -> int:
    """Every kill and mode that holds, and each pair's own mode."""
    with reach(directory) as client:
        out.many(client.ask("modes")["rows"])
        return tell_away(client, out.say)


@mode.command("set")
@click.argument("value", metavar="MODE", type=click.Choice(MODES))
@click.argument("scope", nargs=-1)
@write_verb
def mode_set(asked: Asked, value: str, scope: tuple[str, ...]) -> int:
    """Set a mode for SCOPE: all (default) | pair NAME | market VENUE | symbol VENUE SYMBOL.

    active: opens and closes. reducing: no hedge that opens. paused: no new
    hedge. halted: cancels, then no order at all. Kept over restarts.
    """
    return asked.show(asked.send("mode", mode=value, scope=" ".join(scope) or "all"))


@click.command("enable")
@click.argument("name")
@write_verb
def pair_enable(asked: Asked, name: str) -> int:
    """Let a pair trade: released where it is FROZEN, and ACTIVE."""
    asked.show(asked.send("pair_enable", pair=name))
    return FINE


@click.command("disable")
@click.argument("name")
@write_verb
def pair_disable(asked: Asked, name: str) -> int:
    """No new hedge of a pair; one in flight goes on."""
    asked.show(asked.send("pair_disable", pair=name))
    return FINE


@click.command("retry")
@click.argument("hedge_id", metavar="HEDGE")
@write_verb
def hedge_retry(asked: Asked, hedge_id: str) -> int:
    """Repair a STRANDED hedge anew, with the orders of one more retry."""
    asked.show(asked.send("hedge_retry", hedge=hedge_id))
    return FINE


@click.command("take")
@click.argument("hedge_id", metavar="HEDGE")
@write_verb
def hedge_take(asked: Asked, hedge_id: str) -> int:
    """Take a STRANDED hedge over: the node leaves it to you.

    Its exposure stays on the ledger as naked and the pair FROZEN, until
    `hedge release` says what you did.
    """
    asked.show(asked.send("hedge_take", hedge=hedge_id))
    return FINE


@click.command("release")
@click.argument("hedge_id", metavar="HEDGE")
@click.option("--booked", multiple=True, metavar="LEG:LOTS@PRICE", help="What was done: 0:-2@101.5 sold 2 lots of leg 0; again for more.")
@write_verb
def hedge_release(asked: Asked, hedge_id: str, booked: tuple[str, ...]) -> int:
    """Give a hedge back that was taken over, with what was done by hand."""
    if any("," in each for each in booked):
        raise UsageError("--booked once for each trade: --booked 0:-2@101.5 --booked 1:3@99")
    asked.show(asked.send("hedge_release", hedge=hedge_id, booked=",".join(booked)))
    return FINE


@click.command("restart")
@click.argument("venue")
@write_verb
def gateway_restart(asked: Asked, venue: str) -> int:
    """Restart the gateway of one venue, where the node has started it.

    Its pairs hold meanwhile; what lives there is in doubt, then asked for.
    """
    asked.show(asked.send("gateway_restart", venue=venue))
    return FINE
