"""The feed socket: books, statuses, their repeats, and the heartbeat.

Thread: the gateway's one. Each message is whole, so a slow reader that loses
some is none the worse. What is repeated keeps the times that it had.
"""

from __future__ import annotations

import zmq
from msgspec.structs import replace

from domain.ports import Clock
from wire.codec import HEARTBEAT_TOPIC, encode, feed_topic
from wire.messages import FeedHeartbeat, MarketData, SecurityStatus

REPEAT_NS = 800_000_000  # the page says at least once a second
SUBSCRIBE, UNSUBSCRIBE = 1, 0


class Feed:
    """What is told of each symbol, by the symbol's topic."""

    def __init__(self, socket: zmq.Socket, venue: str, clock: Clock) -> None:
        self._socket = socket
        self._venue = venue
        self._clock = clock
        self._books: dict[bytes, MarketData] = {}
        self._statuses: dict[bytes, SecurityStatus] = {}
        self._sent_ns: dict[tuple[bytes, type], int] = {}  # monotonic
        self._seq: dict[bytes, int] = {}
        self.epoch = 0
        self.session_up = False
        self.subscribers = 0

    def begin_epoch(self, epoch: int) -> None:
        """Each topic counts from 1 again."""
        self.epoch = epoch
        self._seq.clear()

    def forget(self) -> None:
        """The venue's session is lost, and what was known goes with it."""
        self._books.clear()
        self._statuses.clear()

    def book(
        self, symbol: str, exch_ns: int | None, bids: list[int], asks: list[int], last: int | None, volume: int | None
    ) -> None:
        topic = feed_topic(symbol)
        gw_ns = self._clock.wall_ns()
        book = MarketData(self._next(topic), symbol, exch_ns, gw_ns, bids, asks, last, volume)
        self._books[topic] = book
        self._send(topic, book)

    def status(self, symbol: str, status: int, limit_down: int | None, limit_up: int | None) -> None:
        topic = feed_topic(symbol)
        gw_ns = self._clock.wall_ns()
        told = SecurityStatus(self._next(topic), symbol, gw_ns, status, limit_down, limit_up)
        self._statuses[topic] = told
        self._send(topic, told)

    def heartbeat(self) -> None:
        beat = FeedHeartbeat(
            self._next(HEARTBEAT_TOPIC), self._venue, self.epoch, self._clock.wall_ns(), self.session_up
        )
        self._socket.send_multipart([HEARTBEAT_TOPIC, encode(beat)])

    def subscription(self, frame: bytes) -> None:
        """A reader came or went: what is known goes out at once."""
        if frame[:1] == bytes([UNSUBSCRIBE]):
            self.subscribers = max(0, self.subscribers - 1)
        elif frame[:1] == bytes([SUBSCRIBE]):
            self.subscribers += 1
            for topic in {*self._statuses, *self._books}:
                if topic.startswith(frame[1:]):
                    self._repeat(topic, self._statuses.get(topic))
                    self._repeat(topic, self._books.get(topic))

    def repeat_due(self) -> None:
        """Repeat what was not sent for most of a second."""
        if not self.session_up:
            return
        before_ns = self._clock.mono_ns() - REPEAT_NS
        for known in (self._statuses, self._books):
            for topic, message in known.items():
                if self._sent_ns[topic, type(message)] < before_ns:
                    self._repeat(topic, message)

    def _repeat(self, topic: bytes, message: MarketData | SecurityStatus | None) -> None:
        if message is not None and self.session_up:
            self._send(topic, replace(message, seq=self._next(topic)))

    def _next(self, topic: bytes) -> int:
        seq = self._seq.get(topic, 0) + 1
        self._seq[topic] = seq
        return seq

    def _send(self, topic: bytes, message: MarketData | SecurityStatus) -> None:
        self._sent_ns[topic, type(message)] = self._clock.mono_ns()
        self._socket.send_multipart([topic, encode(message)])
