"""Which repair: complete what is missing, or take back what is over.

Both ways are priced from the books as they are now, in the pair's currency;
the cheaper one inside its limits is taken, or what the policy puts first. An
open is completed or taken back. A close is completed, never taken back, but
where what it lacks is held no more: that would be an open. What was filled
beyond the target can only be reversed.
"""

from __future__ import annotations

from math import isfinite, nan
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from domain import odd_lots
from domain.costs import OrderCost, RepairCost, complete_cost, reverse_cost
from domain.hedges import COVER, Hedge, HedgeEnded, HedgeStranded, RepairChosen, outcome
from domain.legs import Leg, LegPlan
from domain.mandates import LegMarket, Mandate, MandateGiven, is_locked, reach
from domain.orders import OrdStatus

MS = 1_000_000
_AIMED_AGAIN = {"MARKET", "KILLED", "LOTS"}
"""What ends a cover's hedge short: it is UNCOVERED, not STRANDED, and aims again when it may."""

GO_BACK = "rollback_only"
"""The policy under a kill: an open is never completed."""


class Policy(Struct, frozen=True, gc=False):
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
    min_lots: tuple[int, ...] = ()
    """Least lots of an order, by leg; none: one is enough everywhere."""
    leaves: bool = False
    """The pair has a residual ledger, to which odd lots go."""


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

    def held(self, index: int, side: int) -> int:
        """Lots of the pair's own that an order of `side` closes."""

    def split(self, index: int, side: int, qty: int) -> tuple[tuple[str, int], ...] | str:
        """(offset, lots) of an order that a hedge proper sends, or why none."""


class Tally(Struct, frozen=True, gc=False):
    """Where a hedge stands before it is repaired.

    `covered`: units that all legs cover; `reached`: units that would cover
    everything filled; `total`, `replenish`: orders that any repair, and that a
    replenish, may still send; `refused`: a leg's last two replenish orders met
    the same refusal. Those from before it was retried count no longer for that:
    a person, or a market that trades again, has reasons to try.
    """

    covered: int
    reached: int
    total: int
    replenish: int
    refused: bool


class Need(Struct, frozen=True, gc=False):
    """An order that one leg needs on the way: what it may pay, and why."""

    leg: Leg
    side: int
    qty: int
    worst_px: int
    reverses: bool


class Option(Struct, frozen=True):
    """One way out: bring every leg to `to_units`. `why_not` bars it."""

    choice: str
    to_units: int
    needs: list[Need]
    cost: RepairCost
    why_not: str = ""


def choose(hedge: Hedge, policy: Policy, market: RepairMarket, now_ns: int) -> tuple[object, ...]:
    """The facts of the decision: a repair with its mandates, or STRANDED."""
    stands = tally(hedge, policy)
    complete = _weigh(hedge, policy, market, "replenish", stands)
    back = _weigh(hedge, policy, market, "rollback", stands)
    pick, reason = _pick(policy, complete, back, late=bool(hedge.repairs) and _is_late(hedge, policy, now_ns))
    if pick is None and hedge.trigger == COVER and _AIMED_AGAIN & {complete.why_not, back.why_not}:
        return (HedgeEnded(outcome(hedge), hedge.legs[0].net, now_ns),)
    if pick is None:
        return (HedgeStranded(_worst(complete.why_not, back.why_not), hedge.naked, now_ns),)
    if not pick.needs:
        return odd_lots.left(hedge, pick.to_units, now_ns)
    chosen = RepairChosen(pick.choice, pick.to_units, complete.cost, back.cost, complete.why_not, back.why_not, reason)
    left = stands.replenish if pick is complete else stands.total
    patient = pick is back or back.why_not != ""
    return (chosen, *_mandates(hedge, policy, market, pick, left, now_ns, patient))


def is_possible(hedge: Hedge, policy: Policy, market: RepairMarket, costs: int = 1) -> bool:
    """Whether a retry, with the orders that it adds, would find a way out.

    `costs`: 0 for one that does not count, and adds none.
    """
    return "" in _barring(hedge, policy, market, costs)


def ways(hedge: Hedge, policy: Policy, market: RepairMarket) -> tuple[list[Need], ...]:
    """What each way out that a try without more orders would find needs."""
    stands = tally(replace(hedge, denials=hedge.denials + 1), policy)
    found = [_way(hedge, policy, market, choice, stands) for choice in ("replenish", "rollback")]
    return tuple(needs for _, needs, why in found if not why and needs)


def waits_for_market(hedge: Hedge, policy: Policy, market: RepairMarket) -> bool:
    """Whether a retry would find nothing but a market that can't trade now."""
    barred = _barring(hedge, policy, market, 1)
    return "" not in barred and _worst(*barred) == "MARKET"


def _barring(hedge: Hedge, policy: Policy, market: RepairMarket, costs: int) -> tuple[str, str]:
    """What bars each way once so many retries more count."""
    hedge = replace(hedge, retries=hedge.retries + costs)
    stands = tally(hedge, policy)
    return _way(hedge, policy, market, "replenish", stands)[2], _way(hedge, policy, market, "rollback", stands)[2]


def _only_overfilled(hedge: Hedge, diffs: list[int]) -> bool:
    """Whether all that would be reversed lies beyond the target."""
    for leg, diff in zip(hedge.legs, diffs, strict=True):
        if diff and leg.net + diff < leg.plan.target:
            return False
    return True


def tally(hedge: Hedge, policy: Policy) -> Tally:
    """What has been filled, sent and refused so far.

    Orders are counted over all legs. A decision that led to no order counts as
    one: neither may go on for ever. The last `reserved` are kept for reversals.
    """
    sent = out = used = 0
    refused = False
    for leg in hedge.legs:
        if leg.mandate is not None:
            out += leg.mandate.max_orders
        before = last = ""
        for order in leg.orders:
            status = order.status
            if status is not OrdStatus.DENIED:
                sent += 1
                if order.letter == "p":
                    used += 1
                    if status is OrdStatus.REJECTED and order.sent_ns >= hedge.naked_ns:
                        before, last = last, order.reject_code
        if last and last == before:
            refused = True
    decided = len(hedge.repairs) - hedge.denials  # one that was denied is made anew, a bounded number of times
    spent = max(sent, decided) + out
    total = policy.max_orders + hedge.retries * policy.orders_a_retry - spent
    allowed = policy.max_replenish_orders * (1 + hedge.retries) - used
    return Tally(hedge.covered, hedge.reached, total, min(allowed, total - policy.reserved), refused)


def _weigh(hedge: Hedge, policy: Policy, market: RepairMarket, choice: str, stands: Tally) -> Option:
    to_units, needs, why = _way(hedge, policy, market, choice, stands)
    if why:  # what can't be done has no price
        return Option(choice, to_units, needs, RepairCost(choice, (), 0.0, 0.0, nan), why)
    costs = []
    for need in needs:
        plan = need.leg.plan
        reference = _average_px(need.leg) if need.reverses else plan.touch_px
        costs.append(market.cost(plan.index, need.side, need.qty, reference, need.reverses))
    if choice == "replenish":
        won = to_units - stands.covered
        cost = complete_cost(costs, hedge.edge, won if won > 0 else 0, market.time_penalty(True))
    else:
        cost = reverse_cost(costs, market.time_penalty(False))
    return Option(choice, to_units, needs, cost)


def _average_px(leg: Leg) -> float:
    """Average price of what the leg has filled towards its target, ticks."""
    lots = paid = 0
    for order in leg.orders:
        if order.side == leg.plan.side:
            for _, qty, px in order.trades:
                lots += qty
                paid += qty * px
    return paid / lots if lots else float(leg.plan.touch_px)


def _way(
    hedge: Hedge, policy: Policy, market: RepairMarket, choice: str, stands: Tally
) -> tuple[int, list[Need], str]:
    """The units to be at, what each leg needs for it, and why not, or ""."""
    to_units = stands.reached if choice == "replenish" else min(stands.covered, hedge.units)
    diffs = []  # below 0 is too much
    for leg in hedge.legs:
        diffs.append(to_units * leg.plan.per_unit - leg.net)
    if policy.min_lots:
        diffs = odd_lots.split(hedge, policy, choice, diffs)
        if diffs.__class__ is str or not any(diffs):
            return to_units, [], diffs if diffs.__class__ is str else ""
    gone = hedge.kind == "close" and _is_gone(hedge, stands, market)
    why = _barred(hedge, policy, choice, diffs, stands, gone=gone)
    needs: list[Need] = []
    if why:
        return to_units, needs, why
    for leg, diff in zip(hedge.legs, diffs, strict=True):
        if diff == 0:
            continue
        for order in leg.orders:
            if order.status is OrdStatus.UNKNOWN:
                return to_units, needs, "UNKNOWN"
        plan = leg.plan
        side = plan.side if diff > 0 else -plan.side
        seen = market.leg(plan.index, side)
        if not seen.can_trade:
            return to_units, needs, "MARKET"
        worst = worst_px(plan, side, seen, policy)
        if reach(worst, side, 0, seen) is None:
            return to_units, needs, "MARKET" if is_locked(side, seen) else "PRICE"
        needs.append(Need(leg, side, diff if diff > 0 else -diff, worst, diff < 0))
    return to_units, needs, ""


def worst_px(plan: LegPlan, side: int, seen: LegMarket, policy: Policy) -> int:
    """The most that a repair may pay: from the trigger's touch, or today's."""
    reference = plan.touch_px if side == plan.side or seen.opposing is None else seen.opposing
    return reference + side * policy.slippage_cap_ticks[plan.index]


def _is_gone(hedge: Hedge, stands: Tally, market: RepairMarket) -> bool:
    """Whether what a close is short of is no longer held.

    A later hedge has closed it, or trades the other way by now: to complete
    this one would open.
    """
    if len(hedge.legs) < 2:
        return False  # its other side is held elsewhere
    for leg in hedge.legs:
        plan = leg.plan
        missing = stands.reached * plan.per_unit - leg.net
        if missing > 0 and missing > market.held(plan.index, plan.side):
            return True
    return False


def _barred(hedge: Hedge, policy: Policy, choice: str, diffs: list[int], stands: Tally, *, gone: bool) -> str:
    """Why this way can't be gone whatever the market does, or ""."""
    if choice == "replenish":
        if max(diffs) <= 0:
            return "OVERFILLED"
        if gone:
            return "GONE"
        if hedge.kind == "open" and (hedge.sent_back or policy.choice == GO_BACK):
            return "SENT_BACK" if hedge.sent_back else "KILLED"
    elif hedge.trigger == COVER and max(diffs) > 0:
        return "COVER"
    elif hedge.kind == "close" and not gone and not _only_overfilled(hedge, diffs):
        return "CLOSE"
    if (stands.replenish if choice == "replenish" else stands.total) < len(diffs) - diffs.count(0):
        return "REFUSED" if choice == "replenish" and stands.refused else "CAP"
    if choice == "replenish" and hedge.kind == "open" and stands.refused:
        return "REFUSED"  # a close has no other way: its refusals are waited out
    return ""


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
    for why in ("UNKNOWN", "MARKET", "PRICE", "LOTS", "REFUSED", "CAP", "CLOSE"):
        if why in barred:
            return why
    return "CAP"


def _mandates(
    hedge: Hedge, policy: Policy, market: RepairMarket, pick: Option, left: int, now_ns: int, patient: bool
) -> list[MandateGiven]:
    """A mandate for each leg that the chosen way needs.

    `patient`: there is no other way, so that refusals are waited out.
    """
    share = max(1, left // len(pick.needs))
    naked_ns = hedge.naked_ns or now_ns
    whole = policy.naked_budget_ns
    deadline = naked_ns + (whole // 2 if pick.choice == "replenish" and hedge.kind == "open" else whole)
    deadline = min(max(deadline, now_ns + whole // 4), naked_ns + whole)
    given = []
    for need in pick.needs:
        kind = "rollback" if need.reverses else pick.choice
        made = _mandate(hedge, policy, market, need, kind, share, deadline, patient)
        given.append(MandateGiven(made))
    return given


def _mandate(
    hedge: Hedge,
    policy: Policy,
    market: RepairMarket,
    need: Need,
    kind: str,
    share: int,
    deadline_ns: int,
    patient: bool,
) -> Mandate:
    plan = need.leg.plan
    i = plan.index
    letter = "p" if kind == "replenish" else "b"
    first = 1
    for order in need.leg.orders:
        if order.letter == letter:
            first = max(first, int(order.cl_ord_id.rsplit(letter, 1)[-1]) + 1)
    lots = market.most(i, need.side, need.reverses, need.qty)
    return Mandate(
        f"{hedge.hedge_id}.{i}{letter}{first}",
        hedge.hedge_id,
        kind,
        i,
        need.side,
        lots,
        need.worst_px,
        policy.payup_ticks[i],
        share,
        first,
        deadline_ns,
        policy.tifs[i],
        market.offset(i, need.side, need.reverses, lots),
        patient or need.reverses,
        policy.min_lots[i] if policy.min_lots else 1,
    )
