"""What becomes of a STRANDED hedge by itself, and what a person may type.

One answer for the alert, the board and `hedge show`, so that nobody has to
know a page by heart at the moment in which something is naked.
"""

from __future__ import annotations

from domain import again
from domain.hedges import Hedge, HedgeStatus

BY_MARKET = "tried again by itself once its market trades"
BY_EVIDENCE = "tried again by itself once its orders are known"
BY_CAUSE = "tried again by itself once its cause has gone"
A_PERSONS = "waits for a person"
STOPPED = "stopped by a kill or a mode: end that first"
AT_ONCE = "tried again at once"
CLAIMED = "yours as soon as its repair is back"
MOST_RETRIES = 3
"""How often a hedge is tried again by itself, whatever the reason."""


def what_next(hedge: Hedge, most: int = MOST_RETRIES) -> str:
    """What happens by itself, as a phrase of the glossary; "" where it is not STRANDED."""
    if hedge.status is not HedgeStatus.STRANDED:
        return ""
    if hedge.claimed:
        return CLAIMED
    why = hedge.stranded_why
    if why == "FROZEN":
        return STOPPED
    if again.was_denied(hedge):
        return BY_CAUSE if again.waits(hedge, most) else A_PERSONS
    if hedge.retries >= most:
        return A_PERSONS
    if why == "MARKET":
        return BY_MARKET
    if why in ("UNKNOWN", "BUDGET"):
        return BY_EVIDENCE
    return BY_CAUSE if again.waits(hedge, most) else A_PERSONS


def to_type(hedge: Hedge) -> tuple[str, ...]:
    """The commands that a person has for it now."""
    if hedge.status is not HedgeStatus.STRANDED:
        return ()
    retry = f"./hedgerow hedge retry {hedge.hedge_id} --reason WHY"
    take = f"./hedgerow hedge take {hedge.hedge_id} --reason WHY"
    if hedge.claimed:
        return (retry,)
    return ("./hedgerow mode show", retry, take) if hedge.stranded_why == "FROZEN" else (retry, take)


def told_of(hedge: Hedge, most: int = MOST_RETRIES) -> str:
    """Both in one line, as an alert says it.

    It is told at the end of the turn that stranded the hedge. Where the same
    turn went on with it, that is what is next, and there is only to look.
    """
    phrase, (left, most) = what_next(hedge, most), again.left_of(hedge, most)
    commands = to_type(hedge)
    if not commands:
        phrase = "" if hedge.final else AT_ONCE
        commands = (f"./hedgerow hedge show {hedge.hedge_id}",)
    count = f" ({left} of {most} tries left)" if phrase in (BY_MARKET, BY_EVIDENCE, BY_CAUSE, AT_ONCE) else ""
    return "; ".join(filter(None, (f"{phrase}{count}", ", or ".join(commands))))
