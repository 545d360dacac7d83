"""A hedge as tools and programs see it: its story, times and cost.

Two makers use it: a living node, from its memory, and a reader of its
journal. The field names are English and never change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import nan
from typing import Any

from msgspec import Struct, ValidationError, convert, to_builtins

from actors.pair_show import show_hedge
from domain.errors import WireError
from domain.hedges import Hedge
from domain.market import Instrument
from domain.pairspec import PairSpec
from domain.realised import cost_of


class Terms(Struct, frozen=True):
    """What a pair's money is: its currency, and each leg's FX rate."""

    currency: str
    rates: tuple[float, ...] = ()


def hedge_map(
    hedge: Hedge,
    pair: str,
    now_ns: int,
    opened_wall_ns: int | None,
    terms: Terms,
    instruments: Mapping[tuple[str, str], Instrument],
) -> dict[str, Any]:
    """The hedge, whole. Units: ms since it was opened; ticks, lots, money."""
    shown = show_hedge(hedge, now_ns)
    opened = None if opened_wall_ns is None else iso(opened_wall_ns)
    ended_ms = _since(hedge, hedge.ended_ns if hedge.final else 0)
    ended = None if opened is None or ended_ms is None else iso(opened_wall_ns + hedge.ended_ns - hedge.opened_ns)
    return {
        "hedge": shown.pop("hedge"),
        "pair": pair,
        **shown,
        "times": {
            "opened": opened,
            "ended": ended,
            "settling_ms": _since(hedge, hedge.settling_ns),
            "ended_ms": ended_ms,
            "open_ms": None if hedge.final else _since(hedge, now_ns),
        },
        "cost": cost_of(hedge, instruments, terms.currency, terms.rates),
    }


def _since(hedge: Hedge, at_ns: int) -> float | None:
    return round((at_ns - hedge.opened_ns) / 1e6, 3) if at_ns else None


def iso(wall_ns: int) -> str:
    """A wall time as UTC text, to the microsecond."""
    seconds, left_ns = divmod(wall_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{left_ns // 1000:06d}Z"


# ------------------------------------------------ what the journal keeps of it


def terms_map(specs: Sequence[PairSpec]) -> dict[str, Any]:
    """What a start record keeps, so that costs can be told from it alone."""
    instruments = {leg.key: leg.instrument for spec in specs for leg in spec.legs}
    rates = {spec.name: [None if leg.fx is not None else leg.fixed_fx for leg in spec.legs] for spec in specs}
    return {
        "terms": {spec.name: [spec.currency, rates[spec.name]] for spec in specs},
        "instruments": [to_builtins(each) for each in instruments.values()],
        "legs": {spec.name: [[*leg.key, lots] for leg, lots in zip(spec.legs, spec.lots, strict=True)] for spec in specs},
    }


def legs_of(started: Mapping[str, Any]) -> dict[str, tuple[tuple[str, str, int], ...]]:
    """Venue, symbol and signed lots of each leg, by pair, as `terms_map` wrote.

    Raises: WireError where it is not what was written.
    """
    try:
        return convert(started.get("legs", {}), dict[str, tuple[tuple[str, str, int], ...]])
    except ValidationError as error:
        raise WireError(f"a start record can't be read: {error}") from error


def terms_of(started: Mapping[str, Any]) -> tuple[dict[str, Terms], dict[tuple[str, str], Instrument]]:
    """What `terms_map` wrote; empty where a start record has none.

    Raises: WireError where it is not what was written.
    """
    try:
        instruments = convert(started.get("instruments", []), list[Instrument])
        told = convert(started.get("terms", {}), dict[str, tuple[str, list[float | None]]])
    except ValidationError as error:
        raise WireError(f"a start record can't be read: {error}") from error
    terms = {pair: Terms(currency, tuple(nan if r is None else r for r in rates)) for pair, (currency, rates) in told.items()}
    return terms, {each.key: each for each in instruments}
