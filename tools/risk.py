"""`risk limits show | set`: what no order of an instrument may pass."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import replace

from config.schema import Config, LegLimits, Pair
from tools.asking import Asked, listed, write_verb
from tools.client import Absent, pass_dir, reach, tell_away
from tools.errors import FINE, UsageError
from tools.output import Output, pass_out
from tools.running import change, changeable

COLUMNS = ["instrument", "order_lots", "price_collar_ticks", "position_lots", "position", "buying", "selling", "room_buy", "room_sell", "pairs"]


@click.group()
def risk() -> None:
    """Limits of orders and positions."""


@risk.group("limits")
def limits() -> None:
    """Limits by instrument: the pairs that trade it share them."""


@limits.command("show")
@pass_dir
@pass_out
def show(out: Output, directory: Path) -> int:
    """Each instrument: its limits, what is held and live, what may still open."""
    with reach(directory) as client:
        rows = list(client.rows("limits", "instrument"))
        code = tell_away(client, out.say)
    columns = [COLUMNS[0], "shard", *COLUMNS[1:]] if rows and "shard" in rows[0] else COLUMNS
    out.many([{**row, "pairs": listed(row["pairs"])} for row in rows] if out.format == "table" else rows, columns)
    return code


@limits.command("set")
@click.argument("venue")
@click.argument("symbol")
@click.option("--order-lots", type=click.IntRange(1, 1_000_000_000), default=None, help="The most lots of one order.")
@click.option("--price-collar-ticks", type=click.IntRange(1, 1_000_000_000), default=None, help="How far past the touch a price may be.")
@click.option("--position-lots", type=click.IntRange(1, 1_000_000_000), default=None, help="The most lots held, long or short.")
@write_verb
def limits_set(asked: Asked, venue: str, symbol: str, order_lots: int | None, price_collar_ticks: int | None, position_lots: int | None) -> int:
    """Change an instrument's limits, for every pair that trades it.

    Pairs that are told to trade more than that are told to trade less. Under
    what is held now: no new opens, while closes and repairs still leave.
    """
    told = {"order_lots": order_lots, "price_collar_ticks": price_collar_ticks, "position_lots": position_lots}
    told = {key: value for key, value in told.items() if value is not None}
    if not told:
        raise UsageError("which limit? give --order-lots, --price-collar-ticks or --position-lots")
    before, base = changeable(asked.directory)
    asked.show(change(asked, "risk limits set", before, limited(before, (venue, symbol), told), base))
    return FINE


def limited(config: Config, key: tuple[str, str], told: dict[str, int]) -> Config:
    """The configuration with other limits of an instrument. Raises: Absent, UsageError."""
    holders = [pair.name for pair in config.pair if any((leg.venue, leg.symbol) == key for leg in pair.legs)]
    if not holders:
        there = dict.fromkeys(f"{leg.venue} {leg.symbol}" for pair in config.pair for leg in pair.legs)
        raise Absent(f"no pair trades {key[1]} at {key[0]}; there are: {', '.join(list(there)[:20]) or 'none'}")
    return replace(config, pair=tuple(_limited(pair, key, told) for pair in config.pair))


def _limited(pair: Pair, key: tuple[str, str], told: dict[str, int]) -> Pair:
    legs, units, most = [], pair.size.units, pair.size.max_position_units
    for leg in pair.legs:
        if (leg.venue, leg.symbol) != key:
            legs.append(leg)
            continue
        if leg.limits is None and len(told) < len(LegLimits.__struct_fields__):
            raise UsageError(f"{pair.name} has no limits of {key[1]} yet: give all three")
        limits = LegLimits(**told) if leg.limits is None else replace(leg.limits, **told)
        lots = leg.lots or 1
        most = min(most, limits.position_lots // lots)
        units = min(units, limits.order_lots // lots, most)
        if not units:
            raise UsageError(f"{pair.name}: a unit of it is {lots} lots of {key[1]}, more than that: ./hedgerow pair disable {pair.name} stops its hedges")
        legs.append(replace(leg, limits=limits))
    trigger = replace(pair.trigger, min_units=min(pair.trigger.min_units, units))
    return replace(pair, legs=tuple(legs), trigger=trigger, size=replace(pair.size, units=units, max_position_units=most))
