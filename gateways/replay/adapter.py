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

from collections import deque
from collections.abc import Callable

from domain.ports import Clock
from gateways.adapter import (
    CancelRefused,
    Collateral,
    OrderState,
    Pollable,
    Position,
    Refused,
    Sink,
    TradeState,
    VenueOrder,
)
from gateways.replay.account import BUY, SELL, Account, Order
from gateways.replay.pacing import Pace, Player
from gateways.replay.rows import QuoteRow, Row, StatusRow, TradeRow
from gateways.replay.settings import Settings
from gateways.replay.times import day_in, zone_of
from gateways.replay.truth import AnyRecord, OrderTraded
from gateways.replay.venue import Venue

MAX_ROWS_A_TURN = 16
STATUS_OPEN, STATUS_CLOSED = 17, 18
UNKNOWN_ORDER, TOO_LATE = 1, 0
NO_QUERY = ""


class ReplayAdapter:
    """One replay venue; see `gateways.adapter.Adapter`."""

    answers_in_order = True

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.capabilities: dict[str, bool | int] = {
            "positions": True,
            "collateral": True,
            "mass_status": True,
            "settle_ms": 0,
            "max_orders_per_s": 0,
            "depth": max(each.depth for each in settings.played),
        }
        self._settings = settings
        self._clock = clock
        self._asked: deque[Callable[[], None]] = deque()
        self._refs_made = 0
        self._born_ns = clock.wall_ns()
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
        self.trading_day = day_in(settings.start.recording_ns, zone_of(settings.zone, settings.venue))
        terms = [each.terms for each in settings.played]
        self._venue = Venue(terms, settings.cash, settings.truth_path, self.trading_day)
        self._asked.append(self._begin)

    def stop(self) -> None:
        """Close the venue's book."""
        self._venue.close()

    def poll_on(self) -> list[Pollable]:
        """Nothing: a recording wakes nobody, it is played by the clock."""
        return []

    def turn(self) -> int | None:
        """Do what was asked, play what is due, say when more is."""
        while self._asked:
            self._asked.popleft()()
        for symbol, row in self._player.due(self._clock.mono_ns(), MAX_ROWS_A_TURN):
            self._play(symbol, row)
        if self._player.ended and not self._ended:
            self._end()
        return self._player.next_due_mono_ns()

    def next_venue_ref(self) -> str:
        """Named by this process's birth and a count: unused for ever."""
        self._refs_made += 1
        return f"{self._born_ns:x}-{self._refs_made}"

    def submit(self, order: VenueOrder) -> Refused | None:
        """The venue takes it in the next turn, before it plays on."""
        self._asked.append(lambda: self._submitted(order))
        return None

    def cancel(self, order: VenueOrder, cancel_ref: str) -> Refused | None:
        """The venue cancels in the next turn, before it plays on."""
        self._asked.append(lambda: self._canceled(order, cancel_ref))
        return None

    def query_orders(self, req_id: str, scope: str, order: VenueOrder | None, trading_day: str) -> None:
        """Answered from the venue's own book."""
        self._asked.append(lambda: self._answer_orders(req_id, scope, order, trading_day))

    def query_positions(self, req_id: str) -> None:
        """Answered from the venue's own book; a spot inventory is held long."""
        self._asked.append(lambda: self._answer_positions(req_id))

    def query_collateral(self, req_id: str) -> None:
        """Answered from the venue's own book, at the last recorded mids."""
        self._asked.append(lambda: self._answer_collateral(req_id))

    # ------------------------------------------------------------ from turn

    def _begin(self) -> None:
        """Tell again what an earlier life did, then open the session."""
        self._venue.end_left_over(self._clock.wall_ns())
        for order in self._venue.account.orders.values():
            self._retell(order, NO_QUERY)
        self._venue.tell = self._told
        definitions = tuple(each.definition for each in self._settings.played)
        self._sink.on_session(True, self.trading_day, definitions)
        for definition in definitions:
            self._sink.on_status(definition.symbol, STATUS_CLOSED)

    def _play(self, symbol: str, row: Row) -> None:
        """Show one recorded row; the orders that it reached are told."""
        if row.exch_ns is not None:
            self._exch_ahead_ns[symbol] = row.exch_ns - row.recv_ns
        if isinstance(row, QuoteRow):
            self._play_book(symbol, row)
        elif isinstance(row, TradeRow):
            self._last_px[symbol] = row.px
        elif isinstance(row, StatusRow):
            self._set_status(symbol, row.status, row.limits)

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

    def _submitted(self, order: VenueOrder) -> None:
        now_ns = self._clock.wall_ns()
        self._venue.submit(order.venue_ref, order.symbol, order.side, order.qty, order.px, order.tif, now_ns, order.offset)

    def _canceled(self, order: VenueOrder, cancel_ref: str) -> None:
        found = self._venue.account.order_of(order.venue_ref)
        if found is not None and self._venue.cancel(found, self._clock.wall_ns()):
            return
        reason = UNKNOWN_ORDER if found is None else TOO_LATE
        text = "no such order" if found is None else f"it ended with status {found.ord_status}"
        self._sink.on_cancel_refused(
            CancelRefused(
                cancel_ref=cancel_ref,
                venue_ref=order.venue_ref,
                order_id="" if found is None else found.placed.order_id,
                reason=reason,
                text=text,
            )
        )

    def _told(self, record: AnyRecord, order: Order) -> None:
        """Pass on what the venue wrote down."""
        if isinstance(record, OrderTraded):
            self._sink.on_trade(self._trade_state(record, order))
        self._sink.on_order(self._order_state(order, NO_QUERY, record.at_ns))

    def _answer_orders(self, req_id: str, scope: str, order: VenueOrder | None, trading_day: str) -> None:
        account = self._venue.account
        if scope == "one":
            found = account.order_of(order.venue_ref) if order is not None else None
            orders = [] if found is None else [found]
        else:
            orders = [
                each for each in account.orders.values() if each.placed.trading_day == (trading_day or self.trading_day)
            ]
        for each in orders:
            self._retell(each, req_id)
        self._sink.on_query_end(req_id, True)

    def _retell(self, order: Order, req_id: str) -> None:
        """All that the venue's book holds of an order."""
        for trade in self._venue.account.trades[order.placed.order_id]:
            self._sink.on_trade(self._trade_state(trade, order))
        self._sink.on_order(self._order_state(order, req_id, self._clock.wall_ns()))

    def _answer_positions(self, req_id: str) -> None:
        rows = [self._position(symbol) for symbol in self._venue.account.terms]
        self._sink.on_positions(req_id, rows, self._clock.wall_ns())

    def _answer_collateral(self, req_id: str) -> None:
        money = self._venue.money()
        amounts = (f"{amount:f}" for amount in (money.equity, money.available, money.margin_used, money.fees))
        self._sink.on_collateral(req_id, [Collateral(self._currency(), *amounts)], self._clock.wall_ns())

    # ------------------------------------------------------------ values

    def _currency(self) -> str:
        return self._settings.traded[0].terms.currency

    def _exch_ns(self, symbol: str, at_ns: int) -> int | None:
        """The exchange's clock at our `at_ns`, where it is known."""
        ahead_ns = self._exch_ahead_ns.get(symbol)
        return None if ahead_ns is None else at_ns + ahead_ns

    def _order_state(self, order: Order, req_id: str, at_ns: int) -> OrderState:
        placed = order.placed
        return OrderState(
            venue_ref=placed.venue_ref,
            order_id=placed.order_id,
            symbol=placed.symbol,
            side=placed.side,
            offset=placed.offset,
            qty=placed.qty,
            ord_status=order.ord_status,
            cum_qty=order.cum_qty,
            reason=order.reason,
            text=order.text,
            exch_ns=self._exch_ns(placed.symbol, at_ns),
            trading_day=placed.trading_day,
            req_id=req_id,
        )

    def _trade_state(self, trade: OrderTraded, order: Order) -> TradeState:
        placed = order.placed
        return TradeState(
            venue_ref=placed.venue_ref,
            order_id=placed.order_id,
            exec_id=trade.exec_id,
            symbol=placed.symbol,
            side=placed.side,
            offset=placed.offset,
            qty=trade.qty,
            px=trade.px,
            fee=trade.fee,
            fee_currency=self._currency(),
            exch_ns=self._exch_ns(placed.symbol, trade.at_ns),
            trading_day=placed.trading_day,
        )

    def _position(self, symbol: str) -> Position:
        account = self._venue.account
        long_qty, short_qty, long_today, short_today = _held(account, symbol)
        sells, buys = account.frozen(symbol, SELL), account.frozen(symbol, BUY)
        return Position(
            symbol=symbol,
            long_qty=long_qty,
            short_qty=short_qty,
            long_today=long_today,
            short_today=short_today,
            long_free=max(long_qty - sells, 0),
            short_free=max(short_qty - buys, 0),
            long_free_today=max(long_today - sells, 0),
            short_free_today=max(short_today - buys, 0),
        )


def _held(account: Account, symbol: str) -> tuple[int, int, int, int]:
    """Long, short, and what of each was opened today, in lots."""
    if not account.terms[symbol].nets:
        longs, shorts = account.longs[symbol], account.shorts[symbol]
        return longs, shorts, longs, shorts
    held, traded = account.held(symbol), account.positions[symbol]
    long_qty, short_qty = max(held, 0), max(-held, 0)
    return long_qty, short_qty, min(long_qty, max(traded, 0)), min(short_qty, max(-traded, 0))


def day_of(recording_ns: int) -> str:
    """The recording's day in UTC: a continuous venue's trading day."""
    return day_in(recording_ns)
