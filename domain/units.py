"""Exact units: time, mass, decimals and ticks.

A decimal is exact from the page to the book: text becomes a Fraction, a
Fraction becomes whole ticks or is refused. Floats are made in prices.py alone.

Source: 1 troy ounce = 31.1034768 g and 1 lb = 0.45359237 kg are exact by
definition (international yard and pound agreement, 1959).
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

GRAMS_PER_TROY_OUNCE = Fraction("31.1034768")
KG_PER_POUND = Fraction("0.45359237")
POUNDS_PER_TON = 1000 / KG_PER_POUND
CENTS_PER_POUND_TO_UNITS_PER_TON = POUNDS_PER_TON / 100

UNIT_FACTORS: dict[str, Fraction] = {
    "none": Fraction(1),
    "per_ounce_to_per_gram": 1 / GRAMS_PER_TROY_OUNCE,
    "per_gram_to_per_ounce": GRAMS_PER_TROY_OUNCE,
    "cents_per_pound_to_per_ton": CENTS_PER_POUND_TO_UNITS_PER_TON,
    "per_pound_to_per_ton": POUNDS_PER_TON,
    "per_kg_to_per_ton": Fraction(1000),
    "per_kg_to_per_gram": Fraction(1, 1000),
}
"""What a price is multiplied by to change its unit, by name, exactly."""


MAX_PLACES = 18
"""Decimal places, before and after the point, of a number that is told."""


def decimal_wrong(value: Decimal) -> str:
    """What a decimal should be instead; empty where it can be reckoned with.

    A short text may spell a number whose exact form fills the memory.
    """
    if not value.is_finite():
        return 'a finite decimal, such as "0.01"'
    exponent = value.as_tuple().exponent
    if -MAX_PLACES <= exponent <= MAX_PLACES and value.adjusted() < MAX_PLACES:
        return ""
    return f"at most {MAX_PLACES} digits before the point and {MAX_PLACES} after it"


def decimal_of(text: str | int | Decimal) -> Decimal:
    """The finite decimal that `text` spells; ValueError otherwise."""
    if isinstance(text, (float, bool)):
        raise ValueError(f"{text!r} is not exact: write it as text, such as '0.01'")
    try:
        value = Decimal(text)
    except (InvalidOperation, TypeError) as error:
        raise ValueError(f"{text!r} is not a decimal number such as '0.01'") from error
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    wrong = decimal_wrong(value)
    if wrong:
        raise ValueError(f"{text!r}: {wrong}")
    return value


def exact(value: str | int | Decimal | Fraction) -> Fraction:
    """The Fraction equal to `value`; ValueError when it is no number."""
    return value if isinstance(value, Fraction) else Fraction(decimal_of(value))


def unit_factor_of(name: str) -> Fraction:
    """The factor called `name` in UNIT_FACTORS, or the number it spells."""
    factor = UNIT_FACTORS.get(name)
    if factor is not None:
        return factor
    try:
        return exact(name)
    except ValueError as error:
        raise ValueError(f"unit factor {name!r}: a number, or one of {', '.join(UNIT_FACTORS)}") from error
