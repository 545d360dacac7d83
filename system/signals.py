"""Signals: a handler only sets a flag and ends the sleep of a poll."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopFlag:
    """Set by the first signal that asks to stop; loops look at it.

    Thread: `installed` in the main thread; the rest any.
    """

    def __init__(self) -> None:
        self.signal: int = 0
        self.count: int = 0
        """Signals that have come so far, a first one and all after it."""

    def is_set(self) -> bool:
        """True once a signal has come."""
        return self.signal != 0

    def set(self, number: int = signal.SIGTERM) -> None:
        """Set it without a signal."""
        self.signal = number

    @contextmanager
    def installed(self, signals: Sequence[int] = STOP_SIGNALS, wake_fd: int = -1) -> Iterator[StopFlag]:
        """Handle `signals` in this block; each writes a byte to `wake_fd`."""
        before_fd = signal.set_wakeup_fd(wake_fd, warn_on_full_buffer=False) if wake_fd >= 0 else -1
        before = {number: signal.signal(number, self._handle) for number in signals}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if wake_fd >= 0:
                signal.set_wakeup_fd(before_fd)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self.signal = self.signal or number
        self.count += 1
