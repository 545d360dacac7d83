"""ZeroMQ's own calls in memory, beneath the node's real socket classes.

`system.sockets` runs as it is; the calls that it makes of libzmq (send, recv,
events, connect, disconnect, the monitor's recv) end here, on a simulated link,
and each goes through a trap first.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import zmq

import system.sockets as real
from simulation import network
from simulation.trap import Trap

_EVENT = struct.Struct("=HI")


class Frame:
    """What a recv without a copy gives."""

    more = False

    def __init__(self, body: bytes) -> None:
        self.bytes = body


def _strike(trap: Trap, name: str, what: str) -> None:
    code = trap.fails(name, what)
    if code == zmq.EAGAIN:
        raise zmq.Again
    if code:
        raise zmq.ZMQError(code)


class Monitor:
    """The monitor's socket: what happened to the connection, in order."""

    def __init__(self, trap: Trap, name: str) -> None:
        self.trap, self.name = trap, name
        self.told: deque[tuple[int, int]] = deque()

    def has_more(self) -> bool:
        return bool(self.told)

    def recv_multipart(self, _flags: int = 0) -> list[bytes]:
        """One event. Raises: zmq.Again where there is none."""
        _strike(self.trap, "zmq_monitor_recv", self.name)
        if not self.told:
            raise zmq.Again
        return [_EVENT.pack(*self.told.popleft()), b"-"]


class RawTrade(network.TradeSocket):
    """A DEALER on a simulated link; `fd` stands for its connection's."""

    def __init__(self, link: Any, trap: Trap) -> None:
        self.trap, self.fd, self.attached = trap, 1, True
        self.monitor = Monitor(trap, f"{link.venue}.trade")
        super().__init__(link)

    @property
    def cut(self) -> bool:
        return False

    @cut.setter
    def cut(self, broken: bool) -> None:
        """The link broke: libzmq tells it, and connects again by itself."""
        if broken:
            self.monitor.told.append((int(zmq.EVENT_DISCONNECTED), self.fd))
            self._connected()

    def _connected(self) -> None:
        self.fd += 1
        self.monitor.told.append((int(zmq.EVENT_CONNECTED), self.fd))

    def zmq_send(self, body: bytes) -> None:
        """Raises: zmq.Again where nobody takes it."""
        _strike(self.trap, "zmq_send", self.monitor.name)
        if not self.attached or not self.send(body):
            raise zmq.Again

    def zmq_recv(self, *, copy: bool) -> Any:
        """Raises: zmq.Again where there is none."""
        try:
            _strike(self.trap, "zmq_recv", self.monitor.name)
        except zmq.Again:
            self.link.agenda.lane.signal(self)  # it is readable still
            raise
        body = self.recv()
        if body is None:
            raise zmq.Again
        return body if copy else Frame(body)

    def disconnect(self, _endpoint: str) -> None:
        _strike(self.trap, "zmq_disconnect", self.monitor.name)
        self.attached = False
        self.inbox.clear()
        self.link.fresh()

    def connect(self, _endpoint: str) -> None:
        _strike(self.trap, "zmq_connect", self.monitor.name)
        self.attached = True
        self._connected()

    def disable_monitor(self) -> None:
        """Nobody listens any more."""


class RawFeed(network.FeedSocket):
    """A SUB on a simulated link; both frames of a message come, or neither."""

    def __init__(self, link: Any, trap: Trap) -> None:
        super().__init__(link)
        self.trap, self.name, self.attached = trap, f"{link.venue}.feed", True
        self._body: bytes | None = None

    def zmq_recv(self, *, copy: bool) -> Any:
        """The topic, then the body. Raises: zmq.Again where there is none."""
        if self._body is not None:
            body, self._body = self._body, None
            return body if copy else Frame(body)
        try:
            _strike(self.trap, "zmq_recv", self.name)
        except zmq.Again:
            self.link.agenda.lane.signal(self)
            raise
        told = self.recv() if self.attached else None
        if told is None:
            raise zmq.Again
        topic, self._body = told
        return topic

    def disconnect(self, _endpoint: str) -> None:
        _strike(self.trap, "zmq_disconnect", self.name)
        self.attached = False
        self.inbox.clear()
        self._body = None

    def connect(self, _endpoint: str) -> None:
        _strike(self.trap, "zmq_connect", self.name)
        self.attached = True
        self.reconnect()


class TradeOnRaw(real.TradeSocket):
    """The node's own class, on a raw socket in memory."""

    def __init__(self, raw: RawTrade, endpoint: str) -> None:
        self.endpoint, self.refused, self._has_curve = endpoint, "", False
        self.socket, self.monitor = raw, raw.monitor
        self._fd: int | None = real._ANY

    def close(self) -> None:
        self.socket.close()


class FeedOnRaw(real.FeedSocket):
    """The node's own class, on a raw socket in memory."""

    def __init__(self, raw: RawFeed, endpoint: str) -> None:
        self.endpoint, self.socket = endpoint, raw

    def close(self) -> None:
        self.socket.close()


@contextmanager
def on_raw_sockets() -> Iterator[None]:
    """libzmq's send, recv and getsockopt are the raw sockets' own."""
    kept = real._send, real._recv, real._get

    def events(socket: Any, option: int) -> int:
        if option == real.RCVMORE:
            return 0
        name = socket.name if isinstance(socket, (Monitor, RawFeed)) else socket.monitor.name
        _strike(socket.trap, "zmq_events", name)
        return real.POLLIN if socket.has_more() else 0

    real._send = lambda socket, body, _flags: socket.zmq_send(body)
    real._recv = lambda socket, _flags, copy=True: socket.zmq_recv(copy=copy)
    real._get = events
    try:
        yield
    finally:
        real._send, real._recv, real._get = kept
