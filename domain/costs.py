"""What it would cost to complete a hedge, and what to take it back.

Both are sums over orders that could be sent now, in the pair's currency:

    complete  (expected fill - the trigger's touch) x side + fees, over the
              missing, - edge x units completed + time penalty
    go back   (expected reverse - fill) x side of the reverse + fees, over the
              excess, + time penalty

Expected fills walk the book to the quantity; fees already paid are in neither.
Floats: they compare two ways out, they are not money in a ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import nan

import msgspec

from domain.market import CLOSE_TODAY, LOCK, OPEN, UNLOCK, FeeSchedule, Instrument, Quote
from domain.prices import walk_book

REPLENISH = "replenish"
ROLLBACK = "rollback"


class OrderCost(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One repair order's expected cost, in the pair's currency.

    Units: ticks, lots; `book_lots` is how many of them the book holds.
    """

    leg: int
    side: int
    qty: int
    reference_px: float
    expected_px: float
    book_lots: int
    slippage: float
    fees: float

    @property
    def total(self) -> float:
        """Slippage and fees; NaN where no price is known."""
        return self.slippage + self.fees


class RepairCost(msgspec.Struct, frozen=True, array_like=True):
    """One way out with its terms, as the decision's record keeps them."""

    choice: str
    orders: tuple[OrderCost, ...]
    edge: float
    time_penalty: float
    total: float


class LegMoney:
    """What ticks, lots and turnover of a leg are in the pair's currency.

    A tick of a lot is worth the same at each price, but for an inverse
    contract: there it is a sum of money that shrinks as the price grows.
    """

    __slots__ = ("_fees", "_lot", "fx", "is_free", "is_inverse", "tick_lot")

    def __init__(self, instrument: Instrument, fx: float = 1.0, day: str = "") -> None:
        self.is_inverse = instrument.is_inverse
        held = instrument.units_per_lot()
        self._lot = float(held)
        self.tick_lot = float(held * Fraction(instrument.tick_size))
        self._fees = _rates(instrument.fees.on(day))
        self.is_free = not any(rate or by_lot for rate, by_lot in self._fees.values())
        self.fx = fx

    def tick_value(self, px_ticks: float) -> float:
        """One tick of one lot, at about `px_ticks`; inverse: NaN below 1."""
        if not self.is_inverse:
            return self.tick_lot * self.fx
        return self._lot / px_ticks * self.fx if px_ticks > 0 else nan

    def turnover(self, px_ticks: float, qty_lots: int) -> float:
        """The value of a trade; of an inverse contract its face value."""
        per_lot = self._lot if self.is_inverse else self.tick_lot * abs(px_ticks)
        return per_lot * qty_lots * self.fx

    def fees(self, px_ticks: float, qty_lots: int, offset: str) -> float:
        """Fees of a trade by its offset: open, close, close today."""
        rate, by_lot = self._fees.get(offset) or self._fees[OPEN]
        if rate == 0.0 and by_lot == 0.0:
            return 0.0
        per_lot = by_lot * (self.fx * _per_price(px_ticks, self.tick_lot, self._lot) if self.is_inverse else self.fx)
        return rate * self.turnover(px_ticks, qty_lots) + per_lot * qty_lots


def worth_of(moneys: Sequence[LegMoney], lots: Sequence[int], quotes: Sequence[Quote | None], rates: Sequence[float]) -> float:
    """What so many lots of each leg are worth at their touches; NaN where one has no price."""
    value = 0.0
    for money, qty, quote, rate in zip(moneys, lots, quotes, rates, strict=True):
        px = None if quote is None else quote.bid_px if quote.bid_px is not None else quote.ask_px
        if qty and px is None:
            return nan
        if qty:
            money.fx = rate
            value += money.turnover(px, abs(qty))
    return value


def order_cost(
    money: LegMoney,
    leg: int,
    side: int,
    qty_lots: int,
    reference_px: float,
    levels: Sequence[int],
    worst_px: int | None,
    offset: str,
) -> OrderCost:
    """The expected cost of one repair order against a reference price.

    Lots that the book does not hold are priced at `worst_px`, the most that
    the order may pay; without one the cost is unknown (NaN).
    """
    if levels and levels[1] >= qty_lots:
        expected, filled = float(levels[0]), qty_lots
    else:
        expected, _, filled = walk_book(levels, qty_lots)
    if filled != qty_lots:
        if worst_px is None:
            expected = nan
        else:
            expected = ((expected * filled if filled else 0.0) + worst_px * (qty_lots - filled)) / qty_lots
    if expected != expected or reference_px != reference_px:  # noqa: PLR0124 (NaN, without a call)
        return OrderCost(leg, side, qty_lots, reference_px, expected, filled, nan, nan)
    tick = money.tick_value(expected) if money.is_inverse else money.tick_lot * money.fx
    slippage = (expected - reference_px) * side * tick * qty_lots
    fees = 0.0 if money.is_free else money.fees(expected, qty_lots, offset)
    return OrderCost(leg, side, qty_lots, reference_px, expected, filled, slippage, fees)


def complete_cost(
    orders: Sequence[OrderCost], edge_per_unit: float, units: int, time_penalty: float = 0.0
) -> RepairCost:
    """Completing: the missing orders less the edge of the units won."""
    edge = edge_per_unit * units
    total = orders[0].slippage + orders[0].fees if len(orders) == 1 else _sum(orders)
    return RepairCost(REPLENISH, tuple(orders), edge, time_penalty, total - edge + time_penalty)


def reverse_cost(orders: Sequence[OrderCost], time_penalty: float = 0.0) -> RepairCost:
    """Going back: the reversing orders; no edge is won by it."""
    total = orders[0].slippage + orders[0].fees if len(orders) == 1 else _sum(orders)
    return RepairCost(ROLLBACK, tuple(orders), 0.0, time_penalty, total + time_penalty)


def time_penalty(rate_per_s: float, expected_ns: int) -> float:
    """What it costs to stay naked for about so long."""
    return rate_per_s * expected_ns / 1e9


def _sum(orders: Sequence[OrderCost]) -> float:
    total = 0.0
    for order in orders:
        total += order.slippage + order.fees
    return total


def _per_price(px_ticks: float, tick_lot: float, lot: float) -> float:
    """The price of one base unit: ticks times the tick's size."""
    return px_ticks * tick_lot / lot


@lru_cache(maxsize=1024)
def _rates(fees: FeeSchedule) -> dict[str, tuple[float, float]]:
    opening = (float(fees.open_rate), float(fees.open_lot))
    closing = (float(fees.close_rate), float(fees.close_lot))
    today = (float(fees.close_today_rate), float(fees.close_today_lot))
    return {OPEN: opening, LOCK: opening, "N": opening, UNLOCK: closing, "C": closing, "Y": closing, CLOSE_TODAY: today}
