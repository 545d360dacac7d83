"""Garbage collected when the lane is idle, not in the middle of a turn.

After `freeze` what the node was built from is never looked at again; what
came since is collected once a second, when a poll found nothing to do. A lane
that is never idle collects all the same after a minute.
"""

from __future__ import annotations

import gc
from typing import Any, Self

from domain.ports import Clock
from system.memory import give_back

EVERY_NS = 1_000_000_000
FULL_EVERY = 600
"""Every so many collections the oldest generation too: over months it would leak."""
AT_LATEST_NS = 60_000_000_000
SETTLING = 8
"""After so many what the logons of a start have needed is given back too; 1.4 ms once, for a thousand pairs."""


class IdleCollector:
    """Takes the collector over for the length of a `with` block.

    Thread: the lane's.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.due_ns = clock.mono_ns() + EVERY_NS
        self.collections = 0

    def __enter__(self) -> Self:
        gc.collect()
        gc.freeze()
        gc.disable()
        give_back()
        self.due_ns = self.clock.mono_ns() + EVERY_NS
        return self

    def __exit__(self, *_error: Any) -> None:
        gc.enable()
        gc.unfreeze()

    def due(self, now_ns: int, *, idle: bool) -> None:
        """It is time: collect if the lane is idle, or if it never is."""
        if idle or now_ns - self.due_ns >= AT_LATEST_NS:
            self.collections += 1
            gc.collect(1 if self.collections % FULL_EVERY else 2)
            if self.collections <= SETTLING or not self.collections % FULL_EVERY:
                give_back()
            self.due_ns = self.clock.mono_ns() + EVERY_NS
