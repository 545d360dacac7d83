"""What a cover pair may say, and what the domain is given of it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from config.load import Loaded
from config.schema import Pair
from config.values import instrument_at, instrument_of
from domain.cover import CoverSpec, per_lot
from domain.errors import ConfigError
from domain.units import NS_PER_MS, exact, unit_factor_of

Found = Iterator[ConfigError]
THRESHOLDS = ("buy_open", "sell_open", "sell_close", "buy_close")


def cover_of(pair: Pair, lot: Fraction, min_lots: int = 1) -> CoverSpec | None:
    """What the pair covers; `lot`: what one of its leg's covers."""
    told = pair.exposure
    if pair.kind != "cover" or told is None:
        return None
    return CoverSpec(
        per_lot=lot,
        unit=told.unit,
        book=told.book,
        asset=told.asset,
        ratio=exact(told.ratio),
        band=None if told.band is None else exact(told.band),
        max_step=None if told.max_step is None else exact(told.max_step),
        max_age_ns=(told.max_age_ms or 0) * NS_PER_MS,
        min_lots=min_lots,
        file=told.file or "",
        feed=told.feed or "",
    )


def problems(loaded: Loaded, index: int) -> Found:
    """A cover has one leg and an exposure; another pair has neither."""
    pair = loaded.config.pair[index]
    path = ("pair", index)
    if pair.kind != "cover":
        if len(pair.legs) < 2:
            yield loaded.error((*path, "legs"), len(pair.legs), 'two or more; one alone for kind = "cover"')
        if pair.exposure is not None:
            yield loaded.error((*path, "exposure"), "a table", 'none, or kind = "cover"')
        return
    if pair.exposure is None:
        yield loaded.error((*path, "exposure"), None, "a table: what is covered ([pair.exposure])")
    if len(pair.legs) != 1:
        yield loaded.error((*path, "legs"), len(pair.legs), "one: what it covers is held elsewhere")
    leg = pair.legs[0]
    if leg.side != "buy" or leg.lots != 1:
        yield loaded.error((*path, "legs", 0, "side"), f"{leg.side} {leg.lots}", 'side = "buy" and lots = 1: the exposure says which way and how many')
    if any(getattr(pair.trigger, key) is not None for key in THRESHOLDS) or pair.trigger.on != "spread":
        yield loaded.error((*path, "trigger"), "a trigger", "none: a cover is fired by its exposure")
    if pair.sequence != "concurrent":
        yield loaded.error((*path, "sequence"), pair.sequence, "concurrent: there is one leg")
    if pair.exposure is not None:
        yield from _exposure(loaded, index)


def _exposure(loaded: Loaded, index: int) -> Found:
    pair = loaded.config.pair[index]
    told, path = pair.exposure, ("pair", index, "exposure")
    if told.ratio == 0:
        yield loaded.error((*path, "ratio"), str(told.ratio), "not 0: 1 covers all of it")
    if told.max_step is not None and told.max_step <= 0:
        yield loaded.error((*path, "max_step"), str(told.max_step), "more than 0")
    if told.file is not None and told.feed is not None:
        yield loaded.error((*path, "feed"), told.feed, "a file or a feed, not both")
    found = instrument_at(loaded.config, pair.legs[0].venue, pair.legs[0].symbol)
    try:
        factor = unit_factor_of(pair.legs[0].unit_factor)
    except ValueError:
        return
    if told.band is None or found is None or found.kind == "inverse" or factor <= 0:
        return
    half = per_lot(instrument_of(found), factor) / 2
    if exact(told.band) < half:
        yield loaded.error((*path, "band"), str(told.band), f"at least half of what a lot covers, {float(half):g}")
