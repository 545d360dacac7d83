"""What is due when: acts on one timeline, run in their order."""

from __future__ import annotations

import heapq
from collections.abc import Callable

MS = 1_000_000
MAX_LATE_NS = 5_000 * MS
"""Further behind than this, steps are left out, not made up for."""

Act = Callable[[int], None]


class Agenda:
    """Acts by the time at which they are due; of equal times the older first."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, Act]] = []
        self._count = 0

    def plan(self, due: int, act: Act) -> None:
        """`act(now)` is to be done at `due`."""
        self._count += 1
        heapq.heappush(self._due, (due, self._count, act))

    def advance(self, now: int) -> None:
        """Do all that was due up to `now`."""
        while self._due and self._due[0][0] <= now:
            due, _, act = heapq.heappop(self._due)
            act(max(due, now - MAX_LATE_NS))

    @property
    def next_ns(self) -> int:
        """When something is due next; there must be something."""
        return self._due[0][0]
