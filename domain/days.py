"""The last days of an instrument: to open it, and to trade it at all.

Days are trading days of the venue, YYYYMMDD, so that they compare as text; a
night session counts for the day that it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

LAST_OPEN_DAY = "LAST_OPEN_DAY"
EXPIRED = "EXPIRED"


class LastDays(Struct, frozen=True, gc=False):
    """The last day to open, and the last to trade at all; empty: unknown."""

    last_open_day: str = ""
    expiry: str = ""


class Over(Struct, frozen=True):
    """Why nothing opens any more, and why nothing trades; empty: it may."""

    opens: str = ""
    every: str = ""


NOTHING = Over()


def over_on(symbol: str, days: LastDays, trading_day: str) -> Over:
    """What is over for an instrument on this trading day of its venue.

    Nothing is while the day is unknown: no order leaves then anyway.
    """
    if days.expiry and trading_day > days.expiry:
        why = f"{EXPIRED} {symbol}: {trading_day} is past {days.expiry}"
        return Over(why, why)
    if days.last_open_day and trading_day > days.last_open_day:
        return Over(f"{LAST_OPEN_DAY} {symbol}: {trading_day} is past {days.last_open_day}")
    return NOTHING


def over_of(legs: Iterable[Over]) -> Over:
    """What is over for a pair of these legs: the first reason of each kind."""
    legs = tuple(legs)
    every = next((leg.every for leg in legs if leg.every), "")
    return Over(every or next((leg.opens for leg in legs if leg.opens), ""), every)
