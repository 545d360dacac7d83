"""The simulated exchange behind the gateway skeleton.

The exchange pushes the account's orders and trades in two counted streams. A
number that is missing, in a push or against its heartbeat, is asked for: the
day's orders are told again, and what is known already is no news.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.ports import Clock
from gateways.adapter import Collateral, OrderState, Pollable, Position, Refused, Sink, VenueOrder
from gateways.simulated import translate
from gateways.simulated.link import LOGIN_AGAIN_NS, Link
from gateways.simulated.settings import Settings
from wire import exchange as wire
from wire.instrument import InstrumentDef, instrument_of

MAX_FRAMES_A_TURN = 64
SESSION_DOWN = 4
NOT_LOGGED_IN = 6  # the venue's own codes
NOT_NOW = 90
SUPERSEDED_WAIT_NS = 10 * LOGIN_AGAIN_NS
NOT_NOW_WAIT_NS = LOGIN_AGAIN_NS // 5


class SimulatedAdapter:
    """One account of one simulated venue; see `gateways.adapter.Adapter`."""

    answers_in_order = True

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        trades = bool(settings.account)
        self.capabilities: dict[str, bool | int] = {
            "positions": trades,
            "collateral": trades,
            "mass_status": trades,
            "settle_ms": settings.settle_ms,
            "max_orders_per_s": settings.max_orders_per_s,
            "depth": settings.depth,
        }
        self._refs = f"{clock.wall_ns():x}"
        self._refs_made = 0
        self._sent: dict[str, VenueOrder] = {}
        self._instruments: list[InstrumentDef] = []
        self._trading_day = ""
        self._order_seq = self._trade_seq = 0
        self._asked: dict[str, str] = {}  # req_id: orders, positions, collateral, resync
        self._rows: dict[str, list[Any]] = {}
        self._resyncs = 0
        self._tell: dict[type, Callable[[Any], None]] = {
            wire.LoginAck: self._login_ack,
            wire.LoginReject: lambda told: self._lost(NOT_NOW_WAIT_NS if told.code == NOT_NOW else SUPERSEDED_WAIT_NS),
            wire.SessionReject: self._session_reject,
            wire.InstrumentInfo: self._instrument,
            wire.Book: self._book,
            wire.Status: self._status,
            wire.Ack: lambda told: None,
            wire.OrderReport: self._order,
            wire.TradeReport: self._trade,
            wire.CancelReject: lambda told: self._sink.on_cancel_refused(translate.cancel_refused(told)),
            wire.PositionRow: lambda told: self._row(told.req_id, translate.position(told)),
            wire.AccountRow: lambda told: self._row(told.req_id, translate.collateral(told)),
            wire.QueryEnd: lambda told: self._query_end(told.req_id, told.exch_ns, complete=True, text=""),
            wire.QueryReject: self._query_reject,
            wire.NewDay: self._new_day,
            wire.ExchangeHeartbeat: lambda told: self._check_gap(told.order_seq, told.trade_seq),
            wire.ControlReply: lambda told: None,
        }

    # ------------------------------------------------------------ Adapter

    def start(self, sink: Sink) -> None:
        self._sink = sink
        one = self._settings
        login = wire.Login(wire.SESSION_VERSION, one.venue, one.account, one.session)
        self._link = Link(one.exchange_endpoint, login, self._clock)

    def stop(self) -> None:
        self._link.close()

    def poll_on(self) -> list[Pollable]:
        return [self._link.socket]

    def turn(self) -> int | None:
        for _ in range(MAX_FRAMES_A_TURN):
            told = self._link.receive()
            if told is None:
                break
            self._tell[type(told)](told)
        if not self._link.beat():
            self._lost()
        return self._link.due_ns

    def next_venue_ref(self) -> str:
        self._refs_made += 1
        return f"{self._refs}-{self._refs_made}"

    def submit(self, order: VenueOrder) -> Refused | None:
        message = wire.Submit(
            order.venue_ref, order.symbol, order.side, order.qty, order.px, order.tif, order.offset, order.hedge_flag
        )
        if not self._link.up or not self._link.send(message):
            return Refused(SESSION_DOWN, "the exchange can't be reached")
        self._sent[order.venue_ref] = order
        return None

    def cancel(self, order: VenueOrder, cancel_ref: str) -> Refused | None:
        session = self._settings.session if order.venue_ref else ""
        message = wire.CancelOrder(cancel_ref, session, order.venue_ref, order.order_id)
        if not self._link.up or not self._link.send(message):
            return Refused(SESSION_DOWN, "the exchange can't be reached")
        return None

    def query_orders(self, req_id: str, scope: str, order: VenueOrder | None, trading_day: str) -> None:
        if order is None:
            message = wire.QueryOrders(req_id, scope, trading_day=trading_day)
        else:
            session = self._settings.session if order.venue_ref else ""
            message = wire.QueryOrders(req_id, scope, session, order.venue_ref, order.order_id)
        self._ask(req_id, "orders", message)

    def query_positions(self, req_id: str) -> None:
        self._ask(req_id, "positions", wire.QueryPositions(req_id))

    def query_collateral(self, req_id: str) -> None:
        self._ask(req_id, "collateral", wire.QueryAccount(req_id))

    # ------------------------------------------------------------ session

    def _login_ack(self, told: wire.LoginAck) -> None:
        self._trading_day = told.trading_day
        self._order_seq, self._trade_seq = told.order_seq, told.trade_seq
        self._instruments = []
        if told.instrument_count == 0:
            self._joined()

    def _instrument(self, told: wire.InstrumentInfo) -> None:
        if self._link.up:
            return
        self._instruments.append(instrument_of(told.definition))
        if told.last:
            self._joined()

    def _joined(self) -> None:
        self._link.up = True
        self._link.send(wire.Subscribe([]))
        self._sink.on_session(True, self._trading_day, tuple(self._instruments))

    def _lost(self, wait_ns: int = 0) -> None:
        """The session is gone; log in again on a new connection."""
        was_up = self._link.up
        self._link.drop()
        self._link.due_ns += wait_ns
        self._asked.clear()
        self._rows.clear()
        if was_up:
            self._sink.on_session(False)

    def _session_reject(self, told: wire.SessionReject) -> None:
        order = self._sent.pop(told.ref_id, None) if told.ref_type == "submit" else None
        if order is not None:
            self._sink.on_order(self._refusal(order, told))
        elif told.ref_id in self._asked:
            self._query_end(told.ref_id, 0, complete=False, text=translate.words(told.code, told.text))
        if told.code == NOT_LOGGED_IN:
            self._lost(SUPERSEDED_WAIT_NS if told.ref_type == "login" else 0)

    def _refusal(self, order: VenueOrder, told: wire.SessionReject) -> OrderState:
        return OrderState(
            venue_ref=order.venue_ref,
            order_id="",
            symbol=order.symbol,
            side=order.side,
            offset=order.offset,
            qty=order.qty,
            ord_status=translate.REJECTED,
            cum_qty=0,
            reason=translate.OTHER,
            text=translate.words(told.code, told.text),
            trading_day=self._trading_day,
        )

    def _new_day(self, told: wire.NewDay) -> None:
        self._trading_day = told.trading_day
        self._order_seq = self._trade_seq = 0
        self._sink.on_new_day(told.trading_day)

    # ------------------------------------------------------------ streams

    def _book(self, told: wire.Book) -> None:
        self._sink.on_book(told.symbol, told.exch_ns, told.bids, told.asks, told.last, told.volume)

    def _status(self, told: wire.Status) -> None:
        self._sink.on_status(told.symbol, told.status, told.limit_down, told.limit_up)

    def _order(self, told: wire.OrderReport) -> None:
        if not told.req_id:
            self._check_gap(told.seq - 1, self._trade_seq)
            self._order_seq = max(self._order_seq, told.seq)
        if told.session == self._settings.session:
            self._sent.pop(told.client_ref, None)
        self._sink.on_order(translate.order_state(told, self._settings.session))

    def _trade(self, told: wire.TradeReport) -> None:
        if not told.req_id:
            self._check_gap(self._order_seq, told.seq - 1)
            self._trade_seq = max(self._trade_seq, told.seq)
        self._sink.on_trade(translate.trade_state(told, self._settings.session))

    def _check_gap(self, order_seq: int, trade_seq: int) -> None:
        """Something said before this was lost: the day is asked for again."""
        if order_seq <= self._order_seq and trade_seq <= self._trade_seq:
            return
        self._order_seq, self._trade_seq = max(order_seq, self._order_seq), max(trade_seq, self._trade_seq)
        if self._link.up and "resync" not in self._asked.values():
            self._resyncs += 1
            req_id = f"resync-{self._resyncs}"
            self._ask(req_id, "resync", wire.QueryOrders(req_id, "day", trading_day=self._trading_day))

    # ------------------------------------------------------------ queries

    def _ask(self, req_id: str, kind: str, message: wire.SessionMessage) -> None:
        """What can't be sent gets no answer, and is said to have none in time."""
        if self._link.up and self._link.send(message):
            self._asked[req_id] = kind
            self._rows[req_id] = []

    def _row(self, req_id: str, row: Position | Collateral) -> None:
        if req_id in self._rows:
            self._rows[req_id].append(row)

    def _query_reject(self, told: wire.QueryReject) -> None:
        self._query_end(told.req_id, 0, complete=False, text=translate.words(told.code, told.text))

    def _query_end(self, req_id: str, exch_ns: int, *, complete: bool, text: str) -> None:
        kind = self._asked.pop(req_id, "")
        rows = self._rows.pop(req_id, [])
        if kind == "orders":
            self._sink.on_query_end(req_id, complete, text)
        elif kind == "positions":
            self._sink.on_positions(req_id, rows if complete else None, exch_ns, text)
        elif kind == "collateral":
            self._sink.on_collateral(req_id, rows if complete else None, exch_ns, text)
