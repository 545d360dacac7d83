"""One request of a tool at an inspection socket, and its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import zmq

from domain.errors import WireError
from domain.ports import Clock
from wire.codec import pack
from wire.inspection import (
    BAD_REQUEST,
    MAX_REQUEST_BYTES,
    Request,
    Unanswerable,
    decode_request,
    encode_answer,
    encode_problem,
)

MAX_PAGE_ROWS = 256
MAX_PAGE_BYTES = 256 * 1024
MAX_PAGE_NS = 300_000
"""How long the lane may be held up by one page of rows."""

Answer = Callable[[dict[str, Any]], Any]


class Answering:
    """Counts what it answered, refused, and could not get rid of.

    Thread: that of the socket.
    """

    answered = refused = lost = 0

    def serve(self, socket: Any, table: Mapping[str, Answer], most_bytes: int = MAX_REQUEST_BYTES) -> None:
        """One request, if there is one."""
        try:
            frames = socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return
        if len(frames) != 2:
            self.refused += 1
            return
        identity, body = frames
        try:
            socket.send_multipart([identity, self._reply(body, table, most_bytes)], zmq.NOBLOCK)
        except zmq.Again:  # its queue is full: the tool asks again
            self.lost += 1

    def _reply(self, body: bytes, table: Mapping[str, Answer], most_bytes: int) -> bytes:
        req_id = 0
        try:
            request = decode_request(body, most_bytes)
            req_id = request.req_id
            args = {**request.args, "body": request.body} if request.body else request.args
            reply = encode_answer(req_id, _answer_of(request, table)(args))
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


def page(rows: Iterable[Any], clock: Clock, most_ns: int | None = None, most_rows: int | None = None) -> dict[str, Any]:
    """As many of the rows as a page holds: bounded in rows, bytes and time.

    `rows` is lazy: what is not taken is not made. There is always one. Whoever
    is not the lane gives `most_ns` more time, and rows that give way by themselves;
    `most_rows` bounds what is packed at a stretch.
    """
    until_ns = clock.mono_ns() + (MAX_PAGE_NS if most_ns is None else most_ns)
    most_rows = MAX_PAGE_ROWS if most_rows is None else most_rows
    taken: list[Any] = []
    size = 0
    for row in rows:
        taken.append(row)
        size += len(pack(row))
        if len(taken) >= most_rows or size >= MAX_PAGE_BYTES or clock.mono_ns() >= until_ns:
            return {"rows": taken, "more": True}
    return {"rows": taken, "more": False}
