"""What a pair holds beside whole units of fixed lots.

A residual's hedge has lots that are no unit's (Pair.odd), and so have odd lots
that a hedge could not trade. And a pair may have a
leg whose lots each hedge sizes anew.

Its units are those of its legs of fixed lots. What the sized leg should hold
is what its hedges have covered; so nothing of it is naked at rest, but for
lots that are left where no unit is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import books
from domain.books import LegBook
from domain.hedges import RESIDUAL, Hedge

if TYPE_CHECKING:
    from domain.pairs import Pair


def nets(pair: Pair) -> list[int]:
    """Lots of units, and what is uneven of them: without the odd ones."""
    if not pair.odd:
        return [b.net for b in pair.books]
    return [b.net - odd for b, odd in zip(pair.books, pair.odd, strict=True)]


def kept(pair: Pair, hedge: Hedge, after: tuple[LegBook, ...]) -> dict[str, object]:
    """The books after a fact of `hedge`, and what of them is no unit's."""
    if hedge.trigger != RESIDUAL:
        return {"books": after}
    odd = pair.odd or (0,) * len(after)
    moved = [now.net - was.net for was, now in zip(pair.books, after, strict=True)]
    return {"books": after, "odd": tuple(each + lots for each, lots in zip(odd, moved, strict=True))}


def left(pair: Pair, hedge: Hedge, lots: tuple[int, ...]) -> tuple[int, ...]:
    """What is no unit's after `hedge` has left lots, by target, to the ledger."""
    odd = list(pair.odd or (0,) * len(pair.books))
    for leg, each in zip(hedge.legs, lots, strict=True):
        odd[leg.plan.index] += each * leg.plan.side
    return tuple(odd)


def units(pair: Pair) -> int:
    """Pair units held, signed; what a hedge in flight has alone is not in it."""
    off = _in_flight(pair)
    return books.units_of([book.net - lots for book, lots in zip(pair.books, off, strict=True)], pair.lots)


def naked(pair: Pair) -> tuple[int, ...]:
    """Signed lots of each leg that no other leg covers."""
    off = _in_flight(pair)
    held = units(pair)
    return tuple(
        book.net - held * lots if lots or not held else bare
        for book, lots, bare in zip(pair.books, pair.lots, off, strict=True)
    )


def _in_flight(pair: Pair) -> tuple[int, ...]:
    """What the hedge in flight, or in a person's hands, has beyond what it covers."""
    hedge = pair.hedge or next((h for h in reversed(pair.past) if str(h.status) == "HANDED_OVER" and not h.released), None)
    off = [0] * len(pair.lots)
    for leg, lots in zip(hedge.legs, hedge.naked, strict=True) if hedge is not None else ():
        off[leg.plan.index] = lots * leg.plan.side
    return tuple(off)
