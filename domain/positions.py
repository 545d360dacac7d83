"""Positions two ways: ours by fills, the venue's by its answer; compared.

Where the account holds less than its pairs' ledgers say, what they would close
is not there: opens stop until a person has looked (T43). What it holds beyond
them is somebody else's, and only told. A difference that a person has accepted
is taken off first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from domain.books import LegBook, sides_of
from domain.ledger import Ledger
from domain.pairs import Pair
from domain.profit import average_of
from domain.venue_news import Position

Key = tuple[str, str]
"""(venue, symbol)"""


class Held(Struct, gc=False):
    """Lots of one account's symbol: long and short, and today's of them."""

    long: int = 0
    short: int = 0
    long_today: int = 0
    short_today: int = 0

    def add(self, book: LegBook) -> None:
        """Take a pair's lots in."""
        sides = sides_of(book)
        self.long, self.long_today = self.long + sides.long, self.long_today + sides.long_today
        self.short, self.short_today = self.short + sides.short, self.short_today + sides.short_today


class Told(Struct, frozen=True, gc=False):
    """What a venue said of a symbol, and what we held as it was heard."""

    position: Position | None
    ours: Held
    mono_ns: int


def held_by(pairs: Iterable[tuple[Pair, tuple[Key, ...]]]) -> dict[Key, Held]:
    """What all pairs hold, by their fills. `keys`: of each pair's legs."""
    found: dict[Key, Held] = {}
    for pair, keys in pairs:
        for book, key in zip(pair.books, keys, strict=True):
            found.setdefault(key, Held()).add(book)
    return found


def difference(ours: Held, told: Position | None, *, nets: bool) -> tuple[int, int]:
    """(long, short) that the venue has more than we; netted where it nets."""
    long_qty, short_qty = (0, 0) if told is None else (told.long_qty, told.short_qty)
    if not nets:
        return long_qty - ours.long, short_qty - ours.short
    more = (long_qty - short_qty) - (ours.long - ours.short)
    return (more, 0) if ours.long >= ours.short else (0, -more)


def is_less(found: tuple[int, int], accepted: tuple[int, int] = (0, 0)) -> bool:
    """Whether the account lacks lots, beyond what a person has accepted."""
    return any(lots < 0 and lots < known for lots, known in zip(found, accepted, strict=True))


def position_rows(
    key: Key,
    holders: Iterable[tuple[Pair, int, Ledger]],
    heard: Told | None,
    accepted: tuple[int, int],
    now_ns: int,
    *,
    nets: bool,
) -> Iterator[dict[str, Any]]:
    """A row for an account's symbol, then one for each pair's leg that trades it.

    `holders`: whose legs those are. The difference is that of the moment in
    which the venue was heard: what has been filled since is in ours alone.
    """
    holders = tuple(holders)
    mine = Held()
    for pair, index, _ in holders:
        mine.add(pair.books[index])
    theirs = None if heard is None else heard.position or Position(key[1], *([0] * 8))
    more = (0, 0) if heard is None else difference(heard.ours, theirs, nets=nets)
    yield {
        "place": "/".join(key),
        "venue": key[0],
        "symbol": key[1],
        "pair": None,
        **_lots(mine),
        "venue_long": None if theirs is None else theirs.long_qty,
        "venue_short": None if theirs is None else theirs.short_qty,
        "venue_long_today": None if theirs is None else theirs.long_today,
        "venue_short_today": None if theirs is None else theirs.short_today,
        "difference_long": None if theirs is None else more[0],
        "difference_short": None if theirs is None else more[1],
        "accepted": list(accepted),
        "age_ms": None if heard is None else (now_ns - heard.mono_ns) // 1_000_000,
        "avg_px": None,
        "equal": None if theirs is None else more == (0, 0),
    }
    for pair, index, ledger in holders:
        yield _of_pair(key, pair.name, pair, index, ledger)


def _lots(held: Held) -> dict[str, int]:
    return {"long": held.long, "short": held.short, "long_today": held.long_today, "short_today": held.short_today}


def _of_pair(key: Key, name: str, pair: Pair, index: int, ledger: Ledger) -> dict[str, Any]:
    held = Held()
    held.add(pair.books[index])
    blank = ("venue_long", "venue_short", "venue_long_today", "venue_short_today", "difference_long", "difference_short", "accepted", "age_ms")
    return {
        "place": f"{'/'.join(key)}/{name}/{index}",
        "venue": key[0],
        "symbol": key[1],
        "pair": name,
        **_lots(held),
        **dict.fromkeys(blank),
        "avg_px": average_of(ledger.terms[index], ledger.legs[index]),
        "equal": None,
    }
