"""The machine's time and chance: the only place that asks for either."""

from __future__ import annotations

import random
import time


class SystemClock:
    """The real clock, never behind what a journal of this node holds.

    `after_ns`: a monotonic time on record. The machine's own begins anew with
    a reboot; a time-out set before it would then lie far in the future.

    Thread: any.
    """

    __slots__ = ("mono_ns", "wall_ns")

    def __init__(self, after_ns: int = 0) -> None:
        ahead_ns = after_ns - time.monotonic_ns()
        self.wall_ns = time.time_ns
        self.mono_ns = time.monotonic_ns if ahead_ns <= 0 else lambda: time.monotonic_ns() + ahead_ns


def chance(seed: int | None = None) -> random.Random:
    """A source of chance: of this seed, or of the machine when None."""
    return random.Random(seed) if seed is not None else random.SystemRandom()
