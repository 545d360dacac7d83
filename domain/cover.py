"""Cover pairs 套期保值: an exposure held elsewhere, kept covered by one leg.

    goal = -ratio x exposure            in the exposure's unit
    left = goal - held x per_lot        what is not covered yet; signed
    lots = left / per_lot               whole ones; the rest stays on the ledger

An exposure is absolute, never a delta, and its version grows: one that is
older or the same changes nothing. One that is too old is EXPOSURE_STALE: what
is held is held on to, never taken to zero. A jump past `max_step` waits for a
person. One hedge at a time; a newer version meanwhile takes back what is over.
"""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from domain.exposures import Exposure, ExposureTold, ExposureWaits
from domain.hedges import COVER, Hedge, HedgeAimed
from domain.market import Instrument
from domain.pairs import Pair
from domain.sizing import exposure_per_lot, lots_for, residual_lots
from domain.units import NS_PER_S, exact

EXPOSURE_STALE = "EXPOSURE_STALE"
NO_EXPOSURE = "NO_EXPOSURE"
UNCOVERED = "UNCOVERED"
AHEAD_NS = 60 * NS_PER_S
"""How far another machine's clock may be ahead; what says to be younger is no record."""


class CoverSpec(Struct, frozen=True):
    """What is covered, and how closely. Units: the exposure's; ns.

    `band`: how far it may be off before a hedge leaves (None: less than a
    lot); `max_step`: the most that one record may change it by.
    """

    per_lot: Fraction
    unit: str = ""
    book: str = ""
    asset: str = ""
    ratio: Fraction = Fraction(1)
    band: Fraction | None = None
    max_step: Fraction | None = None
    max_age_ns: int = 0
    min_lots: int = 1
    file: str = ""
    feed: str = ""


def per_lot(instrument: Instrument, unit_factor: Fraction) -> Fraction:
    """What one lot covers, in the unit that prices are changed to."""
    return exposure_per_lot(instrument, 1 / unit_factor)


def decide(pair: Pair, told: Exposure, spec: CoverSpec, wall_ns: int) -> ExposureTold | ExposureWaits | str:
    """What a record that came makes of the pair's exposure; or why nothing."""
    for name in ("unit", "book", "asset"):
        wanted, given = getattr(spec, name), getattr(told, name)
        if wanted and given and wanted != given:
            return f"{name} is {given}, this pair covers {wanted}"
    if told.as_of_ns > wall_ns + AHEAD_NS:
        return f"as_of lies {(told.as_of_ns - wall_ns) // NS_PER_S} s ahead: allowed: {AHEAD_NS // NS_PER_S}"
    known = pair.exposure
    latest = latest_version(pair)
    if told.version <= latest:
        return f"version {told.version} is not newer than {latest}"
    before = exact(known.qty) if known is not None else Fraction(0)
    if spec.max_step is not None and abs(exact(told.qty) - before) > spec.max_step:
        return ExposureWaits(told)
    return ExposureTold(told)


def latest_version(pair: Pair) -> int:
    """The last version that was told, also one that waits; -1: none yet."""
    return max((each.version for each in (pair.exposure, pair.waiting) if each is not None), default=-1)


def is_at_odds(pair: Pair, told: Exposure) -> bool:
    """Whether a record that is dropped for its version is newer, and says otherwise.

    Its writer counts anew, or a person's word has a version that it will never
    reach: dropped in silence, the pair would cover what is no longer held.
    """
    known = pair.exposure
    return known is not None and told.as_of_ns > known.as_of_ns and exact(told.qty) != exact(known.qty)


def left(pair: Pair, spec: CoverSpec, held_lots: int) -> Fraction:
    """What is not covered yet; signed as the leg would be traded."""
    if pair.exposure is None:
        return Fraction(0)
    return -spec.ratio * exact(pair.exposure.qty) - held_lots * spec.per_lot


def wanted_lots(off: Fraction, spec: CoverSpec) -> int:
    """Whole lots that bring it back; 0 inside its band, or fewer than an order takes."""
    if spec.band is None:
        lots = residual_lots(off, spec.per_lot)
    else:
        lots = lots_for(off, spec.per_lot) if abs(off) > spec.band else 0
    return lots if abs(lots) >= spec.min_lots else 0


def why_not(pair: Pair, spec: CoverSpec, wall_ns: int) -> str:
    """What the exposure itself has against a hedge, or ""."""
    if pair.exposure is None:
        return NO_EXPOSURE
    stale = spec.max_age_ns and not wall_ns - pair.exposure.as_of_ns <= spec.max_age_ns
    return EXPOSURE_STALE if stale else ""


def event_of(pair: Pair, spec: CoverSpec) -> tuple[str, int]:
    """The next hedge's event and most lots; ("", 0): inside its band.

    What is held the wrong way is closed first: an open is a hedge of its own.
    """
    held = pair.units
    lots = wanted_lots(left(pair, spec, held), spec)
    if not lots:
        return "", 0
    side = "buy" if lots > 0 else "sell"
    if held * lots >= 0:
        return f"{side}_open", abs(lots)
    closed = min(abs(lots), abs(held))
    return (f"{side}_close", closed) if closed >= spec.min_lots else ("", 0)


def aimed(pair: Pair, hedge: Hedge, spec: CoverSpec, now_ns: int) -> tuple[HedgeAimed, ...]:
    """The hedge in flight made smaller, where the exposure now wants less."""
    if hedge.trigger != COVER:
        return ()
    done = hedge.legs[0].net
    wanted = wanted_lots(left(pair, spec, pair.units - hedge.direction * done), spec) * hedge.direction
    units = max(0, min(hedge.units, wanted))
    return (HedgeAimed(units, pair.exposure.version, now_ns),) if units < hedge.units else ()
