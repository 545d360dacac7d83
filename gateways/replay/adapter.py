"""The replay venue behind the gateway skeleton: plays, trades, answers.

A turn first does what the node asked since the last one, on the book as it
stands, then plays the rows that are due. Before a symbol's first row and after
the last one its market is closed (FIX 18), and by its recorded hours between
them; the gateway stays up until told to end. The recorded exchange's clock is passed on, as far off as it was, and
believed by nobody: the skeleton stamps `gw_ns` with our own.

The feed is the recording and nothing else: what we took shows in fills alone,
so that the quotes of a replay are the same whatever was traded.
"""

from __future__ import annotations

from domain.ports import Clock
from gateways.adapter import Pollable, Sink
from gateways.replay.answering import BookAdapter
from gateways.replay.pacing import Pace, Player
from gateways.replay.rows import QuoteRow, Row, StatusRow, TradeRow
from gateways.replay.settings import Settings
from gateways.replay.venue import Venue

MAX_ROWS_A_TURN = 16
MINUTE_NS = 60_000_000_000
STATUS_OPEN, STATUS_CLOSED = 17, 18


class ReplayAdapter(BookAdapter):
    """One replay venue; see `gateways.adapter.Adapter`."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__(clock, max(each.depth for each in settings.played))
        self._settings = settings
        self._last_px: dict[str, int] = {}
        self._exch_ahead_ns: dict[str, int] = {}
        self._limits: dict[str, tuple[int | None, int | None]] = {}
        self._by_hours = {each.definition.symbol for each in settings.played if each.has_statuses}
        self._ended = False

    def start(self, sink: Sink) -> None:
        """Open the venue's book; the session is up from the first turn."""
        settings = self._settings
        self._sink = sink
        self._pace = Pace(settings.start, self._clock.mono_ns(), self._clock.wall_ns())
        files = {each.definition.symbol: each.rows() for each in settings.played}
        self._player = Player(files, self._pace, settings.end_ns)
        self._day_known_ns = 0
        terms = [each.terms for each in settings.played]
        self._venue = Venue(terms, settings.cash, settings.truth_path, settings.day_of(settings.start.recording_ns)[0])
        self._asked.append(self._begin)

    def poll_on(self) -> list[Pollable]:
        """Nothing: a recording wakes nobody, it is played by the clock."""
        return []

    def turn(self) -> int | None:
        """Do what was asked, play what is due, say when more is."""
        self._do_asked()
        for symbol, row in self._player.due(self._clock.mono_ns(), MAX_ROWS_A_TURN):
            self._play(symbol, row)
        if self._player.ended and not self._ended:
            self._end()
        return self._player.next_due_mono_ns()

    # ------------------------------------------------------------ from turn

    def _begin(self) -> None:
        """Tell again what an earlier life did, then open the session."""
        self._begin_book()
        definitions = tuple(each.definition for each in self._settings.played)
        self._sink.on_session(True, self.trading_day, definitions)
        for definition in definitions:
            self._sink.on_status(definition.symbol, STATUS_CLOSED)

    def _play(self, symbol: str, row: Row) -> None:
        """Show one recorded row; the orders that it reached are told."""
        if row.recv_ns >= self._day_known_ns:
            self._follow_day(row.recv_ns)
        if row.exch_ns is not None:
            self._exch_ahead_ns[symbol] = row.exch_ns - row.recv_ns
        if isinstance(row, QuoteRow):
            self._play_book(symbol, row)
        elif isinstance(row, TradeRow):
            self._last_px[symbol] = row.px
        elif isinstance(row, StatusRow):
            self._set_status(symbol, row.status, row.limits)

    def _follow_day(self, recv_ns: int) -> None:
        """A row in a session of another trading day begins it; looked at once a minute."""
        self._day_known_ns = recv_ns - recv_ns % MINUTE_NS + MINUTE_NS
        day, runs = self._settings.day_of(recv_ns)
        if runs:
            self._begin_day(day)

    def _play_book(self, symbol: str, row: QuoteRow) -> None:
        """A book; it opens a market whose hours nobody told."""
        if row.last is not None:
            self._last_px[symbol] = row.last
        if symbol not in self._venue.statuses and symbol not in self._by_hours:
            self._set_status(symbol, STATUS_OPEN, row.limits)
        elif row.limits is not None and row.limits != self._limits.get(symbol):
            self._set_status(symbol, self._venue.statuses.get(symbol, STATUS_CLOSED), row.limits)
        exch_ns = self._pace.shifted_exch_ns(row.recv_ns, row.exch_ns)
        self._sink.on_book(symbol, exch_ns, list(row.bids), list(row.asks), self._last_px.get(symbol), row.volume)
        self._venue.quote(symbol, row.bids, row.asks, self._clock.wall_ns())

    def _set_status(self, symbol: str, status: int, limits: tuple[int | None, int | None] | None) -> None:
        """The market's status from now on; limits stay until others come."""
        if limits is not None:
            self._limits[symbol] = limits
        self._venue.status(symbol, status)
        self._sink.on_status(symbol, status, *self._limits.get(symbol, ()))

    def _end(self) -> None:
        """The recording is over: day orders expire, the markets close."""
        self._ended = True
        self._venue.close_market(self._clock.wall_ns())
        for symbol in self._venue.account.terms:
            self._sink.on_status(symbol, STATUS_CLOSED)

    # ------------------------------------------------------------ values

    def _exch_ns(self, symbol: str, at_ns: int) -> int | None:
        """The exchange's clock at our `at_ns`, where it is known."""
        ahead_ns = self._exch_ahead_ns.get(symbol)
        return None if ahead_ns is None else at_ns + ahead_ns
