"""The desk that is simulated: its configuration, and the market's levels.

Venue A is domestic, B overseas; the pair sells A and buys B where A is rich.
Limits are production's where a run need not be long for them.
"""

from __future__ import annotations

import json
import tomllib
from typing import Any

import msgspec

from config.schema import Config
from simulation.account import FEES

PAIR = "AxB"
PAIRS = (PAIR, "AxB2", "AxB3")
"""Pairs on the same two instruments; a shape says how many."""
NAMES = ("A", "B")
QUIET, RICH, CHEAP = 1_030, 1_056, 1_004
"""Mids of A against 1,000 of B: nothing fires, an open does, a close does."""
OTHER = 1_000
POLICIES = ("cheaper", "replenish_first", "rollback_first")

DEFAULTS: dict[str, Any] = {
    "ack_timeout_ms": 300,
    "query_ladder_ms": [300, 600, 1200, 2400],
    "query_every_ms": 1000,
    "hedge_deadline_ms": 1000,
    "naked_budget_ms": 3000,
    "repair_order_ms": 300,
    "cooldown_ms": 100,
    "failure_cooldown_ms": 200,
    "failure_cooldown_max_ms": 1000,
    "max_failures": 1000,
}

VENUE = """
[[venue]]
name = "{name}"
feed = "ipc:///sim/{name}.feed"
trade = "ipc:///sim/{name}.trade"
cancel_on_disconnect_ms = 3000

[[instrument]]
venue = "{name}"
symbol = "{name}.X"
tick_size = "1"
currency = "USD"
offset_mode = "{offset_mode}"
min_lots = {min_lots}
margin_sides = "{margin_sides}"
tifs = "{tifs}"
fees = {{ {fees} }}
"""

LEG = """
[[pair.legs]]
venue = "{name}"
symbol = "{name}.X"
side = "{side}"
lots = {lots}
limits = {{ order_lots = {order_lots}, price_collar_ticks = 100, position_lots = {position_lots} }}
"""


class Shape(msgspec.Struct, frozen=True):
    """What of the desk a scenario chooses. `lots`: of a pair unit, by leg.

    `tables`: files of sessions, for exchanges A and B; none: always open.
    """

    lots: tuple[int, int] = (1, 1)
    units: int = 1
    max_units: int = 1
    policy: str = "cheaper"
    offset_mode: str = "net"
    tifs: str = "03"
    position_lots: int = 200
    sequence: str = "concurrent"
    first_leg: int = 1
    tif: str = ""
    order_lots: int = 60
    pairs: int = 1
    kind: str = "arbitrage"
    """`cover`: leg A alone covers an exposure that the scenario tells."""
    deposit_usd: int = 1_000_000
    locks: bool = False
    """Closes open the other side instead of closing today's lots."""
    margin_sides: str = "both"
    min_lots: int = 1
    tolerance: str = ""
    """`residual_tolerance`; none: what is left over is shown alone."""
    defaults: dict[str, Any] = {}
    tables: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of its pairs."""
        return PAIRS[: self.pairs]

    @property
    def signed_lots(self) -> tuple[int, int]:
        """As when the pair is bought; a cover trades its first leg alone."""
        return (1, 0) if self.kind == "cover" else (self.lots[0], -self.lots[1])

    def value(self, key: str) -> Any:
        """A default, as this shape has it."""
        return {**DEFAULTS, **self.defaults}[key]


def config_of(shape: Shape) -> Config:
    """The configuration, typed; the same bytes on every machine."""
    every = {**DEFAULTS, **shape.defaults}
    lines = ['[node]\nname = "simulated"\nmode = "live"\ndir = "/sim"', f"calendars = {json.dumps(shape.tables)}\n", "[defaults]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in every.items()]
    lines += [VENUE.format(name=name, offset_mode=shape.offset_mode, tifs=shape.tifs, fees=FEES[name], min_lots=shape.min_lots, margin_sides=shape.margin_sides) for name in NAMES]
    for pair in shape.names:
        lines += _pair(pair, shape)
    return msgspec.convert(tomllib.loads("\n".join(lines)), Config, strict=True)


def _pair(pair: str, shape: Shape) -> list[str]:
    lines = [f'[[pair]]\nname = "{pair}"\ncurrency = "USD"\npolicy = "{shape.policy}"']
    lines.append(f'sequence = "{shape.sequence}"\nfirst_leg = {shape.first_leg}')
    lines.append(f'kind = "{shape.kind}"')
    legs = 1 if shape.kind == "cover" else 2
    for name, side, lots in list(zip(NAMES, ("buy", "sell"), shape.lots, strict=True))[:legs]:
        most = {"position_lots": shape.position_lots, "order_lots": shape.order_lots}
        lines.append(LEG.format(name=name, side=side, lots=lots, **most))
        if shape.locks:
            lines.append('close = "lock"')
        if shape.tif:
            lines.append(f'tif = "{shape.tif}"')
    trigger = '[pair.trigger]\non = "spread"\nsell_open = "50"\nbuy_close = "10"'
    lines.append('[pair.exposure]\nunit = "X"' if shape.kind == "cover" else trigger)
    size = f"units = {shape.units}\nmax_position_units = {shape.max_units}"
    if shape.tolerance:
        size += f'\nresidual_tolerance = "{shape.tolerance}"'
    lines.append(f"[pair.size]\n{size}\n[pair.limits]\nmax_hedges = 100000")
    return lines
