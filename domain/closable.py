"""What can still be closed of a position: by day, over all pairs.

A venue that keeps today's and yesterday's lots apart refuses a close for more
than it has of either. Each pair closes its own lots; what other orders of the
account are closing, and what the account lacks, is not there for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.books import LegBook, split_of
from domain.market import UNLOCK
from domain.venue_news import Position

Key = tuple[str, str]
TODAY, OLD, EITHER = "T", "Y", "C"
CLOSING = frozenset((TODAY, OLD, EITHER, UNLOCK))
"""Offsets that close; a venue that nets has none."""


class Closable:
    """Lots that live orders are closing, by account and symbol, side and day."""

    __slots__ = ("_claims",)

    def __init__(self) -> None:
        self._claims: dict[tuple[Key, int], dict[str, tuple[str, str, int]]] = {}

    def claim(self, key: Key, side: int, cl_ord_id: str, owner: str, offset: str, lots: int) -> None:
        """An order that closes has so many lots left; 0: it is over."""
        claims = self._claims.setdefault((key, side), {})
        if lots:
            claims[cl_ord_id] = (owner, offset, lots)
        else:
            claims.pop(cl_ord_id, None)

    def taken(self, key: Key, side: int, owner: str) -> tuple[int, int]:
        """(yesterday's, today's) lots that others than `owner` are closing."""
        old = today = 0
        for who, offset, lots in self._claims.get((key, side), {}).values():
            if who != owner:
                old, today = (old, today + lots) if offset == TODAY else (old + lots, today)
        return old, today


def there(own: LegBook, others: Iterable[LegBook], side: int, taken: tuple[int, int], told: Position | None) -> tuple[int, int]:
    """(yesterday's, today's) lots that a pair may close now.

    Its own. Where other pairs hold the same side, and the account as the venue
    last said with nothing under way has fewer than all of them together, only
    what theirs leave: two never close the same lots. How the venue splits the
    days is not asked here: a refusal tells where it differs.
    """
    old, today = split_of(own, side)
    rest = sum(sum(split_of(book, side)) for book in others)
    if told is None or not rest:
        return old, today
    closing = sum(taken)
    free = sum(venue_split(told, side)) - closing - max(0, rest - closing)
    whole = max(0, min(old + today, free))
    old = min(old, whole)
    return old, whole - old


def venue_split(told: Position, side: int) -> tuple[int, int]:
    """(yesterday's, today's) lots that nothing freezes, as the venue says."""
    free, today = (told.short_free, told.short_free_today) if side > 0 else (told.long_free, told.long_free_today)
    return max(0, free - today), today


def read_today(book: LegBook, told: Position, side: int) -> int:
    """Today's signed lots of a book, as an answer of the venue allows.

    Its own figure where the venue has so many of both days; else as many of
    today's as there are, or as yesterday's leave. Lots that the venue has no
    more, because it has traded what is not heard yet, may be of either day.
    """
    old, today = venue_split(told, side)
    if book.sides is None:
        held, own, sign = abs(book.net), abs(book.today), 1 if book.net > 0 else -1
    else:
        own, sign = split_of(book, side)[1], -side
        held = own + split_of(book, side)[0]
    least, most = sorted((today, held - old))
    return sign * min(max(own, least, 0), most, held)
