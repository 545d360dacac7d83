"""When a replayed market is open, told between the rows that it recorded.

A recording holds rows after the close and none at all in the lunch break; the
venue tells its status at the minute at which it changes, by the hours of the
map. Where a map has none, the market is open from its first row to its last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from gateways.replay.mapping import SessionMap
from gateways.replay.rows import Row, StatusRow

STATUS_OPEN, STATUS_CLOSED, STATUS_AUCTION = 17, 18, 21
NS_PER_S = 1_000_000_000
DAY_MINUTES = 1440


class Hours:
    """The changes of status of one market, day by day."""

    def __init__(self, told: SessionMap, zone: ZoneInfo) -> None:
        self._zone = zone
        self._spans = [(*_minutes(each), STATUS_AUCTION) for each in told.auction]
        self._spans += [(*_minutes(each), STATUS_OPEN) for each in told.open]
        self._turns = sorted({minute % DAY_MINUTES for start, end, _ in self._spans for minute in (start, end)})

    def status_at(self, minute: int) -> int:
        """The status in a minute of the day; a night session runs over midnight."""
        for start, end, status in self._spans:
            if start <= minute < end or start <= minute + DAY_MINUTES < end:
                return status
        return STATUS_CLOSED

    def changes(self, from_ns: int) -> Iterator[StatusRow]:
        """The status at `from_ns`, then each change of it, for ever."""
        begun = datetime.fromtimestamp(from_ns // NS_PER_S, self._zone)
        now = self.status_at(begun.hour * 60 + begun.minute)
        yield StatusRow(from_ns, now)
        midnight = begun.replace(hour=0, minute=0, second=0, microsecond=0)
        while True:
            for minute in self._turns:
                at_ns = round((midnight + timedelta(minutes=minute)).timestamp()) * NS_PER_S
                status = self.status_at(minute)
                if at_ns > from_ns and status != now:
                    now = status
                    yield StatusRow(at_ns, status)
            midnight += timedelta(days=1)


def _minutes(hours: str) -> tuple[int, int]:
    """`21:00-02:30` as minutes of the day on which it begins."""
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in hours.split("-"))
    return start, end if end > start else end + DAY_MINUTES


def with_status(rows: Iterable[Row], hours: Hours) -> Iterator[Row]:
    """The rows, and between them each change of status, up to the last row."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    changes = hours.changes(first.recv_ns)
    change = next(changes)
    for row in chain((first,), rows):
        while change.recv_ns <= row.recv_ns:
            yield change
            change = next(changes)
        yield row
