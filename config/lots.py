"""Lots of a unit that nobody has written: the smallest that fit, at load.

    held   lot_size x multiplier / unit_factor / weight: what a lot of a leg
           holds, in the unit of the spread, for one of its weight

Legs are aligned when lots x held is the same for each. An inverse leg without
lots is left alone: each hedge sizes it by its own price.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from config.load import Loaded
from config.schema import Config, Leg, Pair
from config.values import instrument_at, instrument_of
from domain.errors import ConfigError
from domain.sizing import smallest_lots
from domain.units import exact, unit_factor_of

Found = Iterator[ConfigError]

MUCH = Fraction(1, 10)
"""Whole lots seldom agree: so much of a unit may be left over without a note."""


def is_sized(config: Config, leg: Leg) -> bool:
    """Whether each hedge sizes the leg: inverse, and no lots are written."""
    told = instrument_at(config, leg.venue, leg.symbol)
    return leg.lots is None and told is not None and told.kind == "inverse"


def held_per_lot(config: Config, leg: Leg) -> Fraction | None:
    """What a lot holds for a weight of one; None where that can't be told."""
    told = instrument_at(config, leg.venue, leg.symbol)
    try:
        factor = unit_factor_of(leg.unit_factor)
    except ValueError:
        return None
    if told is None or factor <= 0 or leg.weight <= 0:
        return None
    return instrument_of(told).units_per_lot() / factor / Fraction(leg.weight)


def filled(config: Config) -> Config:
    """The configuration with the lots that could be found."""
    return msgspec.structs.replace(config, pair=tuple(_filled(config, pair) for pair in config.pair))


def _filled(config: Config, pair: Pair) -> Pair:
    places = [place for place, leg in enumerate(pair.legs) if not is_sized(config, leg)]
    if all(pair.legs[place].lots is not None for place in places):
        return pair
    found = _lots(config, pair, places)
    if isinstance(found, str):
        return pair
    legs = list(pair.legs)
    for place, lots in zip(places, found, strict=True):
        legs[place] = msgspec.structs.replace(legs[place], lots=lots)
    return msgspec.structs.replace(pair, legs=tuple(legs))


def _lots(config: Config, pair: Pair, places: list[int]) -> tuple[int, ...] | str:
    """The smallest lots of the legs at these places, or what is missing."""
    if len(places) < 2:
        return (1,) * len(places)
    if any(pair.legs[place].lots is not None for place in places):
        return "lots of every leg, or of none"
    if pair.size.residual_tolerance is None:
        return "lots of every leg; or size.residual_tolerance, within which the smallest are found"
    held = [held_per_lot(config, pair.legs[place]) for place in places]
    if None in held:
        return "an instrument and a unit_factor that are told"
    try:
        return smallest_lots(held, exact(pair.size.residual_tolerance))
    except ValueError as error:
        return f"a residual_tolerance that can be met: {error}"


def problems(loaded: Loaded, index: int) -> Found:
    """Lots are written or can be found, and leave no more than they may."""
    config = loaded.config
    pair = config.pair[index]
    places = [place for place, leg in enumerate(pair.legs) if not is_sized(config, leg)]
    if not places:
        yield loaded.error(("pair", index, "legs", 0, "lots"), None, "lots of one leg at least: they are what a unit is")
        return
    missing = next((place for place in places if pair.legs[place].lots is None), None)
    if missing is not None:
        yield loaded.error(("pair", index, "legs", missing, "lots"), None, _lots(config, pair, places))
        return
    tolerance = pair.size.residual_tolerance
    held = [held_per_lot(config, pair.legs[place]) for place in places]
    if tolerance is None or None in held or any(instrument_at(config, leg.venue, leg.symbol).kind == "inverse" for leg in (pair.legs[p] for p in places)):
        return
    sums = [pair.legs[place].lots * each for place, each in zip(places, held, strict=True)]
    off = max(sums) - min(sums)
    if off > exact(tolerance):
        path = ("pair", index, "size", "residual_tolerance")
        yield loaded.error(path, str(tolerance), f"at least {float(off):g}, what the lots of a unit leave over; or no lots, and the smallest are found")


def notes(config: Config) -> list[str]:
    """Units whose written lots leave much of one leg uncovered, unsaid by a tolerance."""
    found = []
    for pair in config.pair:
        held = _sides_of(config, pair)
        if held and min(held) < max(held) * (1 - MUCH):
            share = float(1 - min(held) / max(held))
            each = ", ".join(f"{leg.symbol} {float(some):g}" for leg, some in zip(pair.legs, held, strict=True))
            found.append(f"{pair.name}: one unit holds {each} {pair.unit}: {share:.1%} of it is not covered")
    return found


def _sides_of(config: Config, pair: Pair) -> list[Fraction]:
    """What each of two legs holds of a unit; none where a spread doesn't say that they are to agree."""
    if len(pair.legs) != 2 or pair.trigger.on != "spread" or pair.size.residual_tolerance is not None:
        return []
    told = [instrument_at(config, leg.venue, leg.symbol) for leg in pair.legs]
    held = [held_per_lot(config, leg) for leg in pair.legs]
    if None in held or any(leg.lots is None for leg in pair.legs) or any(each.kind == "inverse" for each in told):
        return []
    return [leg.lots * each for leg, each in zip(pair.legs, held, strict=True)]


def residuals_of(config: Config, pair: Pair) -> tuple[Fraction, ...]:
    """What a lot of each leg holds, where what is left over is hedged.

    Only where a tolerance says that quantities are meant to agree, each leg's
    lots are fixed, and the bought legs weigh as much as the sold ones.
    """
    if pair.kind == "cover" or pair.size.residual_tolerance is None:
        return ()
    told = [instrument_at(config, leg.venue, leg.symbol) for leg in pair.legs]
    if any(each is None or each.kind == "inverse" for each in told):
        return ()
    if sum(leg.weight if leg.side == "buy" else -leg.weight for leg in pair.legs):
        return ()
    held = [held_per_lot(config, leg) for leg in pair.legs]
    return tuple(each * Fraction(leg.weight) for each, leg in zip(held, pair.legs, strict=True))
