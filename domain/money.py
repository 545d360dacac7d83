"""Money as whole numbers: scaled integers inside, decimal text outside.

Sums of money are kept in units of 10^-12 of a currency: every minor unit and
every tick of a lot in use is a whole number of them, so that sums are exact.
Fractions appear where an amount is worked out, never where it is kept.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

DIGITS = 12
SCALE = 10**DIGITS
"""Units of a currency's 1."""


def round_half_up(number: Fraction) -> int:
    """To the nearest whole number; halves away from zero."""
    return rounded(number.numerator, number.denominator)


def rounded(number: int, by: int) -> int:
    """`number / by`, which is above zero, to the nearest whole number; halves away from zero."""
    whole = (2 * abs(number) + by) // (2 * by)
    return whole if number >= 0 else -whole


def scaled(amount: Fraction | Decimal | str | int) -> int:
    """An amount in scaled units; what is finer is rounded."""
    return round_half_up(Fraction(amount) * SCALE)


def scaled_up(amount: Fraction) -> int:
    """An amount in scaled units, never less than it is."""
    return -(-amount.numerator * SCALE // amount.denominator)


def minor(amount: Fraction, digits: int) -> int:
    """An amount in minor units of a currency, halves away from zero."""
    return round_half_up(amount * 10**digits)


def text_of(units: int, digits: int = 2) -> str:
    """Scaled units as decimal text: `digits` decimals, more where they say more."""
    sign = "-" if units < 0 else ""
    whole, rest = divmod(abs(units), SCALE)
    decimals = f"{rest:0{DIGITS}d}"
    kept = decimals[:digits] + decimals[digits:].rstrip("0")
    return f"{sign}{whole}.{kept}" if kept else f"{sign}{whole}"
