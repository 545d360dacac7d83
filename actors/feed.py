"""One venue's feed: frames in, quotes to those that subscribed.

The hot path: two frames, one decode, one Quote, one tell for each subscriber.
A repeated `W` proves that link and feed live, and makes no quote younger; its
lag is the heartbeat's, since its own times are those of the first.

Units: ns; monotonic for ages, wall only for how long a frame lay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from domain.errors import WireError
from domain.market import Quote
from domain.ports import Clock
from wire.codec import HEARTBEAT_TOPIC, decode_feed, feed_topic
from wire.messages import FeedHeartbeat, MarketData, SecurityStatus

MAX_FRAMES = 64
READ_NS = 5_000_000
"""A read of a venue's socket ends after so long, whatever waits: the lane has others."""
SILENCE_NS = 2_000_000_000
"""A feed without any frame for so long is connected anew."""
STEP_NS = 50_000_000
"""A wall clock that moves so far against the monotonic one was set."""
LONG_AGO_NS = 10**15


class _Topic:
    """What is known of one symbol."""

    __slots__ = ("changed_ns", "key", "ports", "quote", "seq", "status", "subscribers")

    def __init__(self, venue: str, symbol: str) -> None:
        self.key = (venue, symbol)
        self.seq = 0
        self.quote: Quote | None = None
        self.changed_ns = 0
        self.status: tuple[int | None, int | None, int | None, int] = (None, None, None, 0)
        self.subscribers: tuple[Any, ...] = ()
        self.ports: tuple[Callable[[Quote], None], ...] = ()


class Feed:
    """Reads a FeedSocket. `on_heartbeat` is told of each `0` of the venue.

    Thread: the lane's.
    """

    def __init__(
        self,
        venue: str,
        socket: Any,
        symbols: Iterable[str],
        clock: Clock,
        on_heartbeat: Callable[[FeedHeartbeat, int], None] | None = None,
    ) -> None:
        self.venue = venue
        self.socket = socket
        self.on_heartbeat = on_heartbeat
        self.flush: Callable[[], None] = _nothing
        self.epoch = 0
        self.session_up = False
        self.heard_mono_ns = 0
        self.transit_ns = 0
        self.gaps = self.dropped = self.steps = self.reconnects = 0
        self._clock = clock
        self._frame_ns = clock.mono_ns()
        self._offset_ns = clock.wall_ns() - clock.mono_ns()
        self.latest: dict[str, Quote] = {}
        self._topics = {feed_topic(symbol): _Topic(venue, symbol) for symbol in symbols}
        self._held: dict[_Topic, None] | None = None
        """Those whose newest quote is told at the end of the read; None: each quote is told as it comes."""

    def subscribe(self, symbol: str, address: Any) -> None:
        """Tell `address` each quote of `symbol`, and the present one now.

        Raises: KeyError for a symbol that is not configured.
        """
        topic = self._topics[feed_topic(symbol)]
        if address not in topic.subscribers:
            topic.subscribers = (*topic.subscribers, address)
            topic.ports = tuple(each.quote_port() for each in topic.subscribers)
        if topic.quote is not None:
            address.tell(topic.quote)

    def unsubscribe(self, symbol: str, name: str) -> None:
        """Tell whoever bears `name` no more quotes of `symbol`."""
        topic = self._topics[feed_topic(symbol)]
        topic.subscribers = tuple(each for each in topic.subscribers if each.name != name)
        topic.ports = tuple(each.quote_port() for each in topic.subscribers)

    def add(self, symbol: str) -> None:
        """One more symbol, from now on."""
        topic = feed_topic(symbol)
        if topic not in self._topics:
            self._topics[topic] = _Topic(self.venue, symbol)
            self.socket.subscribe(topic)

    def quote(self, symbol: str) -> Quote | None:
        """The last quote, whatever its age."""
        return self._topics[feed_topic(symbol)].quote

    def drain(self) -> None:
        """Read what has come: at most 64 messages, for READ_NS at most.

        The first is dealt with before the socket is asked for another, since
        mostly there is none; what waits behind it is conflated.
        """
        socket = self.socket
        frames = socket.recv()
        if frames is not None:
            self.take(frames[0], frames[1])
            self.flush()
            if socket.has_more():
                self._read_on(socket)
        self._frame_ns = self._clock.mono_ns()

    def _read_on(self, socket: Any) -> None:
        """What waited behind the first: of each symbol the newest quote is told, once."""
        mono_ns = self._clock.mono_ns
        until_ns = mono_ns() + READ_NS
        self._held = held = {}
        try:
            for _ in range(MAX_FRAMES - 1):
                frames = socket.recv()
                if frames is None:
                    break
                self.take(frames[0], frames[1])
                if mono_ns() >= until_ns or not socket.has_more():
                    break
        finally:
            self._held = None
        for topic in held:
            for accept in topic.ports:
                accept(topic.quote)

    def take(self, topic_bytes: bytes, body: bytes) -> None:
        """One message of the feed; a wrong one is counted and dropped."""
        try:
            message = decode_feed(body)
        except WireError:
            self.dropped += 1
            return
        topic = self._topics.get(topic_bytes)
        if topic is None:
            self._heartbeat(topic_bytes, message)
            return
        kind = type(message)
        if kind is FeedHeartbeat or message.symbol != topic.key[1]:
            self.dropped += 1
            return
        if message.seq != topic.seq + 1:
            self._jumped(topic, message.seq)
        topic.seq = message.seq
        if kind is MarketData:
            self._market(topic, message)
        else:
            self._status(topic, message)

    @property
    def messages(self) -> int:
        """Messages of this epoch that its topics are known to have had."""
        return sum(topic.seq for topic in self._topics.values())

    def check(self, now_ns: int) -> None:
        """Notice a wall clock that was set, and a connection that is dead.

        libzmq gives up a connection on which a frame was too large.
        """
        self._offset(self._clock.wall_ns(), self._clock.mono_ns())
        if now_ns - self._frame_ns > SILENCE_NS:
            self._frame_ns = now_ns
            self.reconnects += 1
            self.socket.reconnect()

    def _market(self, topic: _Topic, m: MarketData) -> None:
        now_ns = self._clock.mono_ns()
        wall_ns = self._clock.wall_ns()
        if not -STEP_NS < wall_ns - now_ns - self._offset_ns < STEP_NS:
            self._offset(wall_ns, now_ns)
        bids, asks = m.bids, m.asks
        old = topic.quote
        age_ns = max(0, wall_ns - m.gw_ns)
        if old is None:
            topic.changed_ns = changed_ns = now_ns - age_ns
            age_ns = self.transit_ns
        elif m.gw_ns == old.gw_ns and m.exch_ns == old.exch_ns and bids == old.bids and asks == old.asks:
            changed_ns = topic.changed_ns
            age_ns = self.transit_ns
        else:
            changed_ns = now_ns
            topic.changed_ns = now_ns - age_ns
        status, down, up, status_ns = topic.status
        topic.quote = self.latest[topic.key[1]] = quote = Quote(
            topic.key,
            bids[0] if bids else None,
            bids[1] if bids else 0,
            asks[0] if asks else None,
            asks[1] if asks else 0,
            bids,
            asks,
            m.exch_ns,
            m.gw_ns,
            now_ns,
            age_ns,
            changed_ns,
            status,
            down,
            up,
            status_ns,
            m.last,
        )
        if self._held is not None:
            self._held[topic] = None
            return
        for accept in topic.ports:
            accept(quote)

    def _status(self, topic: _Topic, m: SecurityStatus) -> None:
        topic.status = (m.status, m.limit_down, m.limit_up, self._clock.mono_ns())
        quote = topic.quote
        if quote is not None:
            self._tell(topic, _again(quote, topic, quote.recv_mono_ns, quote.changed_mono_ns))

    def _heartbeat(self, topic_bytes: bytes, m: Any) -> None:
        if topic_bytes != HEARTBEAT_TOPIC or type(m) is not FeedHeartbeat:
            self.dropped += 1
            return
        self.heard_mono_ns = now_ns = self._clock.mono_ns()
        wall_ns = self._clock.wall_ns()
        self._offset(wall_ns, now_ns)
        self.transit_ns = max(0, wall_ns - m.gw_ns)
        if m.epoch != self.epoch:
            self.epoch = m.epoch
            for topic in self._topics.values():
                topic.seq = 0
        self.session_up = m.session_up
        if self.on_heartbeat is not None:
            self.on_heartbeat(m, now_ns)

    def _jumped(self, topic: _Topic, seq: int) -> None:
        """Count what is missing; harmless, since each message is whole."""
        if topic.seq and seq > topic.seq + 1:
            self.gaps += seq - topic.seq - 1

    def _offset(self, wall_ns: int, now_ns: int) -> None:
        """Follow the wall clock; where it was set, every quote is stale once."""
        offset_ns = wall_ns - now_ns
        if not -STEP_NS < offset_ns - self._offset_ns < STEP_NS:
            offset_ns = self._clock.wall_ns() - self._clock.mono_ns()  # not a pause between two readings
            if not -STEP_NS < offset_ns - self._offset_ns < STEP_NS:
                self._stepped(now_ns)
        self._offset_ns = offset_ns

    def _stepped(self, now_ns: int) -> None:
        self.steps += 1
        self.transit_ns = 0
        for topic in self._topics.values():
            if topic.quote is not None:
                self._tell(topic, _again(topic.quote, topic, now_ns - LONG_AGO_NS, now_ns - LONG_AGO_NS))

    def _tell(self, topic: _Topic, quote: Quote) -> None:
        topic.quote = self.latest[topic.key[1]] = quote
        if self._held is not None:
            self._held[topic] = None
            return
        for address in topic.subscribers:
            address.tell(quote)


def _nothing() -> None:
    """Where no lane runs the subscribers' turns at once."""


def _again(q: Quote, topic: _Topic, recv_ns: int, changed_ns: int) -> Quote:
    """The same book with another status or age."""
    status, down, up, status_ns = topic.status
    return Quote(
        q.key,
        q.bid_px,
        q.bid_qty,
        q.ask_px,
        q.ask_qty,
        q.bids,
        q.asks,
        q.exch_ns,
        q.gw_ns,
        recv_ns,
        q.lag_ns,
        changed_ns,
        status,
        down,
        up,
        status_ns,
        q.last_px,
    )
