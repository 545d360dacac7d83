"""Answers tools about the living node; holds nothing up.

Two ROUTER sockets, the last to be read in a lap, one request of each a lap: a
look at a state that stands still, because the lane is the thread that changes
it. What there is to ask is passed in as tables, verb to function. A request
that can't be answered gets an error; a bug here ends the inspector alone, and
its supervisor raises it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from actors.answering import Answer, Answering
from actors.base import Actor
from wire.inspection import MAX_CHANGE_BYTES

OTHER = 2
"""The lane's last class of sources."""


class Beat:
    """The inspector's own timer."""

    lane: ClassVar[int] = 2


class Inspector(Answering, Actor):
    """Both inspection sockets. Thread: the lane.

    The sockets are their maker's to close: they outlive a crash. `beat` is
    called each `beat_ns`, for what has to be looked at even when nobody asks.
    """

    HANDLERS: ClassVar[dict[type, str]] = {Beat: "on_beat"}

    def __init__(
        self,
        runtime: Any,
        name: str,
        sockets: tuple[Any, Any],
        view: Mapping[str, Answer],
        operate: Mapping[str, Answer],
        beat: Callable[[], None] | None = None,
        beat_ns: int = 1_000_000_000,
    ) -> None:
        super().__init__(runtime, name)
        self.view_socket, self.operate_socket = sockets
        self.view, self.operate = view, operate
        self.beat, self.beat_ns = beat, beat_ns

    def on_start(self) -> None:
        """Listen; the sockets may hold requests already."""
        dispatcher = self.runtime.dispatcher
        dispatcher.add_source(self.view_socket, self.on_view, OTHER)
        dispatcher.add_source(self.operate_socket, self.on_operate, OTHER)
        if self.beat is not None:
            self.on_beat(None)

    def on_beat(self, _beat: Any) -> None:
        self.beat()
        self.after_ns(self.beat_ns, Beat())

    def on_view(self) -> None:
        """One request to look."""
        self.serve(self.view_socket, self.view)

    def on_operate(self) -> None:
        """One request to do something."""
        self.serve(self.operate_socket, self.operate, MAX_CHANGE_BYTES)
