"""Views beside the spread: a pair's formula, and its ratios for people."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import msgspec

from domain.errors import require
from domain.formulas import Formula
from domain.market import Quote
from domain.pairspec import PairSpec
from domain.prices import COMPARABLE, ONE, RAW, TOUCH, LegPrice, RatioView, SpreadView, TouchView, line_of, walk_book

STEP = 1e-6
"""The share by which a price is moved to see what the value does."""


class FormulaView(SpreadView):
    """A formula over the legs' comparable prices; weights count for nothing.

    `buy` takes each bought leg's ask and each sold leg's bid: by the formula's
    ways that is never below `sell` on a sane book.
    """

    __slots__ = ("formula", "signs")

    def __init__(self, legs: Sequence[LegPrice], formula: Formula, basis: str = TOUCH) -> None:
        wrong = formula.wrong([leg.lots > 0 for leg in legs])
        require(not wrong, f"needs {wrong}")
        self.formula = formula
        self.signs = tuple(1 if leg.lots > 0 else -1 for leg in legs)
        super().__init__([msgspec.structs.replace(leg, weight=ONE) for leg in legs], basis)

    def on_quote(self, leg: int, quote: Quote) -> None:
        """Take in a leg's new book."""
        super().on_quote(leg, quote)
        self.buy = self._of(self._buys)
        self.sell = self._of(self._sells)

    def _of(self, signed: Sequence[float]) -> float:
        return self.formula.value([sign * price for sign, price in zip(self.signs, signed, strict=True)])

    def executable(self, direction: int, units: int, per_unit: Sequence[int] = ()) -> float:
        """The value that an order for `units` would get now, or NaN."""
        prices = []
        for index, leg in enumerate(self.legs):
            quote, qty = self.quotes[index], (per_unit[index] if per_unit else abs(leg.lots)) * units
            avg, _, filled = walk_book(quote.levels(self.leg_side(index, direction)) if quote else (), qty)
            if filled < qty:
                return nan
            prices.append(self.comparable(index, avg))
        return self.formula.value(prices)

    def at(self, px_ticks: Sequence[float]) -> float:
        """The value at given prices of the legs."""
        return self.formula.value([self.comparable(index, px) for index, px in enumerate(px_ticks)])

    def worth(self, direction: int) -> float:
        """What the value moving by one is worth, by its first leg's price."""
        prices = [self.signs[i] * px for i, px in enumerate(self._buys if direction > 0 else self._sells)]
        moved = [prices[0] * (1 + STEP), *prices[1:]]
        by = abs(self.formula.value(moved) - self.formula.value(prices))
        return prices[0] * STEP / by if by > 0.0 else nan


def ratios(
    legs: Sequence[LegPrice], quotes: Sequence[Quote | None], rates: Sequence[float]
) -> dict[str, tuple[float, float]]:
    """Raw and comparable ratio, each (to buy the pair, to sell it).

    First leg over second: 沪伦比值 as it is quoted, and with everything in.
    NaN where a side is missing; for two legs, one bought and one sold.
    """
    if len(legs) != 2 or legs[0].lots * legs[1].lots > 0:
        return {}
    lines = [line_of(leg.formula) for leg in legs]
    slopes = {RAW: [(line.raw_slope, 0.0) for line in lines]}
    slopes[COMPARABLE] = [line.coefficients(rate) for line, rate in zip(lines, rates, strict=True)]
    return {
        basis: tuple(_quotient(legs, quotes, slopes[basis], direction) for direction in (1, -1))
        for basis in (RAW, COMPARABLE)
    }


def _quotient(
    legs: Sequence[LegPrice], quotes: Sequence[Quote | None], slopes: Sequence[tuple[float, float]], direction: int
) -> float:
    values = []
    for leg, quote, (slope, rest) in zip(legs, quotes, slopes, strict=True):
        px = None if quote is None else quote.touch_px(direction if leg.lots > 0 else -direction)
        values.append(nan if px is None else slope * px + rest)
    return values[0] / values[1] if values[0] > 0.0 and values[1] > 0.0 else nan


def spread_view(spec: PairSpec) -> SpreadView:
    """The view of the pair's trigger: spread, ratio or a leg's touch."""
    legs = [leg.price for leg in spec.legs]
    if spec.trigger.kind == "ratio":
        return RatioView(legs, spec.basis, spec.ratio_basis)
    if spec.trigger.kind == "formula":
        return FormulaView(legs, Formula(spec.formula, spec.leg_names), spec.basis)
    if spec.trigger.kind == "touch":
        return TouchView(legs, spec.watched_leg, spec.basis)
    return SpreadView(legs, spec.basis)
