"""Which repair: complete what is missing, or take back what is over.

Both ways are priced from the books as they are now, in the pair's currency;
the cheaper one inside its limits is taken, or what the policy puts first. An
open is completed or taken back. A close is completed, never taken back. What
was filled beyond the target can only be reversed.
"""

from __future__ import annotations

from math import isfinite, nan
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from domain.costs import OrderCost, RepairCost, complete_cost, reverse_cost
from domain.hedges import COVER, Hedge, HedgeEnded, HedgeStranded, RepairChosen, outcome
from domain.legs import Leg, LegPlan
from domain.mandates import LegMarket, Mandate, MandateGiven, is_locked, reach
from domain.orders import OrdStatus

MS = 1_000_000
_AIMED_AGAIN = {"MARKET", "KILLED"}
"""What ends a cover's hedge short: it is UNCOVERED, not STRANDED, and aims again when it may."""

GO_BACK = "rollback_only"
"""The policy under a kill: an open is never completed."""


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

    waits: bool
    """A close was refused, and the venue is asked what can be closed."""

    def leg(self, index: int, side: int) -> LegMarket:
        """The leg as an order of `side` (+1, -1) meets it."""

    def cost(self, index: int, side: int, qty: int, reference_px: float, reverses: bool) -> OrderCost:
        """Expected cost of the order against a price, fees in."""

    def offset(self, index: int, side: int, reverses: bool, qty: int) -> str:
        """The offset of an order that repairs this leg."""

    def most(self, index: int, side: int, reverses: bool, qty: int) -> int:
        """The lots of it that one offset covers; the rest is another order's."""

    def time_penalty(self, replenish: bool) -> float: ...

    def split(self, index: int, side: int, qty: int) -> tuple[tuple[str, int], ...] | str:
        """(offset, lots) of an order that a hedge proper sends, or why none."""


class Option(Struct, frozen=True):
    """One way out: bring every leg to `to_units`. `why_not` bars it."""

    choice: str
    to_units: int
    diffs: list[int]
    cost: RepairCost
    why_not: str = ""


def choose(hedge: Hedge, policy: Policy, market: RepairMarket, now_ns: int) -> tuple[object, ...]:
    """The facts of the decision: a repair with its mandates, or STRANDED."""
    covered = hedge.covered
    total, replenish = orders_left(hedge, policy)
    complete = _weigh(hedge, policy, market, "replenish", hedge.reached, covered, replenish)
    back = _weigh(hedge, policy, market, "rollback", min(covered, hedge.units), covered, total)
    pick, reason = _pick(policy, complete, back, late=bool(hedge.repairs) and _is_late(hedge, policy, now_ns))
    if pick is None and hedge.trigger == COVER and _AIMED_AGAIN & {complete.why_not, back.why_not}:
        return (HedgeEnded(outcome(hedge), hedge.legs[0].net, now_ns),)
    if pick is None:
        return (HedgeStranded(_worst(complete.why_not, back.why_not), hedge.naked, now_ns),)
    chosen = RepairChosen(pick.choice, pick.to_units, complete.cost, back.cost, complete.why_not, back.why_not, reason)
    left = replenish if pick is complete else total
    patient = pick is back or back.why_not != ""
    return (chosen, *_mandates(hedge, policy, market, pick, left, now_ns, patient))


def is_possible(hedge: Hedge, policy: Policy, market: RepairMarket) -> bool:
    """Whether a retry, with the orders that it adds, would find a way out."""
    hedge = replace(hedge, retries=hedge.retries + 1)
    total, replenish = orders_left(hedge, policy)
    ways = (("replenish", hedge.reached, replenish), ("rollback", min(hedge.covered, hedge.units), total))
    return any(
        not _barred(hedge, policy, market, choice, _diffs(hedge, units), left) for choice, units, left in ways
    )


def _diffs(hedge: Hedge, to_units: int) -> list[int]:
    """What each leg still needs to be at `to_units`; below 0 is too much."""
    diffs = []
    for leg in hedge.legs:
        diffs.append(to_units * leg.plan.per_unit - leg.net)
    return diffs


def _only_overfilled(hedge: Hedge, diffs: list[int]) -> bool:
    """Whether all that would be reversed lies beyond the target."""
    for leg, diff in zip(hedge.legs, diffs, strict=True):
        if diff and leg.net + diff < leg.plan.target:
            return False
    return True


def orders_left(hedge: Hedge, policy: Policy) -> tuple[int, int]:
    """Orders that any repair, and that a replenish, may still send.

    Over all legs. A decision that led to no order counts as one: neither may
    go on for ever. The last `reserved` are kept for reversals.
    """
    sent = out = used = 0
    for leg in hedge.legs:
        if leg.mandate is not None:
            out += leg.mandate.max_orders
        for order in leg.orders:
            if order.status is not OrdStatus.DENIED:
                sent += 1
                used += order.letter == "p"
    spent = max(sent, len(hedge.repairs)) + out
    total = policy.max_orders + hedge.retries * policy.orders_a_retry - spent
    allowed = policy.max_replenish_orders * (1 + hedge.retries) - used
    return total, min(allowed, total - policy.reserved)


def refused_twice(hedge: Hedge) -> bool:
    """Whether the last two replenish orders of a leg met the same refusal.

    Those from before it was retried count no longer: a person, or a market
    that trades again, has reasons to try.
    """
    since_ns = hedge.naked_ns
    for leg in hedge.legs:
        before = last = ""
        for order in leg.orders:
            if order.letter == "p" and order.status is OrdStatus.REJECTED and order.sent_ns >= since_ns:
                before, last = last, order.reject_code
        if last and last == before:
            return True
    return False


def _weigh(
    hedge: Hedge, policy: Policy, market: RepairMarket, choice: str, to_units: int, covered: int, left: int
) -> Option:
    diffs = _diffs(hedge, to_units)
    why = _barred(hedge, policy, market, choice, diffs, left)
    if why:  # what can't be done has no price
        return Option(choice, to_units, diffs, RepairCost(choice, (), 0.0, 0.0, nan), why)
    costs = []
    for leg, diff in zip(hedge.legs, diffs, strict=True):
        if diff > 0:
            plan = leg.plan
            costs.append(market.cost(plan.index, plan.side, diff, plan.touch_px, False))
        elif diff < 0:
            plan = leg.plan
            costs.append(market.cost(plan.index, -plan.side, -diff, _average_px(leg), True))
    if choice == "replenish":
        won = to_units - covered if to_units > covered else 0
        cost = complete_cost(costs, hedge.edge, won, market.time_penalty(True))
    else:
        cost = reverse_cost(costs, market.time_penalty(False))
    return Option(choice, to_units, diffs, cost, why)


def _average_px(leg: Leg) -> float:
    """Average price of what the leg has filled towards its target, ticks."""
    lots = paid = 0
    for order in leg.orders:
        if order.side == leg.plan.side:
            for _, qty, px in order.trades:
                lots += qty
                paid += qty * px
    return paid / lots if lots else float(leg.plan.touch_px)


def _barred(
    hedge: Hedge, policy: Policy, market: RepairMarket, choice: str, diffs: list[int], left: int
) -> str:
    """Why this way can't be gone, or ""."""
    if choice == "replenish":
        if max(diffs) <= 0:
            return "OVERFILLED"
        if policy.choice == GO_BACK and hedge.kind == "open":
            return "KILLED"
    elif hedge.trigger == COVER and max(diffs) > 0:
        return "COVER"
    elif hedge.kind == "close" and not _only_overfilled(hedge, diffs):
        return "CLOSE"
    if left < len(diffs) - diffs.count(0):
        return "REFUSED" if choice == "replenish" and refused_twice(hedge) else "CAP"
    if choice == "replenish" and hedge.kind == "open" and refused_twice(hedge):
        return "REFUSED"  # a close has no other way: its refusals are waited out
    for leg, diff in zip(hedge.legs, diffs, strict=True):
        if diff == 0:
            continue
        plan = leg.plan
        for order in leg.orders:
            if order.status is OrdStatus.UNKNOWN:
                return "UNKNOWN"
        side = plan.side if diff > 0 else -plan.side
        seen = market.leg(plan.index, side)
        if not seen.can_trade:
            return "MARKET"
        if reach(worst_px(plan, side, seen, policy), side, 0, seen) is None:
            return "MARKET" if is_locked(side, seen) else "PRICE"
    return ""


def worst_px(plan: LegPlan, side: int, seen: LegMarket, policy: Policy) -> int:
    """The most that a repair may pay: from the trigger's touch, or today's."""
    reference = plan.touch_px if side == plan.side or seen.opposing is None else seen.opposing
    return reference + side * policy.slippage_cap_ticks[plan.index]


def _is_late(hedge: Hedge, policy: Policy, now_ns: int) -> bool:
    """Whether completing an open was tried, and has had its half of the time."""
    tried = hedge.kind == "open" and "replenish" in hedge.repairs
    return tried and hedge.naked_ns > 0 and now_ns >= hedge.naked_ns + policy.naked_budget_ns // 2


def _pick(policy: Policy, complete: Option, back: Option, *, late: bool = False) -> tuple[Option | None, str]:
    if complete.why_not and back.why_not:
        return None, ""
    if complete.why_not:
        return back, f"replenish barred: {complete.why_not}"
    if back.why_not:
        return complete, f"rollback barred: {back.why_not}"
    if late:
        return back, "replenish has had its time"
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


def _mandates(
    hedge: Hedge, policy: Policy, market: RepairMarket, pick: Option, left: int, now_ns: int, patient: bool
) -> list[MandateGiven]:
    """A mandate for each leg that the chosen way needs.

    `patient`: there is no other way, so that refusals are waited out.
    """
    diffs = pick.diffs
    share = max(1, left // (len(diffs) - diffs.count(0)))
    naked_ns = hedge.naked_ns or now_ns
    whole = policy.naked_budget_ns
    deadline = naked_ns + (whole // 2 if pick.choice == "replenish" and hedge.kind == "open" else whole)
    deadline = min(max(deadline, now_ns + whole // 4), naked_ns + whole)
    given = []
    for index, diff in enumerate(diffs):
        if diff:
            made = _mandate(hedge, policy, market, pick.choice, index, diff, share, deadline, patient)
            given.append(MandateGiven(made))
    return given


def _mandate(
    hedge: Hedge,
    policy: Policy,
    market: RepairMarket,
    choice: str,
    i: int,
    diff: int,
    share: int,
    deadline_ns: int,
    patient: bool,
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
    lots = market.most(plan.index, side, reverses, abs(diff))
    return Mandate(
        mandate_id=f"{hedge.hedge_id}.{plan.index}{letter}{first}",
        hedge_id=hedge.hedge_id,
        kind=kind,
        leg=plan.index,
        side=side,
        most_lots=lots,
        worst_px=worst_px(plan, side, market.leg(plan.index, side), policy),
        payup_ticks=policy.payup_ticks[i],
        max_orders=share,
        first_order=first,
        deadline_ns=deadline_ns,
        tif=policy.tifs[i],
        offset=market.offset(plan.index, side, reverses, lots),
        patient=patient or reverses,
    )
