"""Answers tools about the actors, also while the lane hangs.

A thread of its own reads a socket of its own; it looks at what the actors and
their threads are, and never waits for one. A bug in it crashes this actor, whose
supervisor raises it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Any

import zmq

from actors.answering import Answer, Answering
from actors.base import Actor
from actors.mailbox import Fault

TICK_MS = 100
NS_A_MS = 1_000_000
JOIN_S = 2.0


class Watching(Answering):
    """The thread at the socket; made once, started anew with each observer.

    `beat` is called each `beat_ns`.
    """

    def __init__(self, socket: Any, view: Mapping[str, Answer], clock: Any, beat: Callable[[], None], beat_ns: int) -> None:
        self._socket, self._view = socket, view
        self._clock, self._beat, self._beat_ns = clock, beat, beat_ns
        self._over = Event()
        self._thread: Thread | None = None

    def start(self, failed: Callable[[BaseException], None]) -> None:
        """Answer from now on; `failed` is told, in the thread, what ended it."""
        self.end()
        self._over.clear()
        self._thread = Thread(target=self._run, args=(failed,), name="observer", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Once this returns nobody uses the socket."""
        if self._thread is not None:
            self._over.set()
            self._thread.join(JOIN_S)
            self._thread = None

    def _run(self, failed: Callable[[BaseException], None]) -> None:
        due_ns = 0
        try:
            while not self._over.is_set():
                if self._socket.poll(TICK_MS, zmq.POLLIN):
                    self.serve(self._socket, self._view)
                if self._clock.mono_ns() >= due_ns:
                    due_ns = self._clock.mono_ns() + self._beat_ns
                    self._beat()
        except BaseException as error:  # the supervision boundary
            failed(error)


class Observer(Actor):
    """Stands for the thread. Thread: the lane's."""

    def __init__(self, runtime: Any, name: str, watching: Watching) -> None:
        super().__init__(runtime, name)
        self._watching = watching

    def on_start(self) -> None:
        self._watching.start(lambda error: self.tell(self.name, Fault(error)))

    def on_stop(self) -> None:
        self._watching.end()

    def on_failure(self, *_error: Any) -> None:
        self._watching.end()
