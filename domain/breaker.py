"""A venue that refuses or denies everything is left alone for a while.

So many orders in a row that were refused, with none filled in between, and
nothing opens there for a pause, which doubles each time that it goes on. A
fill ends it. Repairs, closes and cancels are never barred: they have schedules
of their own. It is a view: a node that starts again starts without it.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

REFUSALS = 8
FIRST_PAUSE_NS = 5_000_000_000
LONGEST_PAUSE_NS = 300_000_000_000
VENUE_REFUSES = "VENUE_REFUSES"


class Row(Struct):
    """Refusals in a row at one venue; `until_ns`: when the pause is over."""

    count: int = 0
    pause_ns: int = 0
    until_ns: int = 0


class Breaker:
    """`rows`: venues that have refused since they filled last; mostly none."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def refused(self, venue: str, now_ns: int) -> int:
        """An order was refused or denied; the pause that begins now, or 0."""
        row = self.rows.setdefault(venue, Row())
        row.count += 1
        if row.count < REFUSALS or now_ns < row.until_ns:
            return 0
        row.pause_ns = min(2 * row.pause_ns, LONGEST_PAUSE_NS) if row.pause_ns else FIRST_PAUSE_NS
        row.until_ns = now_ns + row.pause_ns
        return row.pause_ns

    def filled(self, venue: str) -> None:
        """It trades after all."""
        self.rows.pop(venue, None)

    def why(self, venues: Iterable[str], now_ns: int) -> str:
        """Which of these venues is left alone now, or ""."""
        for venue in venues:
            row = self.rows.get(venue)
            if row is not None and now_ns < row.until_ns:
                return f"{VENUE_REFUSES} {venue}: {row.count} orders in a row"
        return ""
