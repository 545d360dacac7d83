"""The machine's time and chance: the only place that asks for either."""

from __future__ import annotations

import mmap
import os
import random
import time
from collections.abc import Callable
from pathlib import Path


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


class WallOffset:
    """How far a process's wall clock is set off, in a file of eight bytes.

    For tests of a whole node alone: whoever holds the file steps its clock, as
    an operator or NTP steps a machine's. Units: ns.
    """

    NAME = "wall_offset"

    def __init__(self, folder: Path) -> None:
        fd = os.open(folder / self.NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, 8)
            self._map = mmap.mmap(fd, 8)
        finally:
            os.close(fd)

    @property
    def ns(self) -> int:
        """As it is now."""
        return int.from_bytes(self._map[:8], "little", signed=True)

    def set(self, ns: int) -> None:
        """From now on; every process that has the file sees it."""
        self._map[:8] = ns.to_bytes(8, "little", signed=True)


class SteppedClock:
    """The real clock with a wall that is set off. Thread: any."""

    __slots__ = ("mono_ns", "wall_ns")

    def __init__(self, after_ns: int, offset: WallOffset) -> None:
        real = SystemClock(after_ns)
        self.mono_ns: Callable[[], int] = real.mono_ns
        self.wall_ns: Callable[[], int] = lambda: real.wall_ns() + offset.ns


def chance(seed: int | None = None) -> random.Random:
    """A source of chance: of this seed, or of the machine when None."""
    return random.Random(seed) if seed is not None else random.SystemRandom()
