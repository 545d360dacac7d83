"""What a pair's lots leave over: kept, and hedged when it is a lot.

    left over = sum of net lots x what a lot holds, signed, over all legs,
                less what fees in the base asset have taken of a spot leg

3 lots of 1,000 g against 1 of 3,110.35 g leave 110.35 g a unit: ten units leave
more than a lot of the first leg. What has grown to whole lots of the finest
leg is traded away there, truncated, as a hedge of its own (trigger `residual`):
one leg, no repair, its lots apart from those of units (Pair.odd), so that a
close of units finds what it expects. When the units go, they come back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor

from domain import firing
from domain.hedges import RESIDUAL, HedgeOpened
from domain.ids import hedge_id
from domain.ledger import Ledger
from domain.legs import LegPlan
from domain.market import Quote
from domain.money import SCALE
from domain.orders import OrderSubmitted
from domain.pairs import Pair
from domain.pairspec import PairSpec
from domain.sizing import residual_lots


def left_over(pair: Pair, held: Sequence[Fraction], taken: Sequence[Fraction] = ()) -> Fraction:
    """What all legs hold together, signed; 0 for a pair that is aligned.

    `taken`: lots of each leg that fees in kind have taken (`fee_lots`).
    """
    whole = sum((book.net * each for book, each in zip(pair.books, held, strict=True)), Fraction(0))
    return whole - sum((lots * each for lots, each in zip(taken, held, strict=True)), Fraction(0)) if taken else whole


def fee_lots(ledger: Ledger | None, spec: PairSpec) -> tuple[Fraction, ...]:
    """Lots of each leg that fees charged in its base asset have taken; () where no leg is spot.

    What a spot purchase delivers is less than what was bought.
    """
    if ledger is None or all(leg.instrument.kind != "spot" or not leg.instrument.base for leg in spec.legs):
        return ()
    return tuple(
        Fraction(own.fees.get(leg.instrument.base, 0), SCALE) / leg.instrument.units_per_lot() if leg.instrument.kind == "spot" else Fraction(0)
        for own, leg in zip(ledger.legs, spec.legs, strict=True)
    )


def why_not_delivered(opened: HedgeOpened, pair: Pair, spec: PairSpec, taken: Callable[[], Sequence[Fraction]]) -> str:
    """A spot sale of more than was really received and is in the inventory, or ""."""
    for order in opened.orders:
        leg = spec.legs[order.leg]
        if order.side > 0 or leg.instrument.kind != "spot":
            continue
        lost = taken()
        there = floor(pair.books[order.leg].net + leg.inventory_lots - lost[order.leg]) if lost else order.qty
        if there < order.qty:
            return f"INVENTORY: symbol={leg.symbol} qty={order.qty} there={there} fees_in_kind={float(lost[order.leg]):g} lots"
    return ""


def due(pair: Pair, spec: PairSpec, taken: Sequence[Fraction] = ()) -> int:
    """Signed lots of the residual leg that would take it away; 0: none yet."""
    leg = spec.legs[spec.residual_leg]
    lots = -residual_lots(left_over(pair, spec.held, taken), spec.held[spec.residual_leg])
    return lots if abs(lots) >= leg.instrument.min_lots else 0


def opens(pair: Pair, spec: PairSpec, lots: int) -> bool:
    """Whether it adds to what the leg holds."""
    return pair.books[spec.residual_leg].net * lots >= 0


def plan(
    pair: Pair, spec: PairSpec, lots: int, quote: Quote, node_epoch: int, now_ns: int, rates: Sequence[float]
) -> HedgeOpened | str:
    """The hedge of so many lots, at most what the touch and one order hold."""
    index = spec.residual_leg
    leg, side = spec.legs[index], 1 if lots > 0 else -1
    adds = opens(pair, spec, lots)
    most = [abs(lots), quote.touch_qty(side), leg.instrument.max_lots or abs(lots)]
    qty = min(most if adds else [*most, abs(pair.books[index].net)])
    if qty < leg.instrument.min_lots:
        return "LIQUIDITY"
    split = firing.offsets(leg, pair.books[index], side, qty, adds)
    if isinstance(split, str):
        return split
    ref, touch = hedge_id(pair.name, node_epoch, pair.hedge_count + 1), quote.touch_px(side)
    px = firing.limited(touch + side * leg.payup_ticks, quote)
    orders = tuple(
        OrderSubmitted(f"{ref}.{index}h{number}", index, "h", side, part, px, leg.tif, offset, now_ns)
        for number, (offset, part) in enumerate(split, 1)
    )
    told = LegPlan(index, leg.venue, leg.symbol, side, 1, qty, touch)
    kind = "open" if adds else "close"
    return HedgeOpened(ref, kind, side, qty, (told,), orders, 0.0, now_ns, RESIDUAL, tuple(rates))
