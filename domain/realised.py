"""What a hedge has cost: slippage against its decision, and fees.

    slippage  (price - the leg's touch at the decision) x side x lots, over all
              trades of the leg, reversals too: a leg taken back has cost what
              lies between its fills
    fees      as the venue told them; by the instrument's schedule where it
              did not

Integers in ticks; in the pair's currency floats, for statistics alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

from domain.costs import LegMoney
from domain.hedges import Hedge
from domain.legs import Leg
from domain.market import NO_FEES, Instrument
from domain.orders import Order

VENUE, SCHEDULE = "venue", "schedule"
DIGITS = 8


def cost_of(
    hedge: Hedge,
    instruments: Mapping[tuple[str, str], Instrument],
    currency: str,
    rates: Sequence[float],
) -> dict[str, Any]:
    """The cost as plain values. `rates`: each leg's FX at the decision.

    Money is None where the instrument, its rate or a fee is not known.
    """
    rows = []
    for leg in hedge.legs:
        index = leg.plan.index
        rate = rates[index] if index < len(rates) else float("nan")
        rows.append(_leg_cost(leg, instruments.get((leg.plan.venue, leg.plan.symbol)), rate))
    slips = [row["slippage"] for row in rows]
    slippage = None if None in slips else round(sum(slips), DIGITS)
    told = [row["fees"] for row in rows if row["fees"] is not None]
    fees = round(sum(told), DIGITS) if told else None
    return {
        "currency": currency,
        "slippage": slippage,
        "fees": fees,
        "total": None if slippage is None else round(slippage + (fees or 0.0), DIGITS),
        "legs": rows,
    }


def _leg_cost(leg: Leg, instrument: Instrument | None, rate: float) -> dict[str, Any]:
    trades = [(o, qty, px) for o in leg.orders for _, qty, px in o.trades if qty]
    lots = sum(qty for _, qty, _ in trades)
    touch = leg.plan.touch_px
    tick_lots = sum((px - touch) * o.side * qty for o, qty, px in trades)
    money = LegMoney(instrument, rate) if instrument is not None else None
    slippage = fees = source = None
    if money is not None:
        slippage = _known(sum((px - touch) * o.side * qty * money.tick_value(px) for o, qty, px in trades))
        fees, source = _fees(leg.orders, trades, instrument, money)
    return {
        "venue": leg.plan.venue,
        "symbol": leg.plan.symbol,
        "lots": lots,
        "slippage_tick_lots": tick_lots,
        "slippage_ticks": round(tick_lots / lots, DIGITS) if lots else None,
        "slippage": slippage,
        "fees": fees,
        "fees_by": source,
        "fx": _known(rate),
    }


def _fees(
    orders: Sequence[Order], trades: list[tuple[Order, int, int]], instrument: Instrument, money: LegMoney
) -> tuple[float | None, str | None]:
    told = [Decimal(fee) for order in orders for _, fee in order.fees]
    if told:
        return _known(float(sum(told)) * money.fx), VENUE
    if instrument.fees == NO_FEES:
        return None, None
    return _known(sum(money.fees(px, qty, order.offset) for order, qty, px in trades)), SCHEDULE


def _known(value: float) -> float | None:
    return round(value, DIGITS) if isfinite(value) else None

