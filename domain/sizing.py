"""Units that fit into a room; lots of a unit, and what they leave over.

A unit's lots are configured, and `units_within` is what trades. The rest is the
arithmetic of finding them: exposures are exact Fractions in the pair's base
unit (grams, tons, BTC), one lot of a leg holds `exposure_per_lot`, signed lots
make signed exposure, and what does not come out even is a residual.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from domain.errors import require
from domain.market import Instrument
from domain.units import GRAMS_PER_TROY_OUNCE, POUNDS_PER_TON, exact

MAX_UNIT_LOTS = 1_000
"""No leg has more lots in one unit: beyond it the tolerance is at fault."""

QTY_FACTORS: dict[str, Fraction] = {
    "none": Fraction(1),
    "ounce_to_gram": GRAMS_PER_TROY_OUNCE,
    "gram_to_ounce": 1 / GRAMS_PER_TROY_OUNCE,
    "pound_to_ton": 1 / POUNDS_PER_TON,
    "kg_to_gram": Fraction(1000),
    "kg_to_ton": Fraction(1, 1000),
}
"""What a quantity is multiplied by to be in the pair's unit, exactly."""


def exposure_per_lot(
    instrument: Instrument, qty_factor: Fraction = Fraction(1), px_ticks: int | None = None
) -> Fraction:
    """What one lot holds, in the pair's unit.

    An inverse contract is a sum of money: it holds that much of the base at
    `px_ticks`, the price of the decision, which the hedge keeps.
    """
    held = instrument.units_per_lot()
    if instrument.is_inverse:
        require(px_ticks is not None and px_ticks > 0, f"{instrument.symbol}: inverse, needs a price above 0")
        held /= px_ticks * Fraction(instrument.tick_size)
    return held * qty_factor


def smallest_lots(
    exposures: Sequence[Fraction], tolerance: Fraction | Decimal | str, max_lots: int = MAX_UNIT_LOTS
) -> tuple[int, ...]:
    """The fewest whole lots whose exposures agree within `tolerance`.

    Raises: ValueError when no leg has so few; says the best that there is.
    """
    require(all(held > 0 for held in exposures), "each lot holds something")
    bound = exact(tolerance)
    best: tuple[Fraction, tuple[int, ...]] | None = None
    for first in range(1, max_lots + 1):
        held = first * exposures[0]
        lots = (first, *(round(held / other) for other in exposures[1:]))
        if min(lots) < 1 or max(lots) > max_lots:
            continue
        off = max(
            (abs(held - n * other) for n, other in zip(lots[1:], exposures[1:], strict=True)), default=Fraction(0)
        )
        if off <= bound:
            return lots
        if best is None or off < best[0]:
            best = (off, lots)
    near = f"; the nearest, {best[1]}, leaves {float(best[0]):g}" if best else ""
    raise ValueError(f"no unit of at most {max_lots} lots a leg is within {float(bound):g}{near}")


def lots_for(exposure: Fraction, per_lot: Fraction) -> int:
    """The whole lots nearest to an exposure; half goes to the even one."""
    return round(exposure / per_lot)


def residual(signed_lots: Sequence[int], exposures: Sequence[Fraction]) -> Fraction:
    """What the legs' exposures leave over in sum; signed."""
    return sum((lots * held for lots, held in zip(signed_lots, exposures, strict=True)), Fraction(0))


def residual_lots(left_over: Fraction, per_lot: Fraction) -> int:
    """Whole lots that an accumulated residual has grown to; signed.

    Never more than there is: 1.9 lots are one, -1.9 minus one.
    """
    lots = int(abs(left_over) / per_lot)
    return lots if left_over >= 0 else -lots


def units_within(lots_room: Sequence[int], unit_lots: Sequence[int]) -> int:
    """Whole units that fit into each leg's room in lots; never below 0."""
    return max(0, min(room // abs(unit) for room, unit in zip(lots_room, unit_lots, strict=True)))
