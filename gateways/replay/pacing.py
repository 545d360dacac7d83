"""When a recorded row is due: one clock for all files and processes.

The replay's start is a pair: a moment of the recording and the wall moment at
which it plays. Whoever is given the same start and speed plays in step, in
whatever process. The wall clock is read once, to find the start on the
monotonic clock; a step of it later moves nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

from msgspec import Struct

from domain.errors import ConfigError
from gateways.replay.rows import Row

NS_PER_S = 1_000_000_000


class Start(Struct, frozen=True):
    """`recording_ns` plays at `wall_ns`, and what follows at `speed` times.

    At infinite speed every row is due at the start: one after the other, as
    fast as they can be told.
    """

    recording_ns: int
    wall_ns: int
    speed: float

    def __post_init__(self) -> None:
        if not self.speed > 0:
            raise ConfigError("replay", "speed", self.speed, "a number above 0, such as 10; infinity: as fast as possible")


class Pace:
    """A start as one process sees it; times in and out are ns."""

    def __init__(self, start: Start, now_mono_ns: int, now_wall_ns: int) -> None:
        self._start = start
        self._start_mono_ns = now_mono_ns + (start.wall_ns - now_wall_ns)

    def due_mono_ns(self, recorded_ns: int) -> int:
        """When the row of `recorded_ns` plays, on the monotonic clock."""
        return self._start_mono_ns + int((recorded_ns - self._start.recording_ns) / self._start.speed)

    def recorded_ns(self, now_mono_ns: int) -> int:
        """The moment of the recording that is played now; without a pace, none."""
        return self._start.recording_ns + int((now_mono_ns - self._start_mono_ns) * self._start.speed)

    def shifted_exch_ns(self, recv_ns: int, exch_ns: int | None) -> int | None:
        """The exchange's time as it would read now.

        Its distance from the receiver's clock is kept as recorded, at every
        speed: a clock that was 1.25 s off is shown 1.25 s off.
        """
        if exch_ns is None:
            return None
        played = int((recv_ns - self._start.recording_ns) / self._start.speed)
        return self._start.wall_ns + played + (exch_ns - recv_ns)


class Player:
    """Rows of several recordings in one order, each when it is due.

    Rows that lie before the start are due at once, so that a book stands when
    the replay begins. A process that was held up plays all that it missed, in
    order, at most `most` rows a turn.
    """

    def __init__(self, files: dict[str, Iterable[Row]], pace: Pace, end_ns: int | None = None) -> None:
        self._rows = _merged(files)
        self._pace = pace
        self._end_ns = end_ns
        self._due_ns = 0
        self._follow()

    def due(self, now_mono_ns: int, most: int) -> list[tuple[str, Row]]:
        """The rows due by now in their order, at most `most` of them."""
        rows: list[tuple[str, Row]] = []
        while self._next is not None and self._due_ns <= now_mono_ns and len(rows) < most:
            rows.append(self._next)
            self._follow()
        return rows

    def next_due_mono_ns(self) -> int | None:
        """When the next row is due; None after the last."""
        return None if self._next is None else self._due_ns

    @property
    def ended(self) -> bool:
        """Whether every row has played."""
        return self._next is None

    def _follow(self) -> None:
        """The next row and when it is due; what lies past the end that was asked for is dropped."""
        self._next = following = next(self._rows, None)
        if following is None:
            return
        recv_ns = following[1].recv_ns
        if self._end_ns is not None and recv_ns >= self._end_ns:
            self._next = None
        self._due_ns = self._pace.due_mono_ns(recv_ns)


def _merged(files: dict[str, Iterable[Row]]) -> Iterator[tuple[str, Row]]:
    """All rows in order of receipt; of equal times, the first file's first."""

    def keyed(place: int, symbol: str, rows: Iterable[Row]) -> Iterator[tuple[int, int, str, Row]]:
        for row in rows:
            yield (row.recv_ns, place, symbol, row)

    ordered = heapq.merge(*(keyed(place, symbol, rows) for place, (symbol, rows) in enumerate(files.items())))
    return ((symbol, row) for _, _, symbol, row in ordered)
