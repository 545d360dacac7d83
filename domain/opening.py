"""Whether a pair's markets are open for long enough, by their calendars.

One comparison while nothing changes: what was found holds from one instant to
another, and is looked up again outside of that. A step of the wall clock in
either direction is such an outside. A leg without a calendar is always fine
here: its venue's status alone speaks for it.

Units: ns of wall time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from domain.calendars import FOREVER_NS, Calendar, Moment, Phase
from domain.units import NS_PER_S

SESSION_CLOSED = "SESSION_CLOSED"
CALENDAR_ENDED = "CALENDAR_ENDED"

SPARE_NS = NS_PER_S
"""Added to a hedge's deadline and naked budget: the pair's horizon."""

MARKET_RETRY_NS = 200_000_000
"""How often a pair that is stranded for its market looks again."""
CLOSED_RETRY_NS = 5_000_000_000
"""The same while a calendar has the market closed: it may still open early."""


class Verdict(Struct, frozen=True):
    """Why nothing may open, "" if it may; true in [since_ns, until_ns)."""

    why: str
    since_ns: int
    until_ns: int


def verdict(symbol: str, calendar: Calendar, now: Moment, at_ns: int, horizon_ns: int) -> Verdict:
    """What one market's moment means for a hedge that needs `horizon_ns`."""
    if now.phase is Phase.UNKNOWN:
        days = f"{calendar.name} knows {calendar.first_day} to {calendar.last_day}"
        return Verdict(f"{CALENDAR_ENDED} {symbol}: {days}", now.since_ns, now.until_ns)
    if now.phase is not Phase.OPEN:
        return Verdict(_closed(symbol, calendar, str(now.phase), now.next_open_ns), now.since_ns, now.until_ns)
    last_ns = now.until_ns - horizon_ns
    if at_ns <= last_ns:
        return Verdict("", now.since_ns, last_ns + 1)
    after = calendar.at(now.until_ns)
    why = f"closes {wall_text(calendar, now.until_ns)}"
    return Verdict(_closed(symbol, calendar, why, after.next_open_ns), max(now.since_ns, last_ns + 1), now.until_ns)


def _closed(symbol: str, calendar: Calendar, what: str, opens_ns: int | None) -> str:
    opens = "no opening is known" if opens_ns is None else f"opens {wall_text(calendar, opens_ns)}"
    return f"{SESSION_CLOSED} {symbol}: {what}, {opens}"


def wall_text(calendar: Calendar, at_ns: int) -> str:
    """An instant on the exchange's wall: `2026-11-30 09:00 Asia/Shanghai`."""
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, calendar.zone):%Y-%m-%d %H:%M} {calendar.zone}"


class OpenHours:
    """The calendars of a pair's legs, and what they say now. Thread: its pair's."""

    __slots__ = ("_horizon_ns", "_moments", "legs", "since_ns", "until_ns", "why")

    def __init__(self, legs: Sequence[tuple[str, Calendar | None]], horizon_ns: int) -> None:
        self.legs = tuple(legs)
        self.why = ""
        self.since_ns = 0
        self.until_ns = 0 if any(calendar is not None for _, calendar in legs) else FOREVER_NS
        self._horizon_ns = horizon_ns
        self._moments: list[Moment | None] = [None] * len(self.legs)

    def why_not(self, at_ns: int) -> str:
        """Empty when a hedge may begin now, else why not. Hot."""
        return self.why if self.since_ns <= at_ns < self.until_ns else self._look(at_ns)

    def _look(self, at_ns: int) -> str:
        why, since_ns, until_ns = "", 0, FOREVER_NS
        for index, (symbol, calendar) in enumerate(self.legs):
            now = self.moment(index, at_ns)
            if calendar is None or now is None:
                continue
            found = verdict(symbol, calendar, now, at_ns, self._horizon_ns)
            why = why or found.why
            since_ns, until_ns = max(since_ns, found.since_ns), min(until_ns, found.until_ns)
        self.why, self.since_ns, self.until_ns = why, since_ns, until_ns
        return why

    def moment(self, index: int, at_ns: int) -> Moment | None:
        """What one leg's market is at an instant; None without a calendar."""
        calendar = self.legs[index][1]
        if calendar is None:
            return None
        now = self._moments[index]
        if now is None or not now.since_ns <= at_ns < now.until_ns:
            now = self._moments[index] = calendar.at(at_ns)
        return now

    def retry_ns(self, at_ns: int) -> int:
        """How soon who is stranded for its market looks again.

        Nothing is sent by looking; at the calendar's opening it looks at once.
        """
        opens_ns = self.opens_ns(at_ns)
        return MARKET_RETRY_NS if opens_ns is None else max(MARKET_RETRY_NS, min(CLOSED_RETRY_NS, opens_ns - at_ns))

    def opens_ns(self, at_ns: int) -> int | None:
        """When the last of the closed legs opens next; None if all are open or none is known."""
        moments = [self.moment(index, at_ns) for index in range(len(self.legs))]
        later = [
            now.next_open_ns for now in moments if now is not None and now.phase is not Phase.OPEN and now.next_open_ns
        ]
        return max(later, default=None)
