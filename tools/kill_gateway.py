"""A kill straight at a gateway, with the node hung or gone.

It logs on under the node's name with a higher epoch, which makes the gateway
refuse whatever the node still sends, and cancels all the node's orders.
Source: docs/en/gateway-protocol.md, "Trade, node to gateway".
"""

from __future__ import annotations

from typing import Any

from domain.errors import WireError
from system.clock import SystemClock
from tools.errors import NotConnected, Refused

ANSWER_MS = 3_000
"""How long a gateway may take for each of its two answers."""


def kill_at(endpoint: str, node: str, clock: Any = None, answer_ms: int = ANSWER_MS) -> dict[str, Any]:
    """Take over from the node at one gateway, and cancel its orders.

    Raises: NotConnected, Refused, ConfigError for an endpoint that can't be.
    """
    from system.sockets import TradeSocket, new_context
    from wire import messages as wire
    from wire.codec import encode

    clock = clock or SystemClock()
    epoch = clock.wall_ns()
    context = new_context()
    socket = TradeSocket(context, endpoint)
    try:
        _send(socket, endpoint, encode(wire.Logon(wire.PROTOCOL_VERSION, node, epoch, 0, 0, 0)), clock, answer_ms)
        logon = _wait(socket, endpoint, wire.GatewayLogon, clock, answer_ms)
        req_id = f"kill{epoch:x}"
        _send(socket, endpoint, encode(wire.MassCancel(req_id, None, "own", epoch)), clock, answer_ms)
        told = _wait(socket, endpoint, wire.MassCancelReport, clock, answer_ms)
        return {"gateway": endpoint, "venue": logon.venue, "node": node, "epoch": epoch, "accepted": told.accepted, "text": told.text}
    finally:
        socket.close()
        context.destroy(linger=0)


def _send(socket: Any, endpoint: str, frame: bytes, clock: Any, answer_ms: int) -> None:
    """Once the connection is there. Raises: NotConnected."""
    import zmq

    until_ns = clock.mono_ns() + answer_ms * 1_000_000
    while not socket.send(frame):
        left_ms = (until_ns - clock.mono_ns()) // 1_000_000
        if left_ms <= 0 or not socket.socket.poll(left_ms, zmq.POLLOUT):
            raise NotConnected(f"not connected: {endpoint}: no gateway takes a logon in {answer_ms} ms")


def _wait(socket: Any, endpoint: str, kind: type, clock: Any, answer_ms: int) -> Any:
    """The next message of a kind; reports in between are passed over."""
    from wire import messages as wire
    from wire.codec import decode_from_gateway

    until_ns = clock.mono_ns() + answer_ms * 1_000_000
    while True:
        left_ms = (until_ns - clock.mono_ns()) // 1_000_000
        if left_ms <= 0 or not socket.socket.poll(left_ms):
            raise NotConnected(f"{endpoint}: no {kind.__name__} in {answer_ms} ms: its orders there may still work")
        try:
            message = decode_from_gateway(socket.recv() or b"")
        except WireError:
            continue
        if isinstance(message, wire.BusinessReject):
            raise Refused(f"{endpoint}: refused ({message.reason}): {message.text}")
        if isinstance(message, kind):
            return message
