"""A mandate: what a repair child may do on one leg, and what it did.

The pair gives it, journaled before the child is told; from then on the child
alone sends on that leg, until the mandate is returned. What it has not spent
counts as in flight. It ends when its last order is settled, never by time
alone.

    GIVEN -> WORKING (an order lives) -> WAITING (for the next try)
          -> DOUBTFUL (an order is UNKNOWN) ... -> RETURNED
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from domain import orders, watch
from domain.errors import IllegalTransition
from domain.ids import order_id
from domain.orders import Order, OrderFact, OrderSubmitted, OrdStatus
from domain.reports import OrderReport


class MandateStatus(StrEnum):
    GIVEN = "GIVEN"
    WORKING = "WORKING"
    WAITING = "WAITING"
    DOUBTFUL = "DOUBTFUL"
    RETURNED = "RETURNED"


M = MandateStatus


class Mandate(Struct, frozen=True, array_like=True):
    """Units: lots, ticks, monotonic ns. `kind`: replenish or rollback."""

    mandate_id: str
    hedge_id: str
    kind: str
    leg: int
    side: int
    most_lots: int
    worst_px: int
    payup_ticks: int
    max_orders: int
    first_order: int
    deadline_ns: int
    tif: str
    offset: str
    patient: bool = False
    """No other way is open: a refusal is waited out, not given up on."""
    least_lots: int = 1
    """Fewer are no order of its venue."""


class MandateGiven(Struct, frozen=True, array_like=True, tag=True):
    mandate: Mandate


class MandateReturned(Struct, frozen=True, array_like=True, tag=True):
    """`why`: filled, orders, lots, refused, deadline, market, price, gone, revoked."""

    mandate_id: str
    leg: int
    filled: int
    orders: int
    why: str


class MandateRevoked(Struct, frozen=True, array_like=True, tag=True):
    """A person wants the leg back: nothing new leaves under it, what works is cancelled, and it is returned."""

    mandate_id: str
    leg: int
    operator: str
    reason: str


# ------------------------------------------------------------------ the table

LIVE, DOUBT, ENDED, RETURN = "LIVE", "DOUBT", "ENDED", "RETURN"
"""What an order fact leaves behind: a live order, one in doubt, or none."""

TERMINAL = (M.RETURNED,)

TRANSITIONS: dict[tuple[MandateStatus, str], MandateStatus] = {
    (M.GIVEN, LIVE): M.WORKING,
    (M.GIVEN, RETURN): M.RETURNED,
    (M.WORKING, LIVE): M.WORKING,
    (M.WORKING, DOUBT): M.DOUBTFUL,
    (M.WORKING, ENDED): M.WAITING,
    (M.WAITING, LIVE): M.WORKING,
    (M.WAITING, ENDED): M.WAITING,
    (M.WAITING, RETURN): M.RETURNED,
    (M.DOUBTFUL, LIVE): M.WORKING,
    (M.DOUBTFUL, DOUBT): M.DOUBTFUL,
    (M.DOUBTFUL, ENDED): M.WAITING,
    (M.RETURNED, ENDED): M.RETURNED,
}


class MandateState(Struct, frozen=True):
    mandate: Mandate
    status: MandateStatus = M.GIVEN
    orders: tuple[Order, ...] = ()
    retry_ns: int = 0

    @property
    def filled(self) -> int:
        lots = 0
        for order in self.orders:
            lots += order.cum_qty
        return lots

    @property
    def spent(self) -> int:
        """Orders that count: a denied one never left."""
        sent = 0
        for order in self.orders:
            sent += order.status is not OrdStatus.DENIED
        return sent

    @property
    def live(self) -> Order | None:
        for order in self.orders:
            if order.live:
                return order
        return None


def left_behind(all_orders: tuple[Order, ...]) -> str:
    """The effect of the last fact on these orders, for the table."""
    effect = ENDED
    for order in all_orders:
        status = order.status
        if status is OrdStatus.UNKNOWN:
            return DOUBT
        if status in orders.LIVE_SET:
            effect = LIVE
    return effect


def evolve(state: MandateState, fact: OrderFact | MandateReturned) -> MandateState:
    """The mandate after the fact. Raises: IllegalTransition."""
    kind = fact.__class__
    if kind is MandateReturned:
        effect, changed = RETURN, state.orders
    elif kind is OrderSubmitted:
        effect, changed = LIVE, (*state.orders, orders.born(fact))
    else:
        changed = tuple(orders.evolve(o, fact) if o.cl_ord_id == fact.cl_ord_id else o for o in state.orders)
        effect = left_behind(changed)
    to = TRANSITIONS.get((state.status, effect))
    if to is None:
        raise IllegalTransition(f"mandate {state.mandate.mandate_id}: {effect} in {state.status}")
    return MandateState(state.mandate, to, changed, state.retry_ns)


# ------------------------------------------------------------------ decide


class LegMarket(Struct, frozen=True):
    """What a repair sees of a leg. `opposing`: the touch it would meet."""

    opposing: int | None
    limit_down: int | None = None
    limit_up: int | None = None
    can_trade: bool = True


def rung(m: Mandate, step: int, market: LegMarket) -> int | None:
    """The price of the try `step`: touch + step x payup, up to the worst.

    Without a touch it is the worst price, inside the day's limits. None where
    those keep it from the touch (`is_locked`), or it would be past the worst.
    """
    return reach(m.worst_px, m.side, step * m.payup_ticks, market)


def reach(worst_px: int, side: int, payup_ticks: int, market: LegMarket) -> int | None:
    """The price of an order of `side` past the touch; None if short of it."""
    touch = market.opposing
    if touch is None:
        px = _limited(worst_px, market)
        return px if (px - worst_px) * side <= 0 else None
    px = touch + side * payup_ticks
    if (px - worst_px) * side > 0:
        px = worst_px
    if market.limit_up is not None or market.limit_down is not None:
        px = _limited(px, market)
        if (px - worst_px) * side > 0:
            return None
    return px if (px - touch) * side >= 0 else None


def is_locked(side: int, market: LegMarket) -> bool:
    """Whether the day's limits keep every order from the touch."""
    touch = market.opposing
    return touch is not None and (_limited(touch, market) - touch) * side < 0


def _limited(px: int, market: LegMarket) -> int:
    if market.limit_up is not None:
        px = min(px, market.limit_up)
    return px if market.limit_down is None else max(px, market.limit_down)


def next_order(state: MandateState, market: LegMarket, now_ns: int) -> OrderSubmitted | str:
    """The next try of this mandate, or why there is none.

    `""`: not now (an order lives, or a pause after a local refusal).
    """
    m = state.mandate
    missing, spent = m.most_lots, 0
    for order in state.orders:
        status = order.status
        if status in orders.LIVE_SET:
            return ""
        missing -= order.cum_qty
        spent += status is not OrdStatus.DENIED
    if missing <= 0:
        return "filled"
    if missing < m.least_lots:
        return "lots"
    if spent >= m.max_orders:
        return "orders"
    if now_ns >= m.deadline_ns:
        return "deadline"
    if state.orders:
        if m.kind == "replenish" and not m.patient and _refused_twice(state.orders):
            return "refused"
        if now_ns < _pause_ends_ns(state):
            return ""
    if not market.can_trade:
        return "market"
    px = reach(m.worst_px, m.side, (m.first_order - 1 + spent) * m.payup_ticks, market)
    if px is None:
        return "market" if is_locked(m.side, market) else "price"
    letter = "p" if m.kind == "replenish" else "b"
    number = m.first_order + len(state.orders)
    return OrderSubmitted(
        order_id(m.hedge_id, m.leg, letter, number), m.leg, letter, m.side, missing, px, m.tif, m.offset, now_ns
    )


LEAST_PAUSE_NS = 100_000_000
"""A repair that was denied, or refused with no other way open, is tried again after this long; then ever later."""
MOST_DOUBLINGS = 2
_OVER = frozenset((OrdStatus.EXPIRED, OrdStatus.CANCELED))


def _pause_ends_ns(state: MandateState) -> int:
    """When the next try may leave: mostly at once.

    Denials cost no order and double their pause. Where no other way is open,
    a refusal, or a try that met nothing, shares the time that is left among the
    orders that are: a book that has not moved is no better a millisecond later,
    and at the ladder's end stands a person.
    """
    last = state.orders[-1]
    if last.status is OrdStatus.DENIED:
        row = 0
        for order in reversed(state.orders):
            if order.status is not OrdStatus.DENIED:
                break
            row += 1
        return last.sent_ns + (LEAST_PAUSE_NS << min(row - 1, MOST_DOUBLINGS))
    m = state.mandate
    met_nothing = last.status in _OVER and last.cum_qty == 0
    if not m.patient or not (met_nothing or last.status is OrdStatus.REJECTED):
        return 0
    left = max(1, m.max_orders - state.spent) + met_nothing  # sooner than a refusal: a quote may come meanwhile
    return last.sent_ns + max(LEAST_PAUSE_NS, (m.deadline_ns - last.sent_ns) >> left)


def _refused_twice(done: tuple[Order, ...]) -> bool:
    codes = [o.reject_code for o in done if o.status is OrdStatus.REJECTED]
    return len(codes) >= 2 and codes[-1] == codes[-2]


def hear(state: MandateState, report: OrderReport) -> orders.Heard:
    """What a report says of one of this mandate's orders."""
    order = next((o for o in state.orders if o.cl_ord_id == report.cl_ord_id), None)
    return orders.NOTHING if order is None else orders.decide(order, report)


def returned(state: MandateState, why: str) -> MandateReturned:
    """The word with which the child gives the leg back."""
    return MandateReturned(state.mandate.mandate_id, state.mandate.leg, state.filled, state.spent, why)


def next_ns(state: MandateState, rules: watch.Rules) -> int | None:
    """When this mandate wants to be looked at again, or None."""
    if state.status is M.RETURNED:
        return None
    live = state.live
    if live is not None:
        return watch.next_ns(live, rules, rules.repair_order_ns)
    if not state.orders:
        return None
    pause = _pause_ends_ns(state)
    return min(pause, state.mandate.deadline_ns) if pause else None
