"""A leg's comparable price, and what a pair's spread or ratio is now.

    comparable = ((px + premium) * unit_factor * fx * (1 + duty) * (1 + vat)) + cost

is a straight line in px_ticks once fx is known: a * px_ticks + b. The lines are
drawn exactly, at load and at each FX quote; on every market quote a view does a
multiplication a side and a few additions. Floats live here: they compare, they
never become money or an order's price.

To buy a pair is to trade each leg on the side of its sign: a leg of positive
lots is bought, one of negative lots sold. `buy` is the value at which the pair
could be bought now, `sell` that at which it could be sold: never above `buy`
unless a book is crossed. What can't be known is NaN, which meets no threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import nan

import msgspec

from domain.errors import require
from domain.market import Quote, depth

TOUCH = "touch"
MID = "mid"
LAST = "last"
BASES = (TOUCH, MID, LAST)

RAW = "raw"
COMPARABLE = "comparable"

ONE = Fraction(1)
ZERO = Fraction(0)


class PriceFormula(msgspec.Struct, frozen=True, gc=False):
    """How a leg's price becomes the pair's currency and unit; exact.

    Units: premium in the leg's own price unit, cost in the pair's; duty and
    vat are shares (0.13), `fx` the fixed rate where no FX instrument is named.
    """

    tick_size: Decimal | Fraction
    premium: Decimal | Fraction = ZERO
    unit_factor: Decimal | Fraction = ONE
    duty: Decimal | Fraction = ZERO
    vat: Decimal | Fraction = ZERO
    cost: Decimal | Fraction = ZERO
    fx: Decimal | Fraction = ONE

    def gain(self) -> Fraction:
        """What one of the leg's price is worth, before FX."""
        return Fraction(self.unit_factor) * (1 + Fraction(self.duty)) * (1 + Fraction(self.vat))

    def comparable(self, px_ticks: int, fx: Fraction | None = None) -> Fraction:
        """The comparable price of `px_ticks`, exactly."""
        rate = Fraction(self.fx) if fx is None else fx
        return (px_ticks * Fraction(self.tick_size) + Fraction(self.premium)) * self.gain() * rate + Fraction(self.cost)

    def raw(self, px_ticks: int) -> Fraction:
        """The price in the pair's unit: no FX, premium, tax or cost."""
        return px_ticks * Fraction(self.tick_size) * Fraction(self.unit_factor)


class Line:
    """A formula made ready: slope and intercept for a given FX rate."""

    __slots__ = ("_cost", "_fixed", "_premium", "_tick", "raw_slope")

    def __init__(self, formula: PriceFormula) -> None:
        gain = formula.gain()
        self._tick = float(Fraction(formula.tick_size) * gain)
        self._premium = float(Fraction(formula.premium) * gain)
        self._cost = float(formula.cost)
        self._fixed = float(formula.fx)
        self.raw_slope = float(Fraction(formula.tick_size) * Fraction(formula.unit_factor))

    def coefficients(self, fx: float | None = None) -> tuple[float, float]:
        """(a, b) so that comparable = a * px_ticks + b; NaN for a bad rate."""
        rate = self._fixed if fx is None else fx
        if not 0.0 < rate < float("inf"):
            return (nan, nan)
        return (self._tick * rate, self._premium * rate + self._cost)


@lru_cache(maxsize=1_024)
def line_of(formula: PriceFormula) -> Line:
    """Its line, made once: exact fractions are slow."""
    return Line(formula)


def fx_rate(quote: Quote | None, tick_size: float) -> float:
    """The middle of an FX quote, NaN where a side is missing."""
    if quote is None or quote.bid_px is None or quote.ask_px is None:
        return nan
    return (quote.bid_px + quote.ask_px) * 0.5 * tick_size


class LegPrice(msgspec.Struct, frozen=True, gc=False):
    """One leg of a view: its formula, its signed lots a unit, its weight.

    The weight is what one comparable price of the leg counts for in the
    spread (2 for the body of a butterfly); its sign is that of the lots.
    """

    formula: PriceFormula
    lots: int
    weight: Decimal | Fraction = ONE


class SpreadView:
    """The pair's spread, kept up to date by each quote of a leg.

    Read `buy` and `sell`; they follow `basis`. What an order would get for a
    size is `executable`, whatever the basis.
    """

    __slots__ = (
        "_a",
        "_b",
        "_buys",
        "_lines",
        "_sells",
        "_watch_touch",
        "_weights",
        "basis",
        "buy",
        "legs",
        "quotes",
        "sell",
    )

    def __init__(self, legs: Sequence[LegPrice], basis: str = TOUCH) -> None:
        require(basis in BASES, f"basis {basis!r} is none of {BASES}")
        require(all(leg.lots for leg in legs), "each leg has lots")
        self.legs = tuple(legs)
        self.basis = basis
        self._watch_touch = basis == TOUCH
        self._lines = [line_of(leg.formula) for leg in legs]
        self._weights = [float(leg.weight) * (1 if leg.lots > 0 else -1) for leg in legs]
        self.quotes: list[Quote | None] = [None] * len(self.legs)
        self._buys = [nan] * len(self.legs)
        self._sells = [nan] * len(self.legs)
        self.buy = nan
        self.sell = nan
        self._a = [nan] * len(self.legs)
        self._b = [nan] * len(self.legs)
        for index in range(len(self.legs)):
            self.on_fx(index, None)

    def on_fx(self, leg: int, rate: float | None) -> None:
        """Draw the leg's line anew; None is the formula's fixed rate."""
        a, b = self._lines[leg].coefficients(rate)
        weight = self._weights[leg]
        self._a[leg] = weight * a
        self._b[leg] = weight * b
        quote = self.quotes[leg]
        if quote is not None:
            self.on_quote(leg, quote)

    def on_quote(self, leg: int, quote: Quote) -> None:
        """Take in a leg's new book. The hot path: about a microsecond."""
        self.quotes[leg] = quote
        a = self._a[leg]
        b = self._b[leg]
        if self._watch_touch:
            bid, ask = quote.bid_px, quote.ask_px
        else:
            bid = ask = watched_px(quote, self.basis)
        low = nan if bid is None else a * bid + b
        high = nan if ask is None else a * ask + b
        buys, sells = self._buys, self._sells
        if self._weights[leg] > 0:
            buys[leg] = high
            sells[leg] = low
        else:
            buys[leg] = low
            sells[leg] = high
        if len(buys) == 2:
            self.buy = buys[0] + buys[1]
            self.sell = sells[0] + sells[1]
        else:
            self.buy = sum(buys)
            self.sell = sum(sells)

    def leg_side(self, leg: int, direction: int) -> int:
        """The side that a leg trades when the pair trades `direction`."""
        return direction if self.legs[leg].lots > 0 else -direction

    def executable(self, direction: int, units: int, per_unit: Sequence[int] = ()) -> float:
        """The spread that an order for `units` would get now, or NaN."""
        total = 0.0
        for index, leg in enumerate(self.legs):
            quote = self.quotes[index]
            if quote is None:
                return nan
            qty = (per_unit[index] if per_unit else abs(leg.lots)) * units
            avg, _, filled = walk_book(quote.levels(self.leg_side(index, direction)), qty)
            if filled < qty:
                return nan
            total += self._a[index] * avg + self._b[index]
        return total

    def at(self, px_ticks: Sequence[float]) -> float:
        """The spread at given prices of the legs."""
        return sum(a * px + b for a, px, b in zip(self._a, px_ticks, self._b, strict=True))

    def comparable(self, leg: int, px_ticks: float) -> float:
        """One leg's comparable price at `px_ticks`, at the present rate."""
        return (self._a[leg] * px_ticks + self._b[leg]) / self._weights[leg]

    def worth(self, direction: int) -> float:  # noqa: ARG002 (a spread is in the pair's money already)
        """What the watched value moving by one is worth in a unit's spread."""
        return 1.0


class RatioView(SpreadView):
    """First leg over second: comparable, or raw as traders quote it.

    Raw is 沪伦比值: units converted, no FX, premium, tax or cost. Both prices
    must be above zero.
    """

    __slots__ = ("ratio_basis",)

    def __init__(self, legs: Sequence[LegPrice], basis: str = TOUCH, ratio_basis: str = COMPARABLE) -> None:
        require(len(legs) == 2, "a ratio has two legs")
        require(legs[0].lots > 0 > legs[1].lots, "a ratio's first leg is bought when the second is sold")
        require(ratio_basis in (RAW, COMPARABLE), f"ratio_basis {ratio_basis!r} is neither raw nor comparable")
        self.ratio_basis = ratio_basis
        super().__init__([msgspec.structs.replace(leg, weight=ONE) for leg in legs], basis)

    def on_fx(self, leg: int, rate: float | None) -> None:
        """Draw the leg's line anew; a raw ratio knows no FX."""
        if self.ratio_basis == RAW:
            self._a[leg] = self._weights[leg] * self._lines[leg].raw_slope
            self._b[leg] = 0.0
            return
        super().on_fx(leg, rate)

    def on_quote(self, leg: int, quote: Quote) -> None:
        """Take in a leg's new book."""
        super().on_quote(leg, quote)
        self.buy = _ratio(self._buys[0], -self._buys[1])
        self.sell = _ratio(self._sells[0], -self._sells[1])

    def executable(self, direction: int, units: int, per_unit: Sequence[int] = ()) -> float:
        """The ratio that an order for `units` would get now, or NaN."""
        values = []
        for index, leg in enumerate(self.legs):
            quote = self.quotes[index]
            qty = (per_unit[index] if per_unit else abs(leg.lots)) * units
            avg, _, filled = walk_book(quote.levels(self.leg_side(index, direction)) if quote else (), qty)
            if filled < qty:
                return nan
            values.append(self.comparable(index, avg))
        return _ratio(values[0], values[1])

    def at(self, px_ticks: Sequence[float]) -> float:
        """The ratio at given prices of the legs."""
        return _ratio(self.comparable(0, px_ticks[0]), self.comparable(1, px_ticks[1]))

    def worth(self, direction: int) -> float:
        """A ratio moves by one as its first price does by the second one's."""
        if self.ratio_basis == RAW:
            return nan  # without FX it is nobody's money
        return -self._buys[1] if direction > 0 else -self._sells[1]


class TouchView(SpreadView):
    """The touch of one leg, in its own price; the others only size it.

    Buying the pair takes the leg's ask where it is bought, its bid where it
    is sold. In the second case values are negative (price times the sign of
    the lots), so that lower is still better to buy.
    """

    __slots__ = ("_slope", "watched")

    def __init__(self, legs: Sequence[LegPrice], watched: int, basis: str = TOUCH) -> None:
        require(0 <= watched < len(legs), f"the pair has no leg {watched}")
        self.watched = watched
        super().__init__(legs, basis)

    def on_fx(self, leg: int, rate: float | None) -> None:
        """Draw the leg's line: its own price, whatever the rate."""
        sign = 1.0 if self.legs[leg].lots > 0 else -1.0
        self._a[leg] = sign * float(self.legs[leg].formula.tick_size) if leg == self.watched else 0.0
        self._b[leg] = 0.0
        if leg == self.watched:
            self._slope = self._lines[leg].coefficients(rate)[0] / float(self.legs[leg].formula.tick_size)

    def worth(self, direction: int) -> float:  # noqa: ARG002 (a price in the pair's money, at any touch)
        """One of the leg's own price in the pair's currency and unit."""
        return self._slope


def watched_px(quote: Quote, basis: str) -> float | None:
    """The single price that a basis of mid or last watches."""
    if basis == LAST:
        return quote.last_px
    if quote.bid_px is None or quote.ask_px is None:
        return None
    return (quote.bid_px + quote.ask_px) * 0.5


def walk_book(levels: Sequence[int], qty_lots: int) -> tuple[float, int | None, int]:
    """(average px, worst px, lots filled) of taking `qty_lots` from a book.

    Units: ticks. (NaN, None, 0) where nothing is there or asked for.
    """
    if levels and 0 < qty_lots <= levels[1]:  # mostly the touch holds it all
        return float(levels[0]), levels[0], qty_lots
    left = qty_lots
    paid = 0
    worst = None
    for index in range(0, len(levels), 2):
        if left <= 0:
            break
        take = min(left, levels[index + 1])
        if take <= 0:
            continue
        worst = levels[index]
        paid += worst * take
        left -= take
    filled = qty_lots - left
    return (paid / filled, worst, filled) if filled > 0 else (nan, None, 0)


def tradable_units(
    quotes: Sequence[Quote | None],
    lots: Sequence[int],
    direction: int,
    payups: Sequence[int] = (),
    claimed_lots: Sequence[int] = (),
) -> int:
    """Whole units that all books hold within each leg's payup of the touch.

    `claimed_lots` is what other hedges of the account have already taken
    from each leg's book.
    """
    units = None
    for index, quote in enumerate(quotes):
        signed = lots[index]
        side = direction if signed > 0 else -direction
        touch = quote.touch_px(side) if quote is not None else None
        if touch is None:
            return 0
        payup = payups[index] if payups else 0
        there = depth(quote.levels(side), touch + side * payup, side) if payup else quote.touch_qty(side)
        free = there - (claimed_lots[index] if claimed_lots else 0)
        here = max(0, free) // abs(signed) if signed else 0
        units = here if units is None else min(units, here)
    return units or 0


def _ratio(first: float, second: float) -> float:
    return first / second if first > 0.0 and second > 0.0 else nan
