"""The leg machine: one side of a hedge and the orders sent for it.

    IDLE -> WORKING <-> UNKNOWN -> SETTLED <-> MANDATED

A leg works while one of its orders lives, is UNKNOWN while silence hides one,
and MANDATED while a repair child alone may send on it. What its orders left
behind drives it: the effect of each fact is computed, the table does the rest.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from domain import orders
from domain.errors import IllegalTransition
from domain.mandates import DOUBT, ENDED, LIVE, Mandate, MandateGiven, MandateReturned, MandateRevoked, left_behind
from domain.orders import Order, OrderFact, OrderSubmitted, OrdStatus


class LegStatus(StrEnum):
    IDLE = "IDLE"
    WORKING = "WORKING"
    UNKNOWN = "UNKNOWN"
    SETTLED = "SETTLED"
    MANDATED = "MANDATED"


L = LegStatus
SENT, GIVEN, REVOKED, RETURNED = "SENT", "GIVEN", "REVOKED", "RETURNED"
EFFECTS = (SENT, LIVE, DOUBT, ENDED, GIVEN, REVOKED, RETURNED)
TERMINAL = ()

TRANSITIONS: dict[tuple[LegStatus, str], LegStatus] = {
    (L.IDLE, SENT): L.WORKING,
    (L.IDLE, GIVEN): L.MANDATED,
    (L.WORKING, SENT): L.WORKING,
    (L.WORKING, LIVE): L.WORKING,
    (L.WORKING, DOUBT): L.UNKNOWN,
    (L.WORKING, ENDED): L.SETTLED,
    (L.UNKNOWN, LIVE): L.WORKING,
    (L.UNKNOWN, DOUBT): L.UNKNOWN,
    (L.UNKNOWN, ENDED): L.SETTLED,
    (L.SETTLED, SENT): L.WORKING,
    (L.SETTLED, ENDED): L.SETTLED,
    (L.SETTLED, GIVEN): L.MANDATED,
    (L.MANDATED, SENT): L.MANDATED,
    (L.MANDATED, LIVE): L.MANDATED,
    (L.MANDATED, DOUBT): L.MANDATED,
    (L.MANDATED, ENDED): L.MANDATED,
    (L.MANDATED, REVOKED): L.MANDATED,
    (L.MANDATED, RETURNED): L.SETTLED,
}


class LegPlan(Struct, frozen=True, array_like=True):
    """What a hedge wants of a leg: `side` x `per_unit` lots a pair unit.

    `touch_px`: the opposing touch at the decision, in ticks.
    """

    index: int
    venue: str
    symbol: str
    side: int
    per_unit: int
    target: int
    touch_px: int


class Leg(Struct, frozen=True):
    plan: LegPlan
    status: LegStatus = L.IDLE
    orders: tuple[Order, ...] = ()
    mandate: Mandate | None = None
    net: int = 0
    """Lots filled towards the target, reversals taken off."""
    revoked: bool = False
    """A person wants the mandate that is out back."""

    @property
    def open_qty(self) -> int:
        """Lots that may still fill towards the target."""
        return self._may_fill(self.plan.side)

    @property
    def reversing_qty(self) -> int:
        """Lots that may still be taken back."""
        return self._may_fill(-self.plan.side)

    @property
    def unspent(self) -> int:
        """Lots that the mandate still allows, beyond what works under it."""
        m = self.mandate
        if m is None:
            return 0
        return max(0, m.most_lots - sum(o.cum_qty + o.leaves_qty for o in self.orders if under(m, o)))

    def _may_fill(self, side: int) -> int:
        live = sum(o.leaves_qty for o in self.orders if o.side == side)
        m = self.mandate
        return live if m is None or m.side != side else live + self.unspent

    @property
    def unknown(self) -> bool:
        for order in self.orders:
            if order.status is OrdStatus.UNKNOWN:
                return True
        return False

    @property
    def settled(self) -> bool:
        return self.status is L.SETTLED or self.status is L.IDLE

    @property
    def short(self) -> bool:
        """An order of the hedge proper ended without all its lots."""
        for order in self.orders:
            if order.cum_qty < order.qty and not order.live:
                return True
        return False


def under(m: Mandate, order: Order) -> bool:
    """Whether the order was sent under the mandate `m`."""
    tail = order.cl_ord_id.rsplit(".", 1)[-1]
    letter = "p" if m.kind == "replenish" else "b"
    return order.letter == letter and int(tail.partition(letter)[2]) >= m.first_order


def evolve(leg: Leg, fact: OrderFact | MandateGiven | MandateRevoked | MandateReturned) -> Leg:
    """The leg after the fact. Raises: IllegalTransition."""
    changed, mandate, net, revoked = leg.orders, leg.mandate, leg.net, leg.revoked
    kind = fact.__class__
    if kind is OrderSubmitted:
        effect, changed = SENT, (*changed, orders.born(fact))
    elif kind is MandateGiven:
        effect, mandate = GIVEN, fact.mandate
    elif kind is MandateRevoked:
        effect, revoked = REVOKED, True
    elif kind is MandateReturned:
        effect, mandate, revoked = RETURNED, None, False
    else:
        for place, order in enumerate(leg.orders):
            if order.cl_ord_id == fact.cl_ord_id:
                return ordered(leg, place, fact)
        effect = left_behind(changed)
    to = TRANSITIONS.get((leg.status, effect))
    if to is None:
        raise IllegalTransition(f"leg {leg.plan.index} ({leg.plan.symbol}): {effect} in {leg.status}")
    return Leg(leg.plan, to, changed, mandate, net, revoked)


def ordered(leg: Leg, place: int, fact: OrderFact) -> Leg:
    """The leg after a fact of its order at `place`. Raises: IllegalTransition."""
    order = leg.orders[place]
    after = orders.evolve(order, fact)
    changed = (*leg.orders[:place], after, *leg.orders[place + 1 :])
    net = leg.net
    if after.cum_qty != order.cum_qty:
        net += (after.cum_qty - order.cum_qty) * order.side * leg.plan.side
    effect = left_behind(changed)
    to = TRANSITIONS.get((leg.status, effect))
    if to is None:
        raise IllegalTransition(f"leg {leg.plan.index} ({leg.plan.symbol}): {effect} in {leg.status}")
    return Leg(leg.plan, to, changed, leg.mandate, net, leg.revoked)
