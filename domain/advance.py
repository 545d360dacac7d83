"""What follows from where a hedge stands: decide, until nothing follows.

Every event of a hedge ends here: the order's facts are adopted first, then
this is asked what the hedge does about it, in the same turn. The facts that
are returned are all: what is to be sent follows from them (`OrderSubmitted`
leaves as a `D`, `CancelSubmitted` as an `F`, `OrderQueried` as an `H`,
`MandateGiven` is told to the child).
"""

from __future__ import annotations

from msgspec import Struct

from domain import in_turn, repair, watch
from domain.errors import require
from domain.hedges import (
    COVER,
    DOUBT_ENDED,
    REPAIRING,
    Hedge,
    HedgeEnded,
    HedgeHandedOver,
    HedgeImbalanced,
    HedgeReopened,
    HedgeRetried,
    HedgeSettling,
    HedgeStatus,
    HedgeStranded,
    evolve,
    outcome,
)
from domain.legs import Leg, LegStatus
from domain.mandates import Mandate, MandateGiven
from domain.orders import LIVE_SET, OrdStatus
from domain.repair import Policy, RepairMarket
from domain.stranded import MOST_RETRIES

H = HedgeStatus
_SETTLED = frozenset((LegStatus.SETTLED, LegStatus.IDLE))
MAX_STEPS = 16
"""More steps in one turn than this are a loop of ours."""


class HedgeRules(Struct, frozen=True, gc=False):
    """All that bounds a hedge in time and number."""

    watch: watch.Rules = watch.Rules()
    policy: Policy = Policy()
    hedge_deadline_ns: int = 1_000_000_000
    max_retries: int = MOST_RETRIES


class Standing(Struct, gc=False):
    """Where a hedge stands by its legs: what every step asks for."""

    settled: bool
    balanced: bool
    covered: int
    naked: tuple[int, ...]


def standing(hedge: Hedge) -> Standing:
    """Computed once for as long as the legs stay as they are."""
    settled = balanced = True
    covered = hedge.covered
    naked = []
    for leg in hedge.legs:
        if leg.status not in _SETTLED:
            settled = False
        over = leg.net - covered * leg.plan.per_unit
        if over:
            balanced = False
        naked.append(over)
    return Standing(settled, balanced, covered, tuple(naked))


def advance(hedge: Hedge, rules: HedgeRules, market: RepairMarket, now_ns: int) -> tuple[Hedge, tuple]:
    """The hedge after all that follows now, and the facts in order."""
    hedge, facts, given = steps(hedge, rules, market, now_ns)
    for fact in given:
        hedge = evolve(hedge, fact)
    return hedge, facts


def steps(hedge: Hedge, rules: HedgeRules, market: RepairMarket, now_ns: int) -> tuple[Hedge, tuple, tuple]:
    """The hedge, all facts that follow now in order, and which of them, the last, it has not taken in.

    Those are the step that gives a mandate, if one does: nothing follows of it
    before the child is heard, so that its order need not wait for it.
    """
    facts: list = []
    stands = standing(hedge)
    for _ in range(MAX_STEPS):
        step = _STEPS[hedge.status](hedge, stands, rules, market, now_ns)
        if not step:
            break
        facts += step
        if step[-1].__class__ is MandateGiven:
            return hedge, tuple(facts), step
        by_leg = hedge.legs
        for fact in step:
            hedge = evolve(hedge, fact)
        if hedge.legs is not by_leg:
            stands = standing(hedge)
    else:
        require(False, f"hedge {hedge.hedge_id}: still {hedge.status} after {MAX_STEPS} steps")
    return hedge, tuple(facts), ()


def overrun(hedge: Hedge) -> tuple[Mandate, ...]:
    """Mandates to be called back: late truth has made them too large, or a person wants them back.

    What a leg has filled, may still fill and is still allowed would go past
    its target, or take back more than no other leg covers.
    """
    return tuple(leg.mandate for leg in hedge.legs if leg.mandate is not None and _is_overrun(hedge, leg))


def _is_overrun(hedge: Hedge, leg: Leg) -> bool:
    plan = leg.plan
    if leg.revoked or hedge.claimed or (hedge.sent_back and hedge.kind == "open" and leg.mandate.kind == "replenish"):
        return True
    if leg.mandate.side == plan.side:
        return leg.net + leg.open_qty > plan.target
    return leg.net - leg.reversing_qty < hedge.covered * plan.per_unit


def timed(hedge: Hedge, rules: HedgeRules, now_ns: int) -> tuple:
    """What time has made of the hedge's own orders by now."""
    facts: list = []
    for leg in hedge.legs:
        if leg.status is LegStatus.MANDATED:
            continue
        for order in leg.orders:
            facts.extend(watch.due(order, now_ns, rules.watch))
    return tuple(facts)


def next_ns(hedge: Hedge, rules: HedgeRules) -> int | None:
    """When the hedge wants to be looked at again; None when final."""
    times = [
        at
        for leg in hedge.legs
        if leg.status is not LegStatus.MANDATED
        for order in leg.orders
        if (at := watch.next_ns(order, rules.watch)) is not None
    ]
    if hedge.status is H.WORKING:
        times.append(in_turn.until_ns(hedge, rules) if hedge.first >= 0 else hedge.opened_ns + rules.hedge_deadline_ns)
    elif hedge.status in (H.SETTLING, H.IMBALANCED, *REPAIRING):
        times.append(hedge.naked_ns + rules.policy.naked_budget_ns)
    return min(times, default=None)


def _working(hedge: Hedge, stands: Standing, rules: HedgeRules, market: RepairMarket, now_ns: int) -> tuple:
    if hedge.first >= 0:
        return in_turn.working(hedge, stands, rules, market, now_ns)
    if stands.settled:
        if stands.balanced:
            return (HedgeEnded(outcome(hedge), stands.covered, now_ns),)
        return (HedgeSettling(_why_short(hedge), now_ns), HedgeImbalanced(stands.covered, stands.naked))
    if hedge.trigger == COVER and hedge.legs[0].net + hedge.legs[0].open_qty > hedge.units:
        return (HedgeSettling("aimed lower", now_ns),)
    silent = False
    for leg in hedge.legs:
        for order in leg.orders:
            status = order.status
            if order.cum_qty < order.qty and status not in LIVE_SET:
                return (HedgeSettling(_why_short(hedge), now_ns),)
            if status is OrdStatus.UNKNOWN:
                silent = True
    if silent:
        return (HedgeSettling("silent", now_ns),)
    if now_ns >= hedge.opened_ns + rules.hedge_deadline_ns:
        return (HedgeSettling("deadline", now_ns),)
    return ()


def _why_short(hedge: Hedge) -> str:
    for leg in hedge.legs:
        for order in leg.orders:
            if order.cum_qty < order.qty and order.status not in LIVE_SET:
                return f"leg {leg.plan.index} {order.status.lower()} {order.cum_qty}/{order.qty}"
    return "settled"


def _settling(hedge: Hedge, stands: Standing, rules: HedgeRules, market: RepairMarket, now_ns: int) -> tuple:
    if not stands.settled:
        cancels = _cancels(hedge, now_ns)
        if cancels:
            return cancels
        if _is_spent(hedge, rules, now_ns):
            return (HedgeStranded("UNKNOWN" if hedge.unknown else "BUDGET", stands.naked, now_ns),)
        return ()
    return _settled(hedge, stands, now_ns)


def _is_spent(hedge: Hedge, rules: HedgeRules, now_ns: int) -> bool:
    """Whether the time is up in which it may be naked untold."""
    return now_ns >= hedge.naked_ns + rules.policy.naked_budget_ns


def _settled(hedge: Hedge, stands: Standing, now_ns: int) -> tuple:
    if stands.balanced:
        return (HedgeEnded(outcome(hedge), stands.covered, now_ns),)
    return (HedgeImbalanced(stands.covered, stands.naked),)


def _cancels(hedge: Hedge, now_ns: int) -> tuple:
    """A day order that still works is cancelled; an immediate one ends."""
    return tuple(
        watch.cancel(order, now_ns)
        for leg in hedge.legs
        if leg.status is not LegStatus.MANDATED
        for order in leg.orders
        if order.live and order.tif == "0" and order.cancels == 0 and order.status is not OrdStatus.UNKNOWN
    )


def _imbalanced(hedge: Hedge, stands: Standing, rules: HedgeRules, market: RepairMarket, now_ns: int) -> tuple:
    if _is_spent(hedge, rules, now_ns):
        return (HedgeStranded("BUDGET", stands.naked, now_ns),)
    if market.waits:
        return ()
    return repair.choose(hedge, rules.policy, market, now_ns)


def _repairing(hedge: Hedge, stands: Standing, rules: HedgeRules, market: RepairMarket, now_ns: int) -> tuple:
    if stands.settled:
        return _settled(hedge, stands, now_ns)
    if hedge.unknown:
        return (HedgeSettling("repair silent", now_ns),)
    return (HedgeSettling("repair past its time", now_ns),) if _is_spent(hedge, rules, now_ns) else ()


def _stranded(hedge: Hedge, stands: Standing, rules: HedgeRules, market: RepairMarket, now_ns: int) -> tuple:
    """Evidence ends it: settled after UNKNOWN, or the market trades again.

    An order that was in doubt and is found to work is cancelled: it would rest for ever.
    """
    handed = handed_over(hedge, stands)
    if handed:
        return handed
    if not stands.settled:
        return _cancels(hedge, now_ns)
    if stands.balanced:
        return (HedgeRetried("settled", now_ns),)
    is_timed_out = hedge.stranded_why in ("UNKNOWN", "BUDGET")
    if is_timed_out and _was_silenced(hedge) and repair.is_possible(hedge, rules.policy, market, 0):
        return (HedgeRetried(DOUBT_ENDED, now_ns),)
    if hedge.retries >= rules.max_retries:
        return ()
    if is_timed_out and hedge.denied:
        return ()  # it has not been tried: it is once that has gone for which it was denied, see `domain.again`
    if is_timed_out and not repair.waits_for_market(hedge, rules.policy, market):
        return (HedgeRetried("settled", now_ns),)
    if hedge.stranded_why == "MARKET" and repair.is_possible(hedge, rules.policy, market):
        return (HedgeRetried("market", now_ns),)
    return ()


def handed_over(hedge: Hedge, stands: Standing) -> tuple[HedgeHandedOver, ...]:
    """One that a person claims is theirs once no mandate is out; one that is whole by then ends."""
    if not hedge.claimed or any(leg.mandate is not None for leg in hedge.legs) or (stands.settled and stands.balanced):
        return ()
    return (HedgeHandedOver(*hedge.claimed),)


def _was_silenced(hedge: Hedge) -> bool:
    """Whether silence or a restart ate the time of the last try, no market.

    It sent an order, of the hedge's cap, so that such tries come to an end.
    What was denied costs none; what was refused again and again was answered.
    """
    refused = sent = 0
    doubted = False
    for leg in hedge.legs:
        for order in leg.orders:
            if order.sent_ns < hedge.naked_ns:
                continue
            if order.status is OrdStatus.DENIED:
                return False
            sent += 1
            refused += order.status is OrdStatus.REJECTED
            doubted = doubted or order.unknown_ns > 0
    return sent > 0 and (doubted or refused < 2)


def _final(hedge: Hedge, stands: Standing, rules: HedgeRules, market: RepairMarket, now_ns: int) -> tuple:
    """Late truth: what is final is true no longer."""
    return () if holds_true(hedge, stands) else (HedgeReopened("late truth", now_ns),)


def holds_true(hedge: Hedge, stands: Standing) -> bool:
    """Whether a final hedge's state still is what its legs say."""
    if hedge.status is H.HANDED_OVER:
        return True
    if hedge.trigger == COVER:
        return stands.settled  # what it holds is what the next aim begins from
    return stands.settled and stands.balanced and outcome(hedge) is hedge.status


_STEPS = {
    H.WORKING: _working,
    H.SETTLING: _settling,
    H.IMBALANCED: _imbalanced,
    **dict.fromkeys(REPAIRING, _repairing),
    H.STRANDED: _stranded,
    H.DONE: _final,
    H.PART: _final,
    H.NONE: _final,
    H.HANDED_OVER: _final,
}
