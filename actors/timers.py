"""Timers of one executor: a heap on monotonic ns, cancelled in place."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Any, ClassVar

from actors.mailbox import Lane

COMPACT_ABOVE = 1_024


class TimerHandle:
    """One pending message; `cancel` holds even after it has come due."""

    __slots__ = ("actor", "live", "message")
    lane: ClassVar[Lane] = Lane.TIMERS

    def __init__(self, actor: Any, message: Any) -> None:
        self.actor = actor
        self.message = message
        self.live = True

    def cancel(self) -> None:
        """Never deliver; more than once, or too late, does nothing."""
        self.live = False


class Timers:
    """Heap of (due_ns, order of setting, handle)."""

    __slots__ = ("_count", "heap")

    def __init__(self) -> None:
        self.heap: list[tuple[int, int, TimerHandle]] = []
        self._count = 0

    def add(self, due_ns: int, handle: TimerHandle) -> None:
        """Set; two of the same due time fire in the order of setting."""
        self._count += 1
        heappush(self.heap, (due_ns, self._count, handle))
        if self._count % COMPACT_ABOVE == 0:
            self._compact()

    def next_due_ns(self) -> int | None:
        """When the next live timer is due; None without one."""
        heap = self.heap
        while heap and not heap[0][2].live:
            heappop(heap)
        return heap[0][0] if heap else None

    def fire(self, now_ns: int) -> int:
        """Put what is due into its owners' timer lanes; returns how many."""
        heap = self.heap
        fired = 0
        while heap and heap[0][0] <= now_ns:
            handle = heappop(heap)[2]
            if handle.live and handle.actor.live:
                handle.actor.box.accept(handle)
                fired += 1
        return fired

    def _compact(self) -> None:
        """Forget cancelled ones, so that they cannot pile up."""
        self.heap = [entry for entry in self.heap if entry[2].live and entry[2].actor.live]
        heapify(self.heap)
