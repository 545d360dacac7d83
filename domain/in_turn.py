"""One leg after the other: what a sequential hedge does while it works.

The first leg's orders leave with the decision. At each of its fills, in that
turn, the others are brought to the same share: floor(first's fills x per_unit
/ its per_unit), never more. So the naked quantity is what one turn holds, and
a first leg that is refused leaves nothing to repair.

    first leg fills       HedgeExposed (once: the naked budget starts), orders of the others
    another leg short     settle and repair, as any hedge
    first leg ends short  the hedge is as large as its fills: PART, or repaired to whole units
    half of the budget    spent while not whole: settle, so that the other half is left to repair
"""

from __future__ import annotations

from typing import Any

from domain.hedges import Hedge, HedgeEnded, HedgeExposed, HedgeImbalanced, HedgeSettling, outcome
from domain.ids import order_id
from domain.legs import Leg
from domain.mandates import reach
from domain.orders import LIVE_SET, OrderSubmitted, OrdStatus
from domain.repair import GO_BACK, Policy, RepairMarket, worst_px

KEPT_FOR_COMPLETION = 2
"""Orders that following leaves: a first leg that fills in crumbs must not use up the hedge's orders."""


def working(hedge: Hedge, stands: Any, rules: Any, market: RepairMarket, now_ns: int) -> tuple:
    """The next step of a hedge whose legs go in turn."""
    first = hedge.legs[hedge.first]
    if first.net > 0 and not hedge.naked_ns:
        return (HedgeExposed(now_ns),)
    short = _why_not_following(hedge, first)
    if short:
        return (HedgeSettling(short, now_ns),)
    if hedge.kind == "close" or rules.policy.choice != GO_BACK:
        sent = following(hedge, first, rules.policy, market, now_ns)
        if sent:
            return sent
    if stands.settled:
        if stands.balanced:
            return (HedgeEnded(outcome(hedge), stands.covered, now_ns),)
        return (HedgeSettling("settled", now_ns), HedgeImbalanced(stands.covered, stands.naked))
    return (HedgeSettling("deadline", now_ns),) if now_ns >= until_ns(hedge, rules) else ()


def until_ns(hedge: Hedge, rules: Any) -> int:
    """When it has worked for long enough."""
    deadline = hedge.opened_ns + rules.hedge_deadline_ns
    return min(deadline, hedge.naked_ns + rules.policy.naked_budget_ns // 2) if hedge.naked_ns else deadline


def _why_not_following(hedge: Hedge, first: Leg) -> str:
    """Another leg's order that ended short, or any that is in doubt."""
    for leg in hedge.legs:
        for order in leg.orders:
            if order.status is OrdStatus.UNKNOWN:
                return "silent"
            if leg is not first and order.cum_qty < order.qty and order.status not in LIVE_SET:
                return f"leg {leg.plan.index} {order.status.lower()} {order.cum_qty}/{order.qty}"
    return ""


def following(hedge: Hedge, first: Leg, policy: Policy, market: RepairMarket, now_ns: int) -> tuple:
    """Orders that bring the other legs to the first one's share; or settle."""
    sent: list[OrderSubmitted] = []
    most = policy.max_orders - policy.reserved - KEPT_FOR_COMPLETION - hedge.orders_sent
    for leg in hedge.legs:
        if leg is first:
            continue
        plan = leg.plan
        wanted = min(plan.target, first.net * plan.per_unit // first.plan.per_unit)
        missing = wanted - leg.net - leg.open_qty
        if missing <= 0 or (policy.min_lots and missing < policy.min_lots[plan.index]):
            continue  # less than an order of its venue waits for more
        orders = _orders(hedge, leg, missing, policy, market, now_ns)
        if not orders or len(sent) + len(orders) > most:
            why = "leg {} can't follow" if not orders else "leg {} has followed often enough"
            return (*sent, HedgeSettling(why.format(plan.index), now_ns))
        sent += orders
    return tuple(sent)


def _orders(hedge: Hedge, leg: Leg, qty: int, policy: Policy, market: RepairMarket, now_ns: int) -> list[OrderSubmitted]:
    """Its next orders, at today's touch plus payup, inside the slippage cap."""
    plan = leg.plan
    seen = market.leg(plan.index, plan.side)
    split = market.split(plan.index, plan.side, qty)
    px = reach(worst_px(plan, plan.side, seen, policy), plan.side, policy.payup_ticks[plan.index], seen)
    if px is None or not seen.can_trade or isinstance(split, str):
        return []
    number = len(leg.orders)
    return [
        OrderSubmitted(
            order_id(hedge.hedge_id, plan.index, "h", number + place), plan.index, "h", plan.side, lots, px,
            policy.tifs[plan.index], offset, now_ns,
        )
        for place, (offset, lots) in enumerate(split, 1)
    ]  # fmt: skip
