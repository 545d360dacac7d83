"""A STRANDED close, or hedge that was denied, is tried again by itself.

A close has one way only, to be completed. Where its orders were refused, used
up, or its quotes were out of reach, a person would wait for a sign that it may
go now and try once more. So does this: what is seen at each look becomes a
`Waiting`, and `due` says which sign it is that a try is made for.

    price    in reach again, by quotes that count (stranded PRICE)
    market   the market could not trade meanwhile, and trades again
    money    the account has more free money, by a tenth
    fills    the venue fills orders again that it refused
    limits   the pair has other rules or limits
    time     none of these: a venue does not say when its reason has gone

A repair that was denied, on this side of its venue, has not been tried at all:
its time went by, whatever the hedge. It costs none of the retries, and has its own:

    let      what our own limits had against its order, or kept its venue away, has gone
    time     none of these: a gateway does not say when its reason has gone

Bounded by the hedge's retries, as all that it tries by itself; further apart
each time; the last retry is never spent on time alone. What only a person can
judge (an order in doubt, a kill, a difference of positions) is no such cause.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.hedges import LET, Hedge, HedgeStatus

MS = 1_000_000
CAUSES = ("REFUSED", "CAP", "PRICE")
SETTLE_NS = 2_000 * MS
"""So long it must have been possible, at every look."""
AWAY_NS = 1_000 * MS
"""A market that could not trade for less is no market that was shut: its status may be told late."""
FIRST_PAUSE_NS = 10_000 * MS
GROWTH_BITS = 2
"""Each pause is four times the one before."""
AGAIN = "again: "
"""Why a hedge is tried again by itself begins so; one that was denied, with `LET`."""
TIMED_OUT = ("BUDGET", "UNKNOWN")
MOST_DENIED = 12
"""How often one that was denied is tried again by itself: for more than half an hour."""
LONGEST_PAUSE_NS = 300_000 * MS
"""The longest pause of one that was denied; each is twice the one before."""


class Sight(Struct, frozen=True):
    """One look. `well`: a retry would find its way now, by quotes that count.

    `trades`: every leg that is needed could take an order; `free`: money by
    account, None where unknown; `refusing`: venues that have refused since
    they filled; `rules`: whatever is another thing when the pair's rules are;
    `barred`: what our own limits have against the order that it needs.
    """

    well: bool
    trades: bool
    free: tuple[int | None, ...] = ()
    refusing: frozenset[str] = frozenset()
    rules: Any = None
    barred: str = ""


class Waiting(Struct, frozen=True):
    """What was seen since it was stranded.

    `well_ns`, `away_ns`: since when it is well, or could not trade; 0: it is
    not so. `away`: it could not for long enough, some time since then;
    `barred`: our own limits were against it, some time since then.
    """

    hedge_id: str
    tries: int
    begun_ns: int
    first: Sight
    last: Sight
    well_ns: int = 0
    away_ns: int = 0
    away: bool = False
    barred: bool = False


def waits(hedge: Hedge, most: int) -> bool:
    """Whether it may be tried again by itself, sooner or later."""
    if was_denied(hedge):
        return hedge.denials < MOST_DENIED and not hedge.claimed
    stranded = hedge.status is HedgeStatus.STRANDED and hedge.kind == "close" and not hedge.claimed
    return stranded and hedge.stranded_why in CAUSES and hedge.retries < most


def was_denied(hedge: Hedge) -> bool:
    """Whether it is STRANDED because its time went by with orders that were denied."""
    return hedge.status is HedgeStatus.STRANDED and hedge.stranded_why in TIMED_OUT and hedge.denied


def word_of(hedge: Hedge, sign: str) -> str:
    """Why it is tried again, as its fact says it."""
    return (LET if was_denied(hedge) else AGAIN) + sign


def left_of(hedge: Hedge, most: int) -> tuple[int, int]:
    """How many tries of its kind are left, and of how many."""
    return (MOST_DENIED - hedge.denials, MOST_DENIED) if was_denied(hedge) else (max(0, most - hedge.retries), most)


def looked(waiting: Waiting | None, hedge: Hedge, sight: Sight, now_ns: int) -> Waiting:
    """What is known after one more look; begun anew for each stranding."""
    tries = hedge.retries + hedge.denials
    if waiting is None or (waiting.hedge_id, waiting.tries) != (hedge.hedge_id, tries):
        waiting = Waiting(hedge.hedge_id, tries, now_ns, sight, sight)
    well_ns = (waiting.well_ns or now_ns) if sight.well else 0
    away_ns = 0 if sight.trades else (waiting.away_ns or now_ns)
    away = waiting.away or (away_ns > 0 and now_ns >= away_ns + AWAY_NS)
    barred = waiting.barred or sight.barred != ""
    return replace(waiting, last=sight, well_ns=well_ns, away_ns=away_ns, away=away, barred=barred)


def due(waiting: Waiting, hedge: Hedge, most: int, now_ns: int) -> str:
    """The sign for which it is tried again now, or ""."""
    if not waiting.well_ns or now_ns < waiting.well_ns + SETTLE_NS:
        return ""
    if was_denied(hedge):
        return _let(waiting, hedge.denials, now_ns)
    count = hedge.retries
    found = sign(waiting, hedge)
    if found:
        return found if now_ns >= waiting.begun_ns + pause_ns(count - 1) else ""
    return "time" if count < most - 1 and now_ns >= waiting.begun_ns + pause_ns(count) else ""


def _let(waiting: Waiting, count: int, now_ns: int) -> str:
    """The sign for which one that was denied so often before is tried again now, or ""."""
    since_ns = now_ns - waiting.begun_ns
    if waiting.barred or waiting.away:
        return "let" if since_ns >= denied_pause_ns(min(count, 1)) else ""
    return "time" if since_ns >= denied_pause_ns(count) else ""


def denied_pause_ns(count: int) -> int:
    """As `pause_ns`, of one that was denied: none, then 10 s, each twice the one before."""
    return min(FIRST_PAUSE_NS << (count - 1), LONGEST_PAUSE_NS) if count else 0


def pause_ns(count: int) -> int:
    """How long it waits at least before the try that follows so many pauses."""
    return FIRST_PAUSE_NS << (GROWTH_BITS * count) if count >= 0 else 0


def sign(waiting: Waiting, hedge: Hedge) -> str:
    """What has changed since it was stranded, or ""."""
    first, last = waiting.first, waiting.last
    if hedge.stranded_why == "PRICE":
        return "price"
    if waiting.away and last.trades:
        return "market"
    if any(_is_more(old, new) for old, new in zip(first.free, last.free, strict=False)):
        return "money"
    if first.refusing - last.refusing:
        return "fills"
    return "limits" if first.rules is not last.rules else ""


def _is_more(old: int | None, new: int | None) -> bool:
    return old is not None and new is not None and new > old + abs(old) // 10
