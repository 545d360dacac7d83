"""Links in memory: latency, clogs, cuts, repeats; frames keep their order.

The sockets have the interface of `system.sockets`. A trade link carries
frames in order, as ZeroMQ over ipc does; what is lost is lost with its
connection. A feed may lose any frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from simulation.agenda import MS, Agenda

MAX_FRAME_BYTES = 64 * 1024
FEED_HWM, TRADE_HWM = 10_000, 100_000
"""Frames that may wait for a slow reader: what a feed has more is lost, a trade link's gateway gives its reader up."""


class Watcher(Protocol):
    """Sees each frame as the node sends or reads it."""

    def sent(self, venue: str, body: bytes) -> None: ...

    def told(self, venue: str, body: bytes) -> None: ...

    def fed(self, venue: str, topic: bytes, body: bytes) -> None: ...

    def cut(self, venue: str) -> None: ...


class Pipe:
    """One direction: in order, each frame after its latency."""

    def __init__(self, agenda: Agenda, rng: Random, latency_ns: int, arrive: Callable[[Any], None]) -> None:
        self.agenda, self.rng = agenda, rng
        self.latency_ns = latency_ns
        self.arrive = arrive
        self.clogged_ns = 0
        self.slow = 1
        """How many times as long a frame takes as it should."""
        self._last_ns = 0
        self._turn = 0

    def push(self, frame: Any) -> None:
        """Send it on its way."""
        latency_ns = self.latency_ns * self.slow
        delay_ns = latency_ns + self.rng.randrange(latency_ns // 2 + 1)
        self._last_ns = max(self.agenda.now_ns + delay_ns, self._last_ns, self.clogged_ns)
        turn = self._turn
        self.agenda.at(self._last_ns, lambda: self.arrive(frame) if turn == self._turn else None)

    def drop(self) -> None:
        """What is on its way never arrives."""
        self._turn += 1


class TradeLink:
    """Node and gateway of one venue, and what lies between them."""

    def __init__(self, venue: str, agenda: Agenda, rng: Random, watcher: Watcher, latency_ns: int = MS // 5) -> None:
        self.venue, self.agenda, self.watcher = venue, agenda, watcher
        self.gateway: Any = None
        self.is_dead: Callable[[], bool] = lambda: False
        self.on_sent: Callable[[], Any] = lambda: None
        self.socket: TradeSocket | None = None
        self.identity = 0
        self.down_until_ns = 0
        self.hwm = TRADE_HWM
        self.up = Pipe(agenda, rng, latency_ns, self._to_gateway)
        self.down = Pipe(agenda, rng, latency_ns, self._to_node)

    @property
    def connected(self) -> bool:
        return self.gateway.alive and self.agenda.now_ns >= self.down_until_ns

    def open(self) -> TradeSocket:
        """The node's side of a new connection."""
        self.fresh()
        self.socket = TradeSocket(self)
        return self.socket

    def fresh(self) -> None:
        """The node makes another connection."""
        self.watcher.cut(self.venue)
        self._another()

    def _another(self) -> None:
        """Another identity; the old one's frames are gone."""
        self.identity += 1
        self.up.drop()
        self.down.drop()

    def cut(self, for_ns: int = 0) -> None:
        """The connection breaks, and can't be made again for so long; the node does not know it yet."""
        self.down_until_ns = max(self.down_until_ns, self.agenda.now_ns + for_ns)
        self._another()
        if self.socket is not None:
            self.socket.cut = True

    def clog(self, for_ns: int) -> None:
        """Frames to the node wait; then they come all at once, in order."""
        self.down.clogged_ns = self.agenda.now_ns + for_ns

    def reply(self, identity: int, body: bytes) -> bool:
        """From the gateway to the connection of that identity; False where it takes no more."""
        if identity == self.identity:
            if len(body) > MAX_FRAME_BYTES:
                self.cut()  # as libzmq does by MAXMSGSIZE
                return True
            if self.socket is not None and len(self.socket.inbox) >= self.hwm:
                return False
            self.down.push(body)
        return True

    def _to_gateway(self, frame: tuple[int, bytes]) -> None:
        self.gateway.arrived(*frame)

    def _to_node(self, body: bytes) -> None:
        socket = self.socket
        if socket is not None:
            socket.inbox.append(body)
            self.agenda.lane.signal(socket)


class TradeSocket:
    """As system.sockets.TradeSocket."""

    def __init__(self, link: TradeLink) -> None:
        self.link = link
        self.socket = self
        self.inbox: deque[bytes] = deque()
        self.cut = False

    def send(self, body: bytes) -> bool:
        link = self.link
        if not link.connected or link.socket is not self:
            return False
        if link.is_dead():
            return True  # of a dead process nothing leaves, and it never knows
        link.watcher.sent(link.venue, body)
        link.up.push((link.identity, body))
        link.on_sent()
        return True

    def has_more(self) -> bool:
        return bool(self.inbox)

    def recv(self) -> bytes | None:
        if not self.inbox:
            return None
        body = self.inbox.popleft()
        if self.inbox:
            self.link.agenda.lane.signal(self)
        self.link.watcher.told(self.link.venue, body)
        return body

    refused = ""  # no CURVE in memory

    def was_cut(self) -> bool:
        cut, self.cut = self.cut, False
        return cut

    @property
    def connected(self) -> bool:
        return self.link.connected and self.link.socket is self

    def reconnect(self) -> None:
        self.inbox.clear()
        self.cut = False
        self.link.fresh()

    def close(self) -> None:
        if self.link.socket is self:
            self.link.socket = None


class FeedLink:
    """A venue's feed; `loss` of its frames is lost."""

    def __init__(self, venue: str, agenda: Agenda, rng: Random, watcher: Watcher, latency_ns: int = MS // 5) -> None:
        self.venue, self.agenda, self.watcher, self.rng = venue, agenda, watcher, rng
        self.loss = 0.0
        self.hwm = FEED_HWM
        self.dropped = 0
        self.socket: FeedSocket | None = None
        self.on_subscribed: Callable[[], None] = lambda: None
        self.pipe = Pipe(agenda, rng, latency_ns, self._arrive)

    def open(self) -> FeedSocket:
        """The node's side; the gateway tells a new one all that it knows."""
        self.pipe.drop()
        self.socket = FeedSocket(self)
        self.on_subscribed()
        return self.socket

    def publish(self, topic: bytes, body: bytes) -> None:
        """To whoever listens."""
        if not self.loss or self.rng.random() >= self.loss:
            self.pipe.push((topic, body))

    def _arrive(self, frames: tuple[bytes, bytes]) -> None:
        socket = self.socket
        if socket is not None and len(socket.inbox) >= self.hwm:
            self.dropped += 1
        elif socket is not None:
            socket.inbox.append(frames)
            self.agenda.lane.signal(socket)


class FeedSocket:
    """As system.sockets.FeedSocket; every topic comes."""

    def __init__(self, link: FeedLink) -> None:
        self.link = link
        self.socket = self
        self.inbox: deque[tuple[bytes, bytes]] = deque()

    def subscribe(self, _topic: bytes) -> None:
        """What nobody has asked for is passed over by the feed."""

    def has_more(self) -> bool:
        return bool(self.inbox)

    def recv(self) -> tuple[bytes, bytes] | None:
        if not self.inbox:
            return None
        topic, body = self.inbox.popleft()
        if self.inbox:
            self.link.agenda.lane.signal(self)
        self.link.watcher.fed(self.link.venue, topic, body)
        return topic, body

    def reconnect(self) -> None:
        self.inbox.clear()
        self.link.pipe.drop()
        self.link.on_subscribed()

    def close(self) -> None:
        if self.link.socket is self:
            self.link.socket = None
