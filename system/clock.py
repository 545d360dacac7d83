"""The machine's time and chance: the only place that asks for either."""

from __future__ import annotations

import random
import time


class SystemClock:
    """The real clock.

    Thread: any.
    """

    __slots__ = ()

    mono_ns = staticmethod(time.monotonic_ns)
    wall_ns = staticmethod(time.time_ns)


def chance(seed: int | None = None) -> random.Random:
    """A source of chance: of this seed, or of the machine when None."""
    return random.Random(seed) if seed is not None else random.SystemRandom()
