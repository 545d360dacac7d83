"""A simulated exchange that keeps the sessions of the tables.

Its symbols go through the statuses that their calendars say from its start
on: ready, auction, closed. A symbol that no table has stays as it is.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from config.sessions import Book
from domain.calendars import Calendar, Moment, Phase
from exchange.config import Spec, StatusSpec

AHEAD_NS = 30 * 86_400 * 1_000_000_000
"""How far it looks ahead; a simulated exchange that runs longer is started again."""
MS = 1_000_000
WORDS = {Phase.OPEN: "open", Phase.AUCTION: "auction", Phase.CLOSED: "closed", Phase.UNKNOWN: "closed"}


def with_sessions(spec: Spec, book: Book, start_ns: int) -> Spec:
    """The exchange, with what its symbols' calendars say planned for it."""
    return replace(spec, venue=[replace(venue, status=[*planned(venue, book, start_ns), *venue.status]) for venue in spec.venue])


def planned(venue: Any, book: Book, start_ns: int) -> list[StatusSpec]:
    """Each change of each symbol, from the start on."""
    found = []
    for one in venue.instrument:
        calendar = book.of(one.symbol)
        for moment in moments(calendar, start_ns) if calendar is not None else ():
            at_ms = -(-max(0, moment.since_ns - start_ns) // MS)
            found.append(StatusSpec(at_ms, WORDS[moment.phase], one.symbol))
    return found


def moments(calendar: Calendar, start_ns: int) -> list[Moment]:
    """What a market is, one stretch after another, as far as is looked ahead."""
    found = [calendar.at(start_ns)]
    while found[-1].until_ns < start_ns + AHEAD_NS:
        found.append(calendar.at(found[-1].until_ns))
    return found
