"""What a desk is put through: scenarios, each a list of troubles.

A scenario is told as the exchange's scheduled troubles, on every leg in turn,
so that whoever reads the exchange's file knows what they are; and as kills of
the node in mid-hedge. Times are ms from the start of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from exchange.config import TroubleSpec

CALM_MS = 4000
"""A run begins so long without trouble."""


class LegAt(NamedTuple):
    """A leg of a pair where it trades. `lots`: of a pair unit."""

    venue: str
    symbol: str
    lots: int


class Scenario(NamedTuple):
    """`kills_ms`: how often the node is killed in mid-hedge; 0: never.

    `resting`: it strikes cancels, which a desk without resting orders (tif day) never sends.
    """

    name: str
    troubles: Callable[[Sequence[LegAt]], list[TroubleSpec]]
    kills_ms: int = 0
    resting: bool = False


def _each(legs: Sequence[LegAt], every_ms: int, *what: tuple[str, Callable[[LegAt], dict[str, Any]]]) -> list[TroubleSpec]:
    """Each of these on each leg, one after the other, again and again."""
    found = []
    for place, (leg, (kind, args)) in enumerate((leg, each) for each in what for leg in legs):
        turns = len(legs) * len(what)
        found.append(TroubleSpec(CALM_MS + place * every_ms, leg.venue, kind, every_ms * turns, every_ms // 2, args(leg)))
    return found


def _plain(**args: Any) -> Callable[[LegAt], dict[str, Any]]:
    return lambda leg: dict(args)


def _at(**args: Any) -> Callable[[LegAt], dict[str, Any]]:
    return lambda leg: {"symbol": leg.symbol, **args}


def _calm(_legs: Sequence[LegAt]) -> list[TroubleSpec]:
    return []


def _refused(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    return _each(legs, 3000, ("reject", _at(count=1, code=31)))


def _refused_for_long(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    return _each(legs, 9000, ("reject", _at(for_ms=4000, code=31)))


def _part(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    return _each(legs, 2500, ("partial", lambda leg: {"symbol": leg.symbol, "qty": max(0, leg.lots // 2)}))


def _no_money(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    return _each(legs, 6000, ("margin_short", _at(for_ms=1500)), ("throttle", _at(for_ms=400)))


def _lost(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    return _each(legs, 4000, ("lose_order", _at(count=1)), ("lose_ack", _at(count=1)), ("lose_report", _at(count=1)))


def _late(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    return _each(
        legs, 3000, ("delay", _at(ms=700, count=1)), ("repeat", _at(times=2, ms=200, count=2)), ("reorder", _at(how="end_first", ms=200, count=1))
    )


def _cancels(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    silent = [TroubleSpec(each.at_ms, each.venue, "delay", each.every_ms, each.jitter_ms, {**each.args, "ms": 900}) for each in _each(legs, 4000, ("delay", _at(count=1)))]
    return [
        *silent,
        *_each(legs, 4000, ("swallow_cancel", _at(count=1)), ("fill_in_cancel", _at(count=1)), ("refuse_cancel", _at(count=1)), ("fill_after_cancel", _at(count=1, ms=600))),
    ]  # fmt: skip


def _dropped(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    return _each(legs, 5000, ("drop_session", _plain(for_ms=1500, how="keep")), ("silent", _plain(for_ms=900)), ("drop_session", _plain(for_ms=1500, how="cancel")))


def _halted(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    return _each(legs, 6000, ("halt", _at(for_ms=2500)), ("lock_limit", _at(for_ms=2500, how="up")), ("lock_limit", _at(for_ms=2500, how="down")))


def _quotes(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    hows = ("frozen", "crossed", "empty", "stale", "absurd")
    return _each(legs, 3000, *(("bad_quote", _at(for_ms=1500, how=how)) for how in hows))


def _undone(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    return _each(legs, 6000, ("bust", _at(ms=2000, count=1)), ("overfill", _at(qty=1, count=1)))


def _storm(legs: Sequence[LegAt]) -> list[TroubleSpec]:
    found: list[TroubleSpec] = []
    for make in (_refused, _part, _no_money, _lost, _late, _cancels, _dropped, _halted, _quotes, _undone):
        found += [TroubleSpec(one.at_ms, one.venue, one.kind, (one.every_ms or 0) * 2, one.jitter_ms * 3, one.args) for one in make(legs)]
    return found


SCENARIOS = (
    Scenario("calm", _calm),
    Scenario("refused", _refused),
    Scenario("refused_for_long", _refused_for_long),
    Scenario("filled_in_part", _part),
    Scenario("no_money", _no_money),
    Scenario("orders_lost", _lost),
    Scenario("reports_late", _late),
    Scenario("cancels_fail", _cancels, resting=True),
    Scenario("sessions_dropped", _dropped),
    Scenario("markets_halted", _halted),
    Scenario("quotes_wrong", _quotes),
    Scenario("trades_undone", _undone),
    Scenario("node_killed", _part, kills_ms=7000),
    Scenario("storm", _storm, kills_ms=25_000),
)


BY_NAME = {each.name: each for each in SCENARIOS}


def legs_of(pairs: Iterable[Any], sized: Mapping[tuple[str, str], int]) -> list[LegAt]:
    """Each market that these pairs trade at, once; the largest lots of them.

    `sized`: lots of a unit, by (venue, symbol), where each hedge sizes them.
    """
    found: dict[tuple[str, str], int] = {}
    for pair in pairs:
        for leg in pair.legs:
            key = (leg.venue, leg.symbol)
            found[key] = max(found.get(key, 0), (leg.lots or sized[key]) * pair.size.units)
    return [LegAt(venue, symbol, lots) for (venue, symbol), lots in found.items()]
