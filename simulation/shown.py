"""What the node was shown of each market, and whether it may open on it.

From the feed's frames as it read them, whatever it made of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

from simulation.agenda import MS
from simulation.settings import NAMES, Shape

PAYUP_TICKS = 2
"""The configuration's default."""
STATUS_NS = 3000 * MS
BEHIND = 3
"""A pair may be behind by all frames that were read at this instant, and so many before."""
MOST_AT_ONCE = 512


class Book:
    """The last frames of one symbol."""

    __slots__ = ("ask", "bid", "changed_ns", "gw_ns", "heard_ns", "lately", "status", "status_ns")

    def __init__(self) -> None:
        self.bid = self.ask = self.status = self.gw_ns = None
        self.lately: deque[tuple[int | None, int | None, int, int, int]] = deque(maxlen=MOST_AT_ONCE)
        """The last touches with their lots, and when they were read."""
        self.heard_ns = self.changed_ns = self.status_ns = -(10**15)


class Shown:
    """I13. `broken(invariant, what)`: the judge's."""

    def __init__(self, shape: Shape, broken: Callable[[str, str], None]) -> None:
        self.books = {name: Book() for name in NAMES}
        self.silence_ns = shape.defaults.get("max_silence_ms", 3000) * MS
        self.unchanged_ns = shape.defaults.get("max_unchanged_ms", 2000) * MS
        self.broken = broken
        self._claimed: dict[tuple[str, int, int], int] = {}
        """Lots of each book and side, by the gateway's stamp, that hedges of this life have counted on."""
        self._unheard: set[str] = set()
        """Venues of which the node that runs has heard no market yet."""

    def started(self) -> None:
        """A new node knows a market's age by the wall clock alone, until that changes: as old as it was stamped."""
        self._unheard = set(self.books)
        self._claimed.clear()

    def fed(self, venue: str, m: list[Any], now_ns: int, wall_ns: int) -> None:
        """The node read a frame of the feed."""
        book = self.books[venue]
        if m[0] == "f":
            book.status, book.status_ns = m[4], now_ns
        elif m[0] == "W":
            bid, ask = (m[5] or [None])[0], (m[6] or [None])[0]
            book.lately.append((bid, ask, (m[5] or [0, 0])[1], (m[6] or [0, 0])[1], now_ns))
            if (bid, ask, m[4]) != (book.bid, book.ask, book.gw_ns):
                book.bid, book.ask, book.gw_ns, book.changed_ns = bid, ask, m[4], now_ns
            book.heard_ns = now_ns
            if venue in self._unheard:
                self._unheard.discard(venue)
                book.changed_ns = max(book.changed_ns, now_ns - max(0, wall_ns - m[4]))

    def claimed(self, orders: list[list[Any]], legs: list[list[Any]]) -> None:
        """No lot of a book is counted by two hedges. `orders` begin one, decided from the books of `legs`."""
        rows = {row[0].partition(".")[0]: row for row in legs}
        for order in orders:
            ref, name, side, qty = order[1], NAMES[order[2]], order[4], order[5]
            row = rows.get(name)
            if row is None:
                continue
            slot, there = (name, side, row[7]), row[4] if side > 0 else row[2]
            self._claimed[slot] = taken = self._claimed.get(slot, 0) + qty
            if taken > there:
                self.broken("I13", f"{ref}: {taken} lots are taken of the {there} that {name} showed once")
        while len(self._claimed) > MOST_AT_ONCE:
            del self._claimed[next(iter(self._claimed))]

    def check(self, order: list[Any], now_ns: int) -> None:
        """The quote that this opening order was priced from."""
        ref, name, side, qty, px = order[1], NAMES[order[2]], order[4], order[5], order[6]
        book = self.books[name]
        just = sum(each[4] == now_ns for each in book.lately)
        seen = list(islice(reversed(book.lately), just + BEHIND))
        near = seen[: just + 1]
        if all((each[1] if side > 0 else each[0]) is None for each in near):
            self.broken("I13", f"{ref}: {name} has no opposing side")
        elif all(_is_crossed(each) for each in near):
            self.broken("I13", f"{ref}: {name} is crossed")
        if now_ns - book.heard_ns > self.silence_ns:
            self.broken("I13", f"{ref}: {name} is silent")
        if now_ns - book.changed_ns > self.unchanged_ns:
            self.broken("I13", f"{ref}: {name} is unchanged for too long")
        if book.status != 17 or now_ns - book.status_ns > STATUS_NS:
            self.broken("I13", f"{ref}: {name} is not open")
        opposing = [(t[1], t[3]) if side > 0 else (t[0], t[2]) for t in seen]
        if not any(at is not None and 0 <= (px - at) * side <= PAYUP_TICKS and lots >= qty for at, lots in opposing):
            self.broken("I13", f"{ref}: {qty} at {px}, {name} showed {opposing}")


def _is_crossed(picture: tuple) -> bool:
    return picture[0] is not None and picture[1] is not None and picture[0] > picture[1]
