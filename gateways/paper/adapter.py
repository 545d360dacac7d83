"""Paper trading behind the gateway skeleton: a live feed, our own book.

It reads the venue's feed as a node would and passes it on; orders are matched
here against the books as they come. It has no socket to the venue's trade
endpoint, and is not told of one: an order can't reach the venue.

    the venue's gateway ──feed──▶ this one ──feed──▶ node
                                     ▲ └────reports───▶
                                     └─────orders─────── node

A feed that says so, or is silent for a second, is a session that is lost.
"""

from __future__ import annotations

from zmq import Context

from domain.errors import WireError
from domain.ports import Clock
from gateways.adapter import Pollable, Refused, Sink, VenueOrder
from gateways.paper.settings import Settings
from gateways.replay.answering import BookAdapter
from gateways.replay.venue import Venue
from system.sockets import FeedSocket
from wire.codec import decode_feed, feed_topic
from wire.messages import FeedHeartbeat, MarketData, SecurityStatus

MAX_FRAMES_A_TURN = 64
SILENT_NS = 1_000_000_000
"""Ten heartbeats."""
SESSION_DOWN = 4
DEPTH = 10


class PaperAdapter(BookAdapter):
    """One paper account; see `gateways.adapter.Adapter`."""

    def __init__(self, settings: Settings, clock: Clock, context: Context) -> None:
        super().__init__(clock, DEPTH)
        self._settings = settings
        self._context = context
        self._symbols = {each.definition.symbol for each in settings.terms}
        self._up = self._begun = False
        self._heard_ns = clock.mono_ns()
        self._books: dict[str, MarketData] = {}
        self._statuses: dict[str, tuple[int, int | None, int | None]] = {}
        self.broken = 0

    def start(self, sink: Sink) -> None:
        """Open the account's book and subscribe to the venue's feed."""
        one = self._settings
        self._sink = sink
        self._venue = Venue(one.terms, one.cash, one.truth_path, one.day_of(self._clock.wall_ns()))
        topics = [feed_topic(symbol) for symbol in sorted(self._symbols)]
        self._feed = FeedSocket(self._context, one.source, topics, one.curve)

    def stop(self) -> None:
        """Close the book and the feed."""
        super().stop()
        self._feed.close()

    def poll_on(self) -> list[Pollable]:
        """The venue's feed."""
        return [self._feed.socket]

    def turn(self) -> int | None:
        """Do what was asked, then take what the feed says."""
        self._do_asked()
        for _ in range(MAX_FRAMES_A_TURN):
            frames = self._feed.recv()
            if frames is None:
                break
            self._take(frames[1])
        if self._up and self._clock.mono_ns() - self._heard_ns > SILENT_NS:
            self._lost()
        if self._up:
            self._follow_day()
        return None

    def submit(self, order: VenueOrder) -> Refused | None:
        """The paper venue takes it in the next turn, while the feed lives."""
        return super().submit(order) if self._up else Refused(SESSION_DOWN, "the venue's feed is down")

    # ------------------------------------------------------------ the feed

    def _take(self, body: bytes) -> None:
        try:
            told = decode_feed(body)
        except WireError:
            self.broken += 1
            return
        self._heard_ns = self._clock.mono_ns()
        if isinstance(told, FeedHeartbeat):
            self._beat(told)
        elif told.symbol in self._symbols and self._up:
            self._book(told) if isinstance(told, MarketData) else self._status(told)

    def _beat(self, told: FeedHeartbeat) -> None:
        if told.session_up and not self._up:
            self._joined()
        elif self._up and not told.session_up:
            self._lost()

    def _joined(self) -> None:
        """The venue is there. The first time, what was done before is told."""
        if not self._begun:
            self._begun = True
            self._begin_book()
        self._venue.begin_day(self._day(), self._clock.wall_ns())
        self._up = True
        self._sink.on_session(True, self.trading_day, tuple(each.definition for each in self._settings.terms))

    def _lost(self) -> None:
        """What is known of the market goes with the session; orders stay."""
        self._up = False
        self._books.clear()
        self._statuses.clear()
        self._sink.on_session(False)

    def _book(self, told: MarketData) -> None:
        """A book; one that was there before is a repeat, and no news."""
        before = self._books.get(told.symbol)
        if before is not None and (before.gw_ns, before.bids, before.asks) == (told.gw_ns, told.bids, told.asks):
            return
        self._books[told.symbol] = told
        self._sink.on_book(told.symbol, told.exch_ns, told.bids, told.asks, told.last, told.volume)
        self._venue.quote(told.symbol, tuple(told.bids), tuple(told.asks), self._clock.wall_ns())

    def _status(self, told: SecurityStatus) -> None:
        """The market's status, and the day's limits."""
        news = (told.status, told.limit_down, told.limit_up)
        if self._statuses.get(told.symbol) != news:
            self._statuses[told.symbol] = news
            self._venue.status(told.symbol, told.status)
            self._sink.on_status(told.symbol, *news)

    def _follow_day(self) -> None:
        """Another trading day of the venue's calendar begins one here."""
        self._begin_day(self._day())

    def _day(self) -> str:
        return self._settings.day_of(self._clock.wall_ns())
