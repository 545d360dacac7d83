"""The log actor: drains the runtime's events into loguru, off the lane.

A log line is never the only record of anything: what matters is in the
journal. Full buffers lose the oldest events and say how many.
"""

from __future__ import annotations

from traceback import format_exception
from typing import Any, ClassVar

from loguru import logger

from actors.base import Actor
from actors.deaths import Reason
from actors.mailbox import Lane
from system.processes import ProcessError

DRAIN_EVERY_NS = 50_000_000
EVENTS_A_DRAIN = 1_024
LEVELS = {"actor_down": "INFO", "restart": "WARNING", "gave_up": "ERROR", "slow_turn": "WARNING", "lane_stalled": "ERROR"}


class Drain:
    """Time to look at the buffer again."""

    __slots__ = ()
    lane: ClassVar[Lane] = Lane.TIMERS


class LogActor(Actor):
    """Writes each event as its name and key=value.

    Thread: its own; loguru costs 30 to 120 us a line.
    """

    HANDLERS = {Drain: "on_drain"}
    PINNED = True

    def __init__(self, runtime: Any, name: str, sink: Any = logger) -> None:
        super().__init__(runtime, name)
        self.sink = sink
        self.reported_dropped = 0

    def on_start(self) -> None:
        self.after_ns(DRAIN_EVERY_NS, Drain())

    def on_stop(self) -> None:
        self.drain(len(self.runtime.events))

    def on_drain(self, _message: Drain) -> None:
        self.drain(EVENTS_A_DRAIN)
        self.after_ns(DRAIN_EVERY_NS, Drain())

    def drain(self, most: int) -> None:
        """Write up to `most` events, and how many were lost since."""
        events = self.runtime.events
        for _ in range(most):
            try:
                mono_ns, event, values = events.popleft()
            except IndexError:
                break
            self._write(mono_ns, event, values)
        dropped = self.runtime.events_dropped
        if dropped > self.reported_dropped:
            self._write(self.clock.mono_ns(), "log_events_dropped", {"count": dropped - self.reported_dropped})
            self.reported_dropped = dropped

    def _write(self, mono_ns: int, event: str, values: dict[str, Any]) -> None:
        text = " ".join(f"{key}={value}" for key, value in values.items())
        level = LEVELS.get(event, "INFO")
        reason = values.get("reason")
        if isinstance(reason, Reason) and isinstance(reason.error, ProcessError):
            level = "DEBUG"  # no bug of ours: its supervisor's line says why, and when it is started again
        elif isinstance(reason, Reason) and reason.error is not None:
            level = "ERROR"
            text += "\n" + "".join(format_exception(reason.error)).rstrip()
        self.sink.bind(mono_ns=mono_ns, **values).log(level, "{} {}", event, text)
