"""Finds actors with a thread of their own that do not come back.

Once a second their threads are looked at, from outside. One that is at the
same thing for longer than its class allows is told with its stack, loses its
name and is raised again; its thread is left to itself, and can do nothing any
more under that name. The lane itself is watched by a process beside the node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from actors.base import Actor
from actors.deaths import HUNG
from actors.in_hand import in_hand
from actors.notes import Tick
from system.stacks import stack

LOOK_NS = 1_000_000_000
MAX_LINES = 24


class HangWatch(Actor):
    """Thread: the lane. `alert(severity, code, **details)`: record and sinks."""

    HANDLERS: ClassVar[dict[type, str]] = {Tick: "on_tick"}

    def __init__(self, runtime: Any, name: str, alert: Callable[..., None]) -> None:
        super().__init__(runtime, name)
        self._alert = alert

    def on_start(self) -> None:
        if self.runtime.blocking.kind == "pinned":  # else nobody has a thread of his own
            self.after_ns(LOOK_NS, Tick())

    def on_tick(self, _tick: Tick) -> None:
        """Look at each thread; then again."""
        self.after_ns(LOOK_NS, Tick())
        for worker in self.runtime.blocking.workers():
            self._look(worker)

    def _look(self, worker: Any) -> None:
        hand = in_hand(worker)
        if hand is None:
            return
        box = self.runtime.boxes.get(hand.name)
        actor = None if box is None else box.actor
        if actor is None or box.executor is not worker:
            return  # abandoned already
        took_ns = self.clock.mono_ns() - hand.since_ns
        if took_ns < actor.HANG_NS:
            return
        at = "its start" if hand.message is None else type(hand.message).__name__
        told = {"actor": hand.name, "at": at, "for_ms": took_ns // 1_000_000, "stack": stack(worker.thread_id)[-MAX_LINES:]}
        self.runtime.kill(hand.name, HUNG)
        self._alert("critical", "ACTOR_HUNG", **told)
