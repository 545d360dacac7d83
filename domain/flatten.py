"""What becomes of a pair whose actor is given up: by what it has at stake.

    flat      stopped: it holds nothing and nothing works
    hedged    frozen: the position is kept, nothing is sent
    naked     flattened: what no other leg covers is reversed, then frozen

Works from recorded facts alone: the legs' orders, the books, the lots of a
unit. No trigger, spread or cost is looked at, so that a bug in those does not
reach it. It only ever reduces what is naked, within orders and prices of its
own, and knows three things to do: cancel, reverse, end.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from domain import watch
from domain.hedges import (
    COVER,
    Hedge,
    HedgeEnded,
    HedgeOpened,
    HedgeReopened,
    HedgeRetried,
    HedgeSettling,
    HedgeStatus,
    HedgeStranded,
    outcome,
)
from domain.ids import hedge_id, order_id
from domain.legs import Leg, LegPlan, LegStatus, under
from domain.mandates import LegMarket, MandateReturned, reach
from domain.orders import Order, OrderSubmitted, OrdStatus
from domain.pairs import Pair

MS = 1_000_000
H = HedgeStatus
GIVEN_UP = "given up"
MOST_ORDERS = 8
"""Reversing orders for each leg, whatever the hedge had left of its own."""
PATIENCE_NS = 10_000 * MS
"""Naked for so long under it, and a person is told again: STRANDED. It goes on."""
PAUSE_NS = 100 * MS
"""After an order that was refused; doubling."""
MOST_DOUBLINGS = 5


class Verdict(StrEnum):
    """What giving up means for a pair."""

    STOPPED = "stopped"
    FROZEN = "frozen"
    FLATTENED = "flattened"


def verdict(pair: Pair) -> Verdict:
    """By what it has at stake now."""
    if pair.hedge is not None or any(pair.naked):
        return Verdict.FLATTENED
    return Verdict.FROZEN if any(book.net for book in pair.books) else Verdict.STOPPED


class Reversal(Struct, frozen=True):
    """What an order that reduces a leg may be. Units: lots, ticks.

    `lots`: the most of it that one offset covers; `cap_ticks`: past the touch.
    """

    market: LegMarket
    lots: int
    offset: str
    tif: str
    payup_ticks: int
    cap_ticks: int


Look = Callable[[int, int, int], Reversal]
"""(leg, side, lots) -> what such an order may be now."""


def step(pair: Pair, rules: watch.Rules, look: Look, now_ns: int, begun_ns: int, *, frozen: bool) -> tuple[str, tuple]:
    """What to do now: a hedge's id and facts of it, () where nothing is.

    `begun_ns`: when it was given up; orders from before count for nothing.
    `frozen`: no order may leave, by a kill or a mode. Asked again and again.
    """
    hedge = pair.hedge
    if hedge is None:
        past = _uneven(pair)
        return ("", ()) if past is None else (past.hedge_id, (HedgeReopened("late truth", now_ns),))
    return hedge.hedge_id, _step(pair, hedge, rules, look, now_ns, begun_ns, frozen=frozen)


def _step(pair: Pair, hedge: Hedge, rules: watch.Rules, look: Look, now_ns: int, begun_ns: int, *, frozen: bool) -> tuple:
    if hedge.status in (H.WORKING, H.REPLENISHING, H.ROLLING_BACK):
        return (HedgeSettling(GIVEN_UP, now_ns),)
    if hedge.status is H.IMBALANCED:  # its table leads to a decision only, or to a person
        return (HedgeStranded("GIVEN_UP", hedge.naked, now_ns),)
    live = tuple(_ended(order, rules, now_ns) for leg in hedge.legs for order in leg.orders if order.live)
    if live:
        return tuple(fact for facts in live for fact in facts)
    back = tuple(_returned(leg) for leg in hedge.legs if leg.status is LegStatus.MANDATED)
    if back:
        return back
    naked = pair.naked
    if not any(naked):
        if hedge.status is H.STRANDED:
            return (HedgeRetried(GIVEN_UP, now_ns),)
        return (HedgeEnded(outcome(hedge), hedge.legs[0].net if hedge.trigger == COVER else hedge.covered, now_ns),)
    if frozen:
        return (HedgeStranded("FROZEN", naked, now_ns),) if hedge.status is H.SETTLING else ()
    return _reversed(pair, hedge, look, now_ns, begun_ns)


def _ended(order: Order, rules: watch.Rules, now_ns: int) -> tuple:
    """A live order is to end: cancelled, then asked for by the ladder."""
    if order.tif == "0" and order.cancels == 0 and order.status is not OrdStatus.UNKNOWN:
        return (watch.cancel(order, now_ns),)
    return watch.due(order, now_ns, rules, rules.repair_order_ns)


def _returned(leg: Leg) -> MandateReturned:
    """Its child is no more: what it may still send is nothing."""
    mandate = leg.mandate
    done = [order for order in leg.orders if under(mandate, order)]
    return MandateReturned(mandate.mandate_id, leg.plan.index, sum(order.cum_qty for order in done), len(done), GIVEN_UP)


def _reversed(pair: Pair, hedge: Hedge, look: Look, now_ns: int, begun_ns: int) -> tuple:
    """Orders that take the naked lots back; or what a person is to know."""
    facts: list = []
    waits = False
    for leg in hedge.legs:
        lots = pair.naked[leg.plan.index]
        if not lots:
            continue
        sent = [order for order in leg.orders if order.sent_ns >= begun_ns]
        if len(sent) >= MOST_ORDERS:
            continue
        if now_ns < _pause_ends_ns(sent):
            waits = True
            continue
        order = _order(hedge, leg, lots, len(sent), look, now_ns)
        waits = waits or order is None
        facts += [] if order is None else [order]
    if facts:
        return (HedgeRetried(GIVEN_UP, now_ns), *facts) if hedge.status is H.STRANDED else tuple(facts)
    if hedge.status is H.STRANDED:
        return ()
    spent = not waits
    if spent or now_ns >= hedge.naked_ns + PATIENCE_NS:
        return (HedgeStranded("CAP" if spent else "MARKET", pair.naked, now_ns),)
    return ()


def _order(hedge: Hedge, leg: Leg, lots: int, tries: int, look: Look, now_ns: int) -> OrderSubmitted | None:
    """One that reduces, a rung higher at each try; None while it can't be."""
    index, side = leg.plan.index, -1 if lots > 0 else 1
    may = look(index, side, abs(lots))
    market = may.market
    if not market.can_trade or not may.lots:
        return None
    worst = (leg.plan.touch_px if market.opposing is None else market.opposing) + side * may.cap_ticks
    px = reach(worst, side, tries * may.payup_ticks, market)
    if px is None:
        return None
    letter = "b" if side != leg.plan.side else "p"
    counts = [int(order.cl_ord_id.rsplit(letter, 1)[-1]) for order in leg.orders if order.letter == letter]
    number = max(counts, default=0) + 1
    ref = order_id(hedge.hedge_id, index, letter, number)
    return OrderSubmitted(ref, index, letter, side, min(abs(lots), may.lots), px, may.tif, may.offset, now_ns)


def _pause_ends_ns(sent: list[Order]) -> int:
    """When the next one may leave: at once but after refusals."""
    row = 0
    for order in reversed(sent):
        if order.status not in (OrdStatus.DENIED, OrdStatus.REJECTED):
            break
        row += 1
    return sent[-1].sent_ns + (PAUSE_NS << min(row - 1, MOST_DOUBLINGS)) if row else 0


Split = Callable[[int, int, int], tuple[tuple[str, int], ...] | str]
"""(leg, side, lots) -> (offset, lots) of the orders that close them, or why none."""


def closing(
    pair: Pair, keys: tuple[tuple[str, str], ...], look: Look, split: Split, node_epoch: int, now_ns: int
) -> HedgeOpened | None:
    """Under a flattening kill: a close of all that is held; None while it can't be."""
    nets, units = [book.net for book in pair.books], abs(pair.units)
    if not any(nets) or any(pair.naked) or pair.hedge is not None:
        return None
    fixed = all(pair.lots) and units > 0
    units = units if fixed else 1
    ref = hedge_id(pair.name, node_epoch, pair.hedge_count + 1)
    plans, orders = [], []
    for index, net in enumerate(nets):
        side = -1 if net > 0 else 1
        may = look(index, side, abs(net))
        market, parts = may.market, split(index, side, abs(net))
        if not net or not market.can_trade or market.opposing is None or isinstance(parts, str):
            return None
        px = reach(market.opposing + side * may.cap_ticks, side, may.payup_ticks, market)
        if px is None:
            return None
        plans.append(LegPlan(index, *keys[index], side, abs(net) // units, abs(net), market.opposing))
        for count, (offset, lots) in enumerate(parts, 1):
            orders.append(OrderSubmitted(f"{ref}.{index}h{count}", index, "h", side, lots, px, may.tif, offset, now_ns))
    return HedgeOpened(ref, "close", -1 if pair.units > 0 else 1, units, tuple(plans), tuple(orders), 0.0, now_ns, "kill")


def _uneven(pair: Pair) -> Hedge | None:
    """The ended hedge that late truth has left lots of alone, while any are naked."""
    if not any(pair.naked):
        return None
    return next((hedge for hedge in reversed(pair.past) if hedge.status is not H.HANDED_OVER and any(hedge.naked)), None)
