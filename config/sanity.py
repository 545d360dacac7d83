"""Settings that are of the right type and still can't work.

A day that no calendar has, a ladder that goes down, a cap that leaves no
order for a leg, lots that the venue refuses, a placeholder that nothing fills.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path as FilePath

from config.load import Loaded
from config.schema import Instrument, Leg, LegLimits, Pair
from config.values import defaults_of, instrument_at
from domain.errors import ConfigError
from domain.repair import Policy

ENDPOINT_PLACES = ("dir", "root", "name")
COMMAND_PLACES = (*ENDPOINT_PLACES, "feed", "trade")
KEPT_FOR_REVERSALS = Policy().reserved
EVERY_TIF = "034"
_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z_0-9]*)\}")

Found = Iterator[ConfigError]
Path = tuple[str | int, ...]


def placeholders(loaded: Loaded) -> Found:
    """Endpoints and commands hold no placeholder that nothing fills."""
    for index, venue in enumerate(loaded.config.venue):
        path = ("venue", index)
        for key in ("feed", "trade"):
            yield from _unfilled(loaded, (*path, key), ENDPOINT_PLACES)
        for place in range(len(venue.command)):
            yield from _unfilled(loaded, (*path, "command", place), COMMAND_PLACES)


def _unfilled(loaded: Loaded, path: Path, known: tuple[str, ...]) -> Found:
    text = loaded.layers.value_of(path)
    unknown = [name for name in _PLACE.findall(text) if name not in known] if isinstance(text, str) else []
    if unknown:
        places = ", ".join(f"{{{name}}}" for name in known)
        yield loaded.error(path, text, f"no placeholder but {places}: {{{unknown[0]}}} is none")


def programs(loaded: Loaded) -> Found:
    """The program of each venue's command is there and may be executed.

    Asked where it is about to be started: elsewhere it may well be absent.
    """
    for index, venue in enumerate(loaded.config.venue):
        if venue.command and shutil.which(venue.command[0]) is None:
            program = venue.command[0]
            wrong = "it may not be executed" if FilePath(program).is_file() else "there is no such program"
            allowed = f"a program that exists and may be executed, by its path or on PATH: {wrong}"
            yield loaded.error(("venue", index, "command"), program, allowed)


def days(loaded: Loaded, index: int, told: Instrument) -> Found:
    """An instrument's days are of the calendar, and in order."""
    path = ("instrument", index)
    for key in ("expiry", "last_open_day"):
        day = getattr(told, key)
        if day is not None and not is_day(day):
            yield loaded.error((*path, key), day, "a day of the calendar as YYYYMMDD")
            return
    if told.expiry is not None and told.last_open_day is not None and told.last_open_day > told.expiry:
        yield loaded.error((*path, "last_open_day"), told.last_open_day, f"at most expiry, {told.expiry}")


def is_day(text: str) -> bool:
    """Whether YYYYMMDD is a day that exists."""
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def ladders(loaded: Loaded) -> Found:
    """A query ladder has a step, and each lies later than the one before."""
    config = loaded.config
    told = [(("defaults",), config.defaults.query_ladder_ms)]
    told += [(("pair", index, "defaults"), pair.defaults.query_ladder_ms) for index, pair in enumerate(config.pair)]
    for path, ladder in told:
        if ladder is None:
            continue
        if not ladder or any(later <= earlier for earlier, later in zip(ladder, ladder[1:], strict=False)):
            yield loaded.error((*path, "query_ladder_ms"), list(ladder), "at least one time after the send, each later than the one before")


def both_sides(loaded: Loaded, index: int) -> Found:
    """Something is bought and something sold: legs of one side hedge nothing."""
    legs = loaded.config.pair[index].legs
    if len(legs) > 1 and len({leg.side for leg in legs}) == 1:
        side = legs[0].side
        yield loaded.error(("pair", index, "legs", len(legs) - 1, "side"), side, f"a leg of the other side than {side} in the pair: these add up")


def order_caps(loaded: Loaded, index: int) -> Found:
    """A hedge's cap has an order for each leg beside those kept for reversals."""
    pair = loaded.config.pair[index]
    least = len(pair.legs) + KEPT_FOR_REVERSALS
    own = pair.defaults.max_orders_per_hedge is not None
    path: Path = ("pair", index, "defaults") if own else ("defaults",)
    allowed = f"at least {least}: one for each of {len(pair.legs)} legs, and {KEPT_FOR_REVERSALS} kept for reversals"
    most = defaults_of(loaded.config, pair).max_orders_per_hedge
    if most < least:
        yield loaded.error((*path, "max_orders_per_hedge"), most, allowed)
    if pair.limits.orders_per_hedge < least:
        yield loaded.error(("pair", index, "limits", "orders_per_hedge"), pair.limits.orders_per_hedge, allowed)


def leg_tif(loaded: Loaded, path: Path, leg: Leg) -> Found:
    """The venue has the kind of order that the leg is told to send."""
    told = instrument_at(loaded.config, leg.venue, leg.symbol)
    has = (told.tifs if told is not None else None) or EVERY_TIF
    wanted = {"ioc": "3", "day": "0", None: ""}[leg.tif]
    if wanted and wanted not in has:
        yield loaded.error((*path, "tif"), leg.tif, f"what {leg.symbol} has: its tifs are {has}")


def venue_lots(loaded: Loaded, path: Path, pair: Pair, leg: Leg) -> Found:
    """What the venue takes in one order holds one unit, and size.units."""
    told = instrument_at(loaded.config, leg.venue, leg.symbol)
    if told is None or leg.lots is None:
        return
    if told.min_lots is not None and leg.lots < told.min_lots:
        yield loaded.error((*path, "lots"), leg.lots, f"at least min_lots of {leg.symbol}, {told.min_lots}: one unit must be an order")
    most = leg.lots * pair.size.units
    if told.max_lots is not None and most > told.max_lots:
        allowed = f"at most max_lots of {leg.symbol}, {told.max_lots}: size.units, {pair.size.units}, makes it {most}"
        yield loaded.error((*path, "lots"), leg.lots, allowed)


def moneys(loaded: Loaded) -> Found:
    """Budgets are above 0, of currencies that are traded there; a haircut is a share."""
    config = loaded.config
    for index, venue in enumerate(config.venue):
        there = {told.base if told.kind == "inverse" else told.currency for told in config.instrument if told.venue == venue.name}
        for currency, budget in (venue.margin_budget or {}).items():
            path: Path = ("venue", index, "margin_budget", currency)
            if budget <= 0:
                yield loaded.error(path, str(budget), "money above 0")
            elif currency not in there:
                yield loaded.error(path, str(budget), f"a currency that instruments of {venue.name} settle in: {', '.join(sorted(filter(None, there))) or 'none'}")
        if venue.fx_haircut is not None and not 0 <= venue.fx_haircut < 1:
            yield loaded.error(("venue", index, "fx_haircut"), str(venue.fx_haircut), 'a share from 0 to under 1: "0.05" is 5 %')


def limits_apart(loaded: Loaded) -> Found:
    """One instrument has one set of limits, whichever pairs trade it."""
    known: dict[tuple[str, str], tuple[str, LegLimits]] = {}
    for index, pair in enumerate(loaded.config.pair):
        for place, leg in enumerate(pair.legs):
            if leg.limits is None:
                continue
            name, first = known.setdefault((leg.venue, leg.symbol), (pair.name, leg.limits))
            if first != leg.limits:
                allowed = f"the limits that pair {name} has for {leg.symbol}: {limit_words(first)}"
                yield loaded.error(("pair", index, "legs", place, "limits"), limit_words(leg.limits), allowed)


def limit_words(limits: LegLimits) -> str:
    """Limits as one reads them."""
    return f"order_lots {limits.order_lots}, price_collar_ticks {limits.price_collar_ticks}, position_lots {limits.position_lots}"
