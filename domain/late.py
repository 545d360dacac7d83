"""Late truth about an ended hedge while another of its pair is in flight.

Two hedges that send on the same legs would have two writers. So what the late
truth has made uneven leaves the ended hedge, which is balanced again, and
joins the one in flight as lots that it has too many or too few: one hedge
settles, repairs and is told of it all. Both remember each other.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from domain.again import was_denied
from domain.hedges import COVER, Hedge, HedgeRetried, HedgeSettling, HedgeStatus, outcome

H = HedgeStatus
_WAITS_FOR_EVIDENCE = ("CAP", "REFUSED", "PRICE", "LOTS", "CLOSE")
"""Why a hedge may be STRANDED that new evidence lets try again."""


class LateTruthJoined(Struct, frozen=True, array_like=True, tag=True):
    """`lots` of each leg, bought with +, go from an ended hedge to another.

    `outcome`: what the ended one is now.
    """

    hedge_id: str
    into: str
    lots: tuple[int, ...]
    outcome: HedgeStatus
    at_ns: int


def joining(old: Hedge, into: Hedge, now_ns: int) -> tuple[LateTruthJoined, ...]:
    """The fact by which late truth about `old` joins `into`; none if it holds.

    What a person has taken over stays with that person. A cover's aim begins
    from all that its pair holds, so that nothing of an ended one is uneven.
    What concerns other legs than `into` has waits for its end.
    """
    if old.status is H.HANDED_OVER or old.trigger == COVER or len(old.legs) != len(into.legs):
        return ()
    lots = tuple(over * leg.plan.side for over, leg in zip(old.naked, old.legs, strict=True))
    is_now = outcome(_without(old, lots))
    if not any(lots) and is_now is old.status:
        return ()
    return (LateTruthJoined(old.hedge_id, into.hedge_id, lots, is_now, now_ns),)


def passed_on(old: Hedge, fact: LateTruthJoined) -> Hedge:
    """The ended hedge after it: balanced, and knowing where the rest went."""
    after = _without(old, fact.lots)
    went = (*old.passed_to, fact.into) if any(fact.lots) else old.passed_to
    return replace(after, status=fact.outcome, passed_to=went)


def taken_over(hedge: Hedge, fact: LateTruthJoined) -> Hedge:
    """The hedge in flight after it."""
    if not any(fact.lots):
        return hedge
    after = _without(hedge, tuple(-lots for lots in fact.lots))
    return replace(after, joined=(*hedge.joined, fact.hedge_id))


def follows(hedge: Hedge, fact: LateTruthJoined, max_retries: int, *, frozen: bool) -> tuple:
    """What the hedge that has taken it over does about it at once.

    One that works settles; one that waits for a person or for evidence has
    some, and tries again, unless a kill bars every order. All others look at
    what they hold anyway.
    """
    if not any(fact.lots):
        return ()
    why = f"late truth of {fact.hedge_id}"
    if hedge.status is H.WORKING:
        return (HedgeSettling(why, fact.at_ns),)
    waits = hedge.status is H.STRANDED and (hedge.stranded_why in _WAITS_FOR_EVIDENCE or was_denied(hedge))
    if waits and not frozen and hedge.settled and hedge.retries < max_retries:
        return (HedgeRetried(why, fact.at_ns),)
    return ()


def _without(hedge: Hedge, lots: tuple[int, ...]) -> Hedge:
    """The hedge with so many lots less of each leg, bought with +."""
    if not any(lots):
        return hedge
    changed = [
        replace(leg, net=leg.net - off * leg.plan.side) for leg, off in zip(hedge.legs, lots, strict=True)
    ]
    return replace(hedge, legs=tuple(changed))
