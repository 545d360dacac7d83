"""Answers tools about the living node; holds nothing up.

Two ROUTER sockets, the last to be read in a lap, one request of each a lap: a
look at a state that stands still, because the lane is the thread that changes
it. What there is to ask is passed in as tables, verb to function. A request
that can't be answered gets an error; a bug here ends the inspector alone, and
its supervisor raises it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import zmq

from actors.base import Actor
from domain.errors import WireError
from domain.ports import Clock
from wire.codec import pack
from wire.inspection import BAD_REQUEST, Request, Unanswerable, decode_request, encode_answer, encode_problem

OTHER = 2
"""The lane's last class of sources."""

MAX_PAGE_ROWS = 256
MAX_PAGE_BYTES = 256 * 1024
MAX_PAGE_NS = 300_000
"""How long the lane may be held up by one page of rows."""

Answer = Callable[[dict[str, Any]], Any]


class Beat:
    """The inspector's own timer."""

    lane: ClassVar[int] = 2


class Inspector(Actor):
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
        self.answered = self.refused = self.lost = 0

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
        self._serve(self.view_socket, self.view)

    def on_operate(self) -> None:
        """One request to do something."""
        self._serve(self.operate_socket, self.operate)

    def _serve(self, socket: Any, table: Mapping[str, Answer]) -> None:
        try:
            frames = socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return
        if len(frames) != 2:
            self.refused += 1
            return
        identity, body = frames
        try:
            socket.send_multipart([identity, self._reply(body, table)], zmq.NOBLOCK)
        except zmq.Again:  # its queue is full: the tool asks again
            self.lost += 1

    def _reply(self, body: bytes, table: Mapping[str, Answer]) -> bytes:
        req_id = 0
        try:
            request = decode_request(body)
            req_id = request.req_id
            reply = encode_answer(req_id, _answer_of(request, table)(request.args))
        except WireError as error:
            return self._refuse(req_id, BAD_REQUEST, str(error))
        except Unanswerable as error:
            return self._refuse(req_id, error.code, str(error))
        self.answered += 1
        return reply

    def _refuse(self, req_id: int, code: str, text: str) -> bytes:
        self.refused += 1
        return encode_problem(req_id, code, text)


def _answer_of(request: Request, table: Mapping[str, Answer]) -> Answer:
    answer = table.get(request.verb)
    if answer is None:
        raise Unanswerable(BAD_REQUEST, f"no verb {request.verb!r}; there are: {', '.join(table)}")
    return answer


def text_arg(args: dict[str, Any], key: str, default: str | None = None) -> str:
    """A text among the arguments. Raises: Unanswerable without one."""
    value = args.get(key, default)
    if not isinstance(value, str):
        raise Unanswerable(BAD_REQUEST, f"{key}={value!r}: allowed: a text")
    return value


def count_arg(args: dict[str, Any], key: str, default: int, least: int, most: int) -> int:
    """A whole number among the arguments. Raises: Unanswerable."""
    value = args.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Unanswerable(BAD_REQUEST, f"{key}={value!r}: allowed: {least} to {most}")
    return value


def page(rows: Iterable[Any], clock: Clock) -> dict[str, Any]:
    """As many of the rows as a page holds: bounded in rows, bytes and time.

    `rows` is lazy: what is not taken is not made. There is always one.
    """
    until_ns = clock.mono_ns() + MAX_PAGE_NS
    taken: list[Any] = []
    size = 0
    for row in rows:
        taken.append(row)
        size += len(pack(row))
        if len(taken) >= MAX_PAGE_ROWS or size >= MAX_PAGE_BYTES or clock.mono_ns() >= until_ns:
            return {"rows": taken, "more": True}
    return {"rows": taken, "more": False}
