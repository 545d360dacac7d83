"""The root's side of a shard's sockets: asks without waiting.

A question leaves at one look, its answer is read at a later one, so that
whoever watches a shard is never held up by it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import zmq

from domain.errors import WireError
from system.sockets import inspection_dealer
from wire.inspection import OPERATE, VIEW, Request, decode_reply, encode_request


class Pulse:
    """One shard's view and operate sockets. Thread: one."""

    def __init__(self, context: Any, directory: Path) -> None:
        self._view = inspection_dealer(context, f"ipc://{directory}/{VIEW}")
        self._operate = inspection_dealer(context, f"ipc://{directory}/{OPERATE}")
        self._req_id = 0

    def ask(self) -> None:
        """How is it? Nothing leaves where nobody is there."""
        self._req_id += 1
        self._send(self._view, Request(self._req_id, "pulse", {}))

    def tell(self, verb: str, args: dict[str, Any]) -> bool:
        """An operator's word, its answer not awaited; False: nobody took it."""
        self._req_id += 1
        return self._send(self._operate, Request(self._req_id, verb, args))

    def heard(self) -> dict[str, Any] | None:
        """The newest answer since the last time, None without one."""
        newest = None
        while self._view.poll(0):
            try:
                reply = decode_reply(self._view.recv(zmq.NOBLOCK))
            except WireError:
                continue
            newest = reply.value if reply.problem is None else newest
        return newest

    def close(self) -> None:
        """Give both sockets back."""
        self._view.close(0)
        self._operate.close(0)

    @staticmethod
    def _send(socket: Any, request: Request) -> bool:
        try:
            socket.send(encode_request(request), zmq.NOBLOCK)
        except zmq.ZMQError:
            return False
        return True
