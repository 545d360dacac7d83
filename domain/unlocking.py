"""Taking off a lock that no trading takes off: an open, then a close.

An open takes yesterday's lots off one side of each leg, the close after it
those of the other: no lot is opened in a leg that locks, and between the two
the pair holds a hedge like any other. Lots of today's, and what makes no whole
unit, stay.
"""

from __future__ import annotations

from domain.books import Sides, sides_of
from domain.pairs import Pair
from domain.pairspec import LegSpec, PairSpec


def unlockable(spec: PairSpec, pair: Pair) -> int | str:
    """Whole units whose open only takes yesterday's lots off; or why there are none."""
    locking = [(leg, sides_of(book)) for leg, book in zip(spec.legs, pair.books, strict=True) if leg.locks]
    if not locking:
        return 'no leg of it has close = "lock"'
    if pair.units:
        return f"it holds {abs(pair.units)} units: ./hedgerow hedge close {pair.name}, and what is locked then goes on"
    if any(leg.sized for leg in spec.legs):
        return "its legs are sized by each hedge: no unit of them is fixed"
    units = min(_both(leg, sides) // abs(leg.lots) for leg, sides in locking)
    return units or f"no unit of yesterday's lots is locked in each leg: {', '.join(_shown(leg, sides) for leg, sides in locking)}"


def _both(leg: LegSpec, sides: Sides) -> int:
    """Lots of yesterday's that both sides have; where days are not kept apart, only beside none of today's."""
    if leg.instrument.offset_mode != "octy" and (sides.long_today or sides.short_today):
        return 0
    return min(sides.long_old, sides.short_old)


def _shown(leg: LegSpec, sides: Sides) -> str:
    today = f", {sides.long_today} and {sides.short_today} of today's" if sides.long_today or sides.short_today else ""
    return f"{leg.symbol} long {sides.long_old}, short {sides.short_old}{today}"
