"""A hedge under a kill: cancels, going back alone, or nothing at all.

`advance` says what a hedge does in peace; this is asked instead while
something is barred for its pair. Frozen, it cancels what works, is STRANDED as
soon as anything is naked, and ends by itself only where nothing is left to do.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain import advance, watch
from domain.advance import HedgeRules, Standing, standing
from domain.controls import Hold
from domain.hedges import (
    Hedge,
    HedgeEnded,
    HedgeReopened,
    HedgeRetried,
    HedgeSettling,
    HedgeStatus,
    HedgeStranded,
    evolve,
    outcome,
)
from domain.legs import LegStatus
from domain.orders import OrdStatus
from domain.repair import GO_BACK, RepairMarket

H = HedgeStatus
FROZEN = "FROZEN"
"""Why a hedge is STRANDED that a kill has stopped: a person decides."""

_HURRIED = (H.WORKING, H.REPLENISHING)


def held(hedge: Hedge, rules: HedgeRules, market: RepairMarket, now_ns: int, hold: Hold) -> tuple[Hedge, tuple]:
    """The hedge after all that follows while `hold` bars something."""
    if hold.frozen:
        return _frozen(hedge, rules, now_ns)
    facts: tuple = ()
    if hold.flatten and hedge.status is H.STRANDED and hedge.stranded_why == FROZEN:
        facts = (HedgeRetried("flatten", now_ns),)
    elif hold.goes_back and hedge.kind == "open" and hedge.status in _HURRIED and not hedge.settled:
        facts = (HedgeSettling("killed", now_ns), *_cancels(hedge, now_ns))
    for fact in facts:
        hedge = evolve(hedge, fact)
    if hold.goes_back:
        rules = replace(rules, policy=replace(rules.policy, choice=GO_BACK))
    after, following = advance.advance(hedge, rules, market, now_ns)
    return after, (*facts, *following)


def _frozen(hedge: Hedge, rules: HedgeRules, now_ns: int) -> tuple[Hedge, tuple]:
    facts: list = []
    for _ in range(advance.MAX_STEPS):
        step = _step(hedge, standing(hedge), rules, now_ns)
        if not step:
            break
        for fact in step:
            hedge = evolve(hedge, fact)
        facts += step
    return hedge, tuple(facts)


def _step(hedge: Hedge, stands: Standing, rules: HedgeRules, now_ns: int) -> tuple:
    status = hedge.status
    if hedge.final:
        return () if advance.holds_true(hedge, stands) else (HedgeReopened("late truth", now_ns),)
    if stands.settled and stands.balanced:
        if status is H.STRANDED:
            return (HedgeRetried("settled", now_ns),)
        if status is not H.IMBALANCED:
            return (HedgeEnded(outcome(hedge), stands.covered, now_ns),)
    if status is H.STRANDED:
        return advance.handed_over(hedge, stands) or _cancels(hedge, now_ns)
    if status is not H.SETTLING and status is not H.IMBALANCED:
        return (HedgeSettling("killed", now_ns), *_cancels(hedge, now_ns))
    if any(stands.naked) or status is H.IMBALANCED:
        return (*_cancels(hedge, now_ns), HedgeStranded(FROZEN, stands.naked, now_ns))
    if now_ns >= hedge.naked_ns + rules.policy.naked_budget_ns:
        return (HedgeStranded("UNKNOWN" if hedge.unknown else "BUDGET", stands.naked, now_ns),)
    return _cancels(hedge, now_ns)


def _cancels(hedge: Hedge, now_ns: int) -> tuple:
    """Whatever may still fill is cancelled, whatever its kind."""
    return tuple(
        watch.cancel(order, now_ns)
        for leg in hedge.legs
        if leg.status is not LegStatus.MANDATED
        for order in leg.orders
        if order.live and order.cancels == 0 and order.status is not OrdStatus.UNKNOWN
    )
