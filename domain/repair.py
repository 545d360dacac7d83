"""Which repair: complete what is missing, or take back what is over.

Both ways are priced from the books as they are now, in the pair's currency;
the cheaper one inside its limits is taken, or what the policy puts first. An
open is completed or taken back. A close is completed, never taken back. What
was filled beyond the target can only be reversed.

Source: hedge.md, "Which repair?" and "Ladder".
"""

from __future__ import annotations

from math import isfinite
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from domain.costs import OrderCost, RepairCost, complete_cost, reverse_cost
from domain.hedges import Hedge, HedgeStranded, RepairChosen
from domain.legs import LegPlan
from domain.mandates import LegMarket, Mandate, MandateGiven, is_locked, reach
from domain.orders import OrdStatus

MS = 1_000_000


class Policy(Struct, frozen=True):
    """Limits of repair. Units: ticks by leg, ns, orders; time in money/s."""

    choice: str = "cheaper"
    max_orders: int = 12
    reserved: int = 4
    max_replenish_orders: int = 3
    naked_budget_ns: int = 3000 * MS
    payup_ticks: tuple[int, ...] = (2, 2)
    slippage_cap_ticks: tuple[int, ...] = (20, 20)
    tifs: tuple[str, ...] = ("3", "3")
    orders_a_retry: int = 4


class RepairMarket(Protocol):
    """What the decision sees of the legs now."""

    def leg(self, index: int, side: int) -> LegMarket:
        """The leg as an order of `side` (+1, -1) meets it."""

    def cost(self, index: int, side: int, qty: int, reference_px: float, reverses: bool) -> OrderCost:
        """Expected cost of the order against a price, fees in."""

    def offset(self, index: int, side: int, reverses: bool, qty: int) -> str:
        """The offset of an order that repairs this leg."""

    def time_penalty(self, replenish: bool) -> float: ...


class Option(Struct, frozen=True):
    """One way out: bring every leg to `to_units`. `why_not` bars it."""

    choice: str
    to_units: int
    diffs: tuple[int, ...]
    cost: RepairCost
    why_not: str = ""


def choose(hedge: Hedge, policy: Policy, market: RepairMarket, now_ns: int) -> tuple[object, ...]:
    """The facts of the decision: a repair with its mandates, or STRANDED."""
    complete, back = (_weigh(hedge, policy, market, *aim) for aim in _aims(hedge))
    pick, reason = _pick(policy, complete, back)
    if pick is None:
        return (HedgeStranded(_worst(complete.why_not, back.why_not), hedge.naked, now_ns),)
    chosen = RepairChosen(pick.choice, pick.to_units, complete.cost, back.cost, complete.why_not, back.why_not, reason)
    return (chosen, *_mandates(hedge, policy, market, pick, now_ns))


def is_possible(hedge: Hedge, policy: Policy, market: RepairMarket) -> bool:
    """Whether a retry, with the orders that it adds, would find a way out."""
    hedge = replace(hedge, retries=hedge.retries + 1)
    return any(not _barred(hedge, policy, market, choice, _diffs(hedge, units)) for choice, units in _aims(hedge))


def _aims(hedge: Hedge) -> tuple[tuple[str, int], ...]:
    """Both ways: to all that is reached, or back to what is covered."""
    return (("replenish", hedge.reached), ("rollback", min(hedge.covered, hedge.units)))


def _diffs(hedge: Hedge, to_units: int) -> tuple[int, ...]:
    return tuple(to_units * leg.plan.per_unit - leg.net for leg in hedge.legs)


def _only_overfilled(hedge: Hedge, diffs: tuple[int, ...]) -> bool:
    """Whether all that would be reversed lies beyond the target."""
    return all(leg.net + d >= leg.plan.target for leg, d in zip(hedge.legs, diffs, strict=True) if d)


def orders_left(hedge: Hedge, policy: Policy, choice: str) -> int:
    """Orders that this kind of repair may still send, over all legs.

    A decision that led to no order counts as one: neither may go on for ever.
    """
    spent = max(hedge.orders_sent, len(hedge.repairs)) + hedge.orders_out
    total = policy.max_orders + hedge.retries * policy.orders_a_retry - spent
    if choice == "rollback":
        return total
    used = sum(1 for leg in hedge.legs for o in leg.orders if o.letter == "p" and o.status is not OrdStatus.DENIED)
    allowed = policy.max_replenish_orders * (1 + hedge.retries) - used
    return min(allowed, total - policy.reserved)


def refused_twice(hedge: Hedge) -> bool:
    """Whether the last two replenish orders of a leg met the same refusal."""
    for leg in hedge.legs:
        codes = [o.reject_code for o in leg.orders if o.letter == "p" and o.status is OrdStatus.REJECTED]
        if len(codes) >= 2 and codes[-1] == codes[-2]:
            return True
    return False


def _weigh(hedge: Hedge, policy: Policy, market: RepairMarket, choice: str, to_units: int) -> Option:
    diffs = _diffs(hedge, to_units)
    why = _barred(hedge, policy, market, choice, diffs)
    costs = []
    for leg, diff in zip(hedge.legs, diffs, strict=True):
        if diff == 0:
            continue
        reverses = diff < 0
        side = -leg.plan.side if reverses else leg.plan.side
        reference = _average_px(leg) if reverses else leg.plan.touch_px
        costs.append(market.cost(leg.plan.index, side, abs(diff), reference, reverses))
    penalty = market.time_penalty(choice == "replenish")
    if choice == "replenish":
        won = max(0, to_units - hedge.covered)
        return Option(choice, to_units, diffs, complete_cost(costs, hedge.edge, won, penalty), why)
    return Option(choice, to_units, diffs, reverse_cost(costs, penalty), why)


def _average_px(leg) -> float:
    """Average price of what the leg has filled towards its target, ticks."""
    done = [(q, px) for o in leg.orders if o.side == leg.plan.side for _, q, px in o.trades if q]
    lots = sum(q for q, _ in done)
    return sum(q * px for q, px in done) / lots if lots else float(leg.plan.touch_px)


def _barred(hedge: Hedge, policy: Policy, market: RepairMarket, choice: str, diffs: tuple[int, ...]) -> str:
    needed = [i for i, d in enumerate(diffs) if d]
    if choice == "replenish" and max(diffs) <= 0:
        return "OVERFILLED"
    if choice == "rollback" and hedge.kind == "close" and not _only_overfilled(hedge, diffs):
        return "CLOSE"
    if orders_left(hedge, policy, choice) < len(needed):
        return "CAP"
    if choice == "replenish" and refused_twice(hedge):
        return "REFUSED"
    for i in needed:
        leg = hedge.legs[i]
        if leg.unknown:
            return "UNKNOWN"
        side = leg.plan.side if diffs[i] > 0 else -leg.plan.side
        seen = market.leg(leg.plan.index, side)
        if not seen.can_trade:
            return "MARKET"
        worst = _worst_px(leg.plan, side, seen, policy)
        if reach(worst, side, 0, seen) is None:
            return "MARKET" if is_locked(side, seen) else "PRICE"
    return ""


def _worst_px(plan: LegPlan, side: int, seen: LegMarket, policy: Policy) -> int:
    """The most that a repair may pay: from the trigger's touch, or today's."""
    reference = plan.touch_px if side == plan.side or seen.opposing is None else seen.opposing
    return reference + side * policy.slippage_cap_ticks[plan.index]


def _pick(policy: Policy, complete: Option, back: Option) -> tuple[Option | None, str]:
    if complete.why_not and back.why_not:
        return None, ""
    if complete.why_not:
        return back, f"replenish barred: {complete.why_not}"
    if back.why_not:
        return complete, f"rollback barred: {back.why_not}"
    if policy.choice == "replenish_first":
        return complete, "policy replenish_first"
    if policy.choice == "rollback_first":
        return back, "policy rollback_first"
    first, second = complete.cost.total, back.cost.total
    if not isfinite(first) or not isfinite(second):
        return (complete if isfinite(first) or not isfinite(second) else back), "the other's cost is unknown"
    return (complete, "cheaper") if first <= second else (back, "cheaper")


def _worst(*barred: str) -> str:
    for why in ("UNKNOWN", "MARKET", "PRICE", "REFUSED", "CAP", "CLOSE"):
        if why in barred:
            return why
    return "CAP"


def _mandates(hedge: Hedge, policy: Policy, market: RepairMarket, pick: Option, now_ns: int):
    needed = [i for i, d in enumerate(pick.diffs) if d]
    left = orders_left(hedge, policy, pick.choice)
    share = max(1, left // len(needed))
    naked_ns = hedge.naked_ns or now_ns
    whole = policy.naked_budget_ns
    deadline = naked_ns + (whole // 2 if pick.choice == "replenish" and hedge.kind == "open" else whole)
    deadline = min(max(deadline, now_ns + whole // 4), naked_ns + whole)
    return tuple(
        MandateGiven(_mandate(hedge, policy, market, pick.choice, i, pick.diffs[i], share, deadline)) for i in needed
    )


def _mandate(
    hedge: Hedge,
    policy: Policy,
    market: RepairMarket,
    choice: str,
    i: int,
    diff: int,
    share: int,
    deadline_ns: int,
) -> Mandate:
    plan = hedge.legs[i].plan
    reverses = diff < 0
    side = -plan.side if reverses else plan.side
    kind = "rollback" if reverses else choice
    letter = "p" if kind == "replenish" else "b"
    first = 1
    for order in hedge.legs[i].orders:
        if order.letter == letter:
            first = max(first, int(order.cl_ord_id.rsplit(letter, 1)[-1]) + 1)
    return Mandate(
        mandate_id=f"{hedge.hedge_id}.{plan.index}{letter}{first}",
        hedge_id=hedge.hedge_id,
        kind=kind,
        leg=plan.index,
        side=side,
        most_lots=abs(diff),
        worst_px=_worst_px(plan, side, market.leg(plan.index, side), policy),
        payup_ticks=policy.payup_ticks[i],
        max_orders=share,
        first_order=first,
        deadline_ns=deadline_ns,
        tif=policy.tifs[i],
        offset=market.offset(plan.index, side, reverses, abs(diff)),
    )
