"""Lots of a pair unit, where prices or the book have a say in them.

A leg of fixed lots is the same in each hedge. An inverse contract is a sum of
money: its lots hold as much of the base as the unit does at the decision's
price, and the hedge keeps them (LegPlan.per_unit). So what is held of it is
not lots x units, and a close takes its share of what is held: the last one
takes all.

    open     round(unit's exposure / (lot's money / px))
    close    round(held / units held) for a part; for all of it one hedge of
             as many units as divide every leg
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd

from msgspec.structs import replace

from domain.firing import Aim
from domain.market import Quote
from domain.pairspec import LegSpec, PairSpec

LOT_TOO_LARGE = "LOT_TOO_LARGE"


def held_per_lot(leg: LegSpec, px_ticks: int | None = None) -> Fraction:
    """What one lot holds in the unit of the spread; inverse: at a price."""
    instrument = leg.instrument
    held = instrument.units_per_lot() / Fraction(leg.price.formula.unit_factor)
    return held / (px_ticks * Fraction(instrument.tick_size)) if instrument.is_inverse else held


def lots_at(leg: LegSpec, unit: Fraction, px_ticks: int | None) -> int:
    """Lots of a leg whose weight of `unit` they hold at this price."""
    if px_ticks is None or px_ticks <= 0:
        return 0
    return round(unit * Fraction(leg.price.weight) / held_per_lot(leg, px_ticks))


def opening(aim: Aim, spec: PairSpec, quotes: Sequence[Quote]) -> Aim | str:
    """The aim with each leg's lots at the present touch."""
    lots = [
        lots_at(leg, spec.unit_exposure, quotes[i].touch_px(aim.sides[i])) if leg.sized else aim.per_unit[i]
        for i, leg in enumerate(spec.legs)
    ]
    enough = all(n >= leg.instrument.min_lots for n, leg in zip(lots, spec.legs, strict=True))
    return replace(aim, per_unit=tuple(lots)) if enough else LOT_TOO_LARGE


def closing(aim: Aim, spec: PairSpec, nets: Sequence[int], units: int, held: int) -> tuple[Aim, int] | str:
    """(the aim, units) of a close of `units` out of `held`, both above 0."""
    if units < held:
        lots = [round(abs(nets[i]) / held) if leg.sized else aim.per_unit[i] for i, leg in enumerate(spec.legs)]
        return (replace(aim, per_unit=tuple(lots)), units) if min(lots) >= 1 else LOT_TOO_LARGE
    whole = [abs(nets[i]) if leg.sized else aim.per_unit[i] * held for i, leg in enumerate(spec.legs)]
    share = gcd(held, *whole)
    return (replace(aim, per_unit=tuple(n // share for n in whole)), share) if share else LOT_TOO_LARGE


def now(spec: PairSpec, quotes: Sequence[Quote | None]) -> tuple[int, ...]:
    """Signed lots of a unit as it would be bought now; 0: can't be told."""
    found = []
    for i, leg in enumerate(spec.legs):
        quote = quotes[i]
        sign = 1 if leg.lots > 0 else -1
        px = quote.touch_px(sign) if leg.sized and quote is not None else None
        found.append(sign * lots_at(leg, spec.unit_exposure, px) if leg.sized else leg.lots)
    return tuple(found)
