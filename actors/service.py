"""Tells the service manager that the lane goes round.

It runs on the lane: a lane that hangs says nothing, and the manager acts where
nobody else did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from actors.base import Actor
from actors.notes import Tick


class ServiceBeat(Actor):
    """Calls `beat` each `every_ns`; it must not block. Thread: the lane."""

    HANDLERS: ClassVar[dict[type, str]] = {Tick: "on_tick"}

    def __init__(self, runtime: Any, name: str, beat: Callable[[], None], every_ns: int) -> None:
        super().__init__(runtime, name)
        self._beat = beat
        self._every_ns = every_ns

    def on_start(self) -> None:
        self.on_tick(None)

    def on_tick(self, _message: Tick | None) -> None:
        self._beat()
        self.after_ns(self._every_ns, Tick())
