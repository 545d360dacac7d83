"""What silence makes of an order: time-outs, cancels and the query ladder.

An order that nothing was heard of for `ack_timeout` is UNKNOWN: cancelled and
asked for at once, then asked for by the ladder, for ever. One that outlives
its time is cancelled; a cancel without an answer makes it UNKNOWN too. After
`max_cancels` comes one mass cancel for its symbol, then queries alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from domain.orders import (
    CancelSubmitted,
    MassCancelSubmitted,
    Order,
    OrderFact,
    OrderQueried,
    OrderUnknown,
    OrdStatus,
    evolve,
)

MS = 1_000_000
MISSING_TRADE_NS = 1000 * MS
"""A trade that an order's count ran ahead of is asked for after so long."""
MAX_TRADE_QUERIES = 8


class Rules(Struct, frozen=True, gc=False):
    """Time limits, in monotonic ns but for the counts."""

    ack_timeout_ns: int = 300 * MS
    query_ladder_ns: tuple[int, ...] = (300 * MS, 600 * MS, 1200 * MS, 2400 * MS)
    query_every_ns: int = 2000 * MS
    repair_order_ns: int = 300 * MS
    max_cancels: int = 5


def query_ns(order: Order, rules: Rules) -> int:
    """When the next query of an UNKNOWN order is due."""
    ladder = rules.query_ladder_ns
    done = order.queries
    if done == 0:
        return order.unknown_ns
    gap = ladder[done] - ladder[done - 1] if done < len(ladder) else rules.query_every_ns
    return order.queried_ns + gap


def next_ns(order: Order, rules: Rules, life_ns: int | None = None) -> int | None:
    """When this order wants to be looked at again; None when settled.

    `life_ns`: how long it may work before it is cancelled; None: as long as
    its owner likes (a day order), but never an immediate one. One that works
    on after a cancel is cancelled again; after `max_cancels` only asked for.
    """
    if not order.live:
        return None
    if order.status is OrdStatus.UNKNOWN:
        return query_ns(order, rules)
    if order.status is OrdStatus.PENDING_CANCEL:
        return order.cancel_ns + rules.ack_timeout_ns
    if order.status in (OrdStatus.SUBMITTED, OrdStatus.PENDING_NEW):
        return order.sent_ns + rules.ack_timeout_ns
    if order.cancels >= rules.max_cancels:
        return max(order.cancel_ns, order.queried_ns) + rules.query_every_ns
    if order.cancels:
        return order.cancel_ns + rules.ack_timeout_ns
    if life_ns is not None:
        return order.sent_ns + life_ns
    return None if order.tif == "0" else order.sent_ns + rules.ack_timeout_ns


def cancel(order: Order, now_ns: int) -> CancelSubmitted:
    """The intent to cancel it, with an id of its own."""
    return CancelSubmitted(order.cl_ord_id, f"{order.cl_ord_id}.c{order.cancels + 1}", now_ns)


def due(order: Order, now_ns: int, rules: Rules, life_ns: int | None = None) -> tuple[OrderFact, ...]:
    """What time has made of this order by now: nothing, mostly."""
    at = next_ns(order, rules, life_ns)
    if at is None or now_ns < at:
        return ()
    silent = order.status in (OrdStatus.SUBMITTED, OrdStatus.PENDING_NEW, OrdStatus.PENDING_CANCEL)
    if order.status is OrdStatus.UNKNOWN or silent:
        return _ask(order, now_ns, rules, silent)
    if order.cancels >= rules.max_cancels:
        return (*_cancels(order, now_ns, rules), OrderQueried(order.cl_ord_id, now_ns))
    return (cancel(order, now_ns),)


def _ask(order: Order, now_ns: int, rules: Rules, silent: bool) -> tuple[OrderFact, ...]:
    facts: list[OrderFact] = []
    if silent:
        facts.append(OrderUnknown(order.cl_ord_id, "no answer in time", now_ns))
        order = evolve(order, facts[0])
    return (*facts, *_cancels(order, now_ns, rules), OrderQueried(order.cl_ord_id, now_ns))


def _cancels(order: Order, now_ns: int, rules: Rules) -> tuple[OrderFact, ...]:
    """A cancel, or after too many the one mass cancel, or nothing more."""
    if order.cancels < rules.max_cancels:
        return (cancel(order, now_ns),)
    return (MassCancelSubmitted(order.cl_ord_id, now_ns),) if order.cancels == rules.max_cancels else ()


def lacks_trades(order: Order) -> bool:
    """Whether its trades and its count are not yet one: the venue has more to say of them.

    Lots are counted whose trade, and so whose price, is missing; or it counts
    fewer than its trades come to; or one of them is told otherwise.
    """
    amends = order.amends
    return order.cum_qty > order.traded_qty or (amends is not None and (amends.less or amends.claims != ()))


def lost(legs: Iterable[Any], venue: str, why: str, now_ns: int) -> tuple[OrderUnknown, ...]:
    """A broken link: the legs' orders there that nothing settled are in doubt.

    What a child works on under its mandate is the child's to doubt.
    """
    return tuple(
        OrderUnknown(order.cl_ord_id, f"link lost: {why}", now_ns)
        for leg in legs
        if leg.plan.venue == venue and leg.mandate is None
        for order in leg.orders
        if order.live and order.status is not OrdStatus.UNKNOWN
    )
