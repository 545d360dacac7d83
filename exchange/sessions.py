"""Sessions: who is logged on, what they ask, what they are told.

No sockets here: `receive` takes a message of a peer, `tick` moves the venues,
and both put what is to be sent into `outbox`, in order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from exchange import rows
from exchange.codes import REFUSALS, REJECTED, WORKING
from exchange.config import VenueSpec
from exchange.control import Control
from exchange.errors import Lost, Refusal
from exchange.lines import Lines
from exchange.quotes import told_book
from exchange.reports import Reports, Streams, loses_ack
from exchange.values import DayEvent, Event, LineEvent, Order, OrderEvent, StatusEvent, TradeEvent
from exchange.venue import Venue
from exchange.world import MS, World
from wire import exchange as wire

HEARTBEAT_NS = 200 * MS
SILENCE_NS = 5_000 * MS
NOT_LOGGED_IN = 6
NOT_NOW = 90
BAD_FIELD = REFUSALS["bad_field"][1]


class Session(msgspec.Struct):
    """One logged-on connection. `symbols`: what it subscribed to."""

    identity: bytes
    venue: Venue
    account: str
    name: str
    seen_ns: int
    symbols: frozenset[str] = frozenset()


class Sessions:
    """All sessions of all venues."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.outbox: list[tuple[list[bytes], wire.SessionMessage]] = []
        self.control = Control(world)
        self._lines = Lines(self._send_late)
        self._reports = Reports(world.agenda, self._tell)
        self._sessions: dict[bytes, Session] = {}
        self._specs: dict[str, VenueSpec] = {one.name: one for one in world.spec.venue}
        self._infos = {one.name: rows.instruments_told(one.instrument) for one in world.spec.venue}
        self._feed_due = {one.name: world.start_ns for one in world.spec.venue}
        self._sent_changes: dict[tuple[str, str], int] = {}
        self._beat_due = world.start_ns
        self._handlers: dict[type, Callable[[Session, Any, int], None]] = {
            wire.Subscribe: self._subscribe,
            wire.Submit: self._submit,
            wire.CancelOrder: self._cancel,
            wire.QueryOrders: self._query_orders,
            wire.QueryPositions: self._query_positions,
            wire.QueryAccount: self._query_account,
            wire.ClientHeartbeat: lambda _session, _message, _now: None,
            wire.Logoff: lambda session, _message, _now: self.gone(session.identity),
        }

    # ------------------------------------------------------------ in

    def receive(self, identity: bytes, message: wire.SessionMessage, now: int) -> None:
        """Do what a peer asks. Call `publish` after it."""
        if self.control.takes(message):
            self._send(identity, self.control.answer(message, now))
        elif isinstance(message, wire.Login):
            self._login(identity, message, now)
        elif (session := self._sessions.get(identity)) is None:
            self._refuse(identity, message, NOT_LOGGED_IN, "not logged in, or another connection took the session over")
        else:
            session.seen_ns = now
            self._handlers[type(message)](session, message, now)

    def not_understood(self, identity: bytes, why: str) -> None:
        """Answer bytes that were no message."""
        self._send(identity, wire.SessionReject("", "", BAD_FIELD, why[:200]))

    def gone(self, identity: bytes) -> None:
        """A peer can't be reached or went: its session ends, orders stay."""
        self._sessions.pop(identity, None)

    # ------------------------------------------------------------ out

    def publish(self, events: list[Event]) -> None:
        """Tell the sessions what happened."""
        for event in events:
            if isinstance(event, OrderEvent):
                self._reports.order(event)
            elif isinstance(event, TradeEvent):
                self._reports.trade(event)
            elif isinstance(event, StatusEvent):
                self._tell_status(event)
            elif isinstance(event, DayEvent):
                self._new_day(event)
            elif isinstance(event, LineEvent):
                self._line(event)

    def tick(self, now: int) -> None:
        """Send books that are due and heartbeats; drop silent sessions."""
        for name, due in self._feed_due.items():
            if due <= now:
                period = self._specs[name].feed_ms * MS
                self._feed_due[name] = due + ((now - due) // period + 1) * period
                self._send_books(self.world.venues[name], now)
        if self._beat_due <= now:
            self._beat_due = now + HEARTBEAT_NS
            for session in list(self._sessions.values()):
                if now - session.seen_ns > SILENCE_NS:
                    self.gone(session.identity)
                else:
                    self._beat(session, now)

    @property
    def next_ns(self) -> int:
        """When `tick` has something to do next."""
        return min(self._beat_due, *self._feed_due.values())

    # ------------------------------------------------------------ requests

    def _login(self, identity: bytes, message: wire.Login, now: int) -> None:
        venue = self.world.venues.get(message.venue)
        wrong = ""
        if message.version != wire.SESSION_VERSION:
            wrong = f"version {message.version}, the exchange speaks {wire.SESSION_VERSION}"
        elif venue is None:
            wrong = f"no venue {message.venue!r}; there are: {', '.join(self.world.venues)}"
        elif message.account and (message.account not in venue.accounts or venue.accounts[message.account].house):
            wrong = f"no account {message.account!r} at {message.venue}"
        if wrong or venue is None:
            self._send(identity, wire.LoginReject(3, wrong))
            return
        if self._lines.is_down(venue.name, message.account):
            self._send(identity, wire.LoginReject(NOT_NOW, "the venue takes no sessions now: try again"))
            return
        self._supersede(identity, message)
        self._sessions[identity] = Session(identity, venue, message.account, message.session, now)
        streams = self._streams_of(venue.name, message.account)
        infos = self._infos[venue.name]
        self._send(
            identity,
            wire.LoginAck(
                venue=venue.name,
                account=message.account,
                session=message.session,
                trading_day=venue.trading_day,
                exch_ns=now,
                order_seq=streams.orders,
                trade_seq=streams.trades,
                instrument_count=len(infos),
                snapshot_ms=self._specs[venue.name].feed_ms,
            ),
        )
        for info in infos:
            self._send(identity, info)

    def _supersede(self, identity: bytes, message: wire.Login) -> None:
        for old in list(self._sessions.values()):
            same = (old.venue.name, old.account, old.name) == (message.venue, message.account, message.session)
            if same and old.identity != identity:
                self._send(old.identity, wire.SessionReject("login", message.session, NOT_LOGGED_IN, "another login took over"))
                self.gone(old.identity)

    def _subscribe(self, session: Session, message: wire.Subscribe, now: int) -> None:
        listings = session.venue.listings
        for symbol in message.symbols:
            if symbol not in listings:
                self._refuse(session.identity, message, REFUSALS["no_instrument"][1], f"no such instrument: {symbol}")
                return
        session.symbols = frozenset(message.symbols or listings)
        depth = self._specs[session.venue.name].depth
        for symbol in sorted(session.symbols):
            self._send(session.identity, rows.status_of(symbol, listings[symbol], now))
            book = told_book(symbol, listings[symbol], depth, now)
            if book is not None:
                self._send(session.identity, book)

    def _submit(self, session: Session, message: wire.Submit, now: int) -> None:
        if not session.account:
            self._refuse(session.identity, message, NOT_LOGGED_IN, "logged in for the feed alone", message.client_ref)
            return
        try:
            order = session.venue.submit(
                now,
                session.account,
                session.name,
                message.client_ref,
                symbol=message.symbol,
                side=message.side,
                qty=message.qty,
                px=message.px,
                tif=message.tif,
                offset=message.offset,
            )
        except Refusal as why:
            self._refuse(session.identity, message, why.code, why.text, message.client_ref)
            return
        except Lost:
            return
        if order.status != REJECTED and not loses_ack(order):
            self._send(session.identity, wire.Ack(session.name, message.client_ref, order.order_id, now))

    def _cancel(self, session: Session, message: wire.CancelOrder, now: int) -> None:
        ref = (session.account, message.session or session.name, message.client_ref, message.order_id)
        try:
            session.venue.cancel(now, *ref)
        except Lost:
            return
        except Refusal as why:
            order = session.venue.find(*ref)
            status = order.status if order is not None else REJECTED
            self._send(
                session.identity,
                wire.CancelReject(message.cancel_ref, ref[1], message.client_ref, status, why.reason, why.code, why.text),
            )

    def _query_orders(self, session: Session, message: wire.QueryOrders, now: int) -> None:
        venue = session.venue
        if message.scope == "one":
            found = venue.find(session.account, message.session or session.name, message.client_ref, message.order_id)
            orders = [found] if found is not None else []
        else:
            orders = venue.orders(session.account, message.trading_day)
        told: list[Order] = [order for order in orders if message.scope != "working" or order.status in WORKING]
        for order in told:
            for trade in venue.trades(order):
                self._send(session.identity, rows.trade_report(trade, 0, message.req_id))
            self._send(session.identity, rows.order_report(order, 0, message.req_id))
        self._end(session, message.req_id, len(told), now)

    def _query_positions(self, session: Session, message: wire.QueryPositions, now: int) -> None:
        instruments = [one.instrument for one in session.venue.listings.values() if one.instrument.tradable]
        told = instruments if session.account else []
        for instrument in told:
            self._send(
                session.identity, rows.position_row(message.req_id, session.venue.accounts[session.account], instrument)
            )
        self._end(session, message.req_id, len(told), now)

    def _query_account(self, session: Session, message: wire.QueryAccount, now: int) -> None:
        venue = session.venue
        account = venue.accounts.get(session.account)
        balances = account.balances(venue.reference, venue.mark) if account is not None else []
        for balance in balances:
            self._send(session.identity, rows.account_row(message.req_id, balance))
        self._end(session, message.req_id, len(balances), now)

    def _end(self, session: Session, req_id: str, count: int, now: int) -> None:
        streams = self._streams_of(session.venue.name, session.account)
        self._send(session.identity, wire.QueryEnd(req_id, count, streams.orders, streams.trades, now))

    # ------------------------------------------------------------ inside

    def _tell(self, venue: str, account: str, message: wire.SessionMessage) -> None:
        to = [one.identity for one in self._sessions.values() if one.venue.name == venue and one.account == account]
        self._post(to, message)

    def _tell_status(self, event: StatusEvent) -> None:
        listing = self.world.venues[event.venue].listings[event.symbol]
        self._feed(event.venue, event.symbol, rows.status_of(event.symbol, listing, event.exch_ns))

    def _feed(self, venue: str, symbol: str, message: wire.SessionMessage) -> None:
        to = [one.identity for one in self._sessions.values() if one.venue.name == venue and symbol in one.symbols]
        self._post(to, message)

    def _send_books(self, venue: Venue, now: int) -> None:
        depth = self._specs[venue.name].depth
        for symbol, listing in venue.listings.items():
            if self._sent_changes.get((venue.name, symbol)) != listing.book.changes:
                self._sent_changes[venue.name, symbol] = listing.book.changes
                book = told_book(symbol, listing, depth, now)
                if book is not None:
                    self._feed(venue.name, symbol, book)

    def _new_day(self, event: DayEvent) -> None:
        self._reports.new_day(event.venue)
        to = [one.identity for one in self._sessions.values() if one.venue.name == event.venue]
        self._post(to, wire.NewDay(event.venue, event.trading_day, event.exch_ns))
        for symbol, listing in self.world.venues[event.venue].listings.items():
            self._feed(event.venue, symbol, rows.status_of(symbol, listing, event.exch_ns))

    def _beat(self, session: Session, now: int) -> None:
        streams = self._streams_of(session.venue.name, session.account)
        beat = wire.ExchangeHeartbeat(now, session.venue.trading_day, streams.orders, streams.trades)
        self._send(session.identity, beat)

    def _streams_of(self, venue: str, account: str) -> Streams:
        return self._reports.streams(venue, account)

    def _line(self, event: LineEvent) -> None:
        """The line of an account was dropped, is back, silent, or speaks."""
        where = (event.venue, event.account)
        if event.what == "drop":
            self._lines.drop(*where)
            for one in list(self._sessions.values()):
                if one.venue.name == event.venue and event.account in ("", one.account):
                    self._send(one.identity, wire.SessionReject("", "", NOT_LOGGED_IN, "the venue dropped the session"))
                    self.gone(one.identity)
        elif event.what == "back":
            self._lines.back(*where)
        elif event.what == "silent":
            self._lines.hush(*where, event.how)
        else:
            self._lines.speak(*where, event.how)

    def _refuse(self, identity: bytes, message: Any, code: int, text: str, ref: str = "") -> None:
        tag = wire.FIELDS_OF[type(message)][0]
        self._send(identity, wire.SessionReject(tag, ref or getattr(message, "req_id", ""), code, text))

    def _send(self, identity: bytes, message: wire.SessionMessage) -> None:
        self._post([identity], message)

    def _send_late(self, identity: bytes, message: wire.SessionMessage) -> None:
        if identity in self._sessions:
            self._send(identity, message)

    def _post(self, to: list[bytes], message: wire.SessionMessage) -> None:
        """Into the outbox; a silent line keeps it for later."""
        to = [identity for identity in to if not self._kept(identity, message)]
        if to:
            self.outbox.append((to, message))

    def _kept(self, identity: bytes, message: wire.SessionMessage) -> bool:
        session = self._sessions.get(identity)
        if session is None or isinstance(message, wire.ControlReply):
            return False
        return self._lines.keep(session.venue.name, session.account, identity, message)
