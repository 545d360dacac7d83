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
from exchange.errors import ExchangeError, Refusal
from exchange.truth import truth_of
from exchange.values import DayEvent, Event, Order, OrderEvent, StatusEvent, TradeEvent
from exchange.venue import Venue
from exchange.world import MS, World
from wire import exchange as wire

HEARTBEAT_NS = 200 * MS
SILENCE_NS = 5_000 * MS
NOT_LOGGED_IN = 6
BAD_FIELD = REFUSALS["bad_field"][1]


class Session(msgspec.Struct):
    """One logged-on connection. `symbols`: what it subscribed to."""

    identity: bytes
    venue: Venue
    account: str
    name: str
    seen_ns: int
    symbols: frozenset[str] = frozenset()


class Streams(msgspec.Struct):
    """The last number of each report stream of an account."""

    orders: int = 0
    trades: int = 0


class Sessions:
    """All sessions of all venues."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.outbox: list[tuple[list[bytes], wire.SessionMessage]] = []
        self.stopping = False
        self._sessions: dict[bytes, Session] = {}
        self._streams: dict[tuple[str, str], Streams] = {}
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
        self._controls: dict[type, Callable[[Any, int], dict[str, Any]]] = {
            wire.Fault: self._fault,
            wire.Truth: lambda message, _now: truth_of(world, message.venue),
            wire.RollDay: self._roll,
            wire.SetStatus: self._set_status,
            wire.Stop: self._stop,
        }

    # ------------------------------------------------------------ in

    def receive(self, identity: bytes, message: wire.SessionMessage, now: int) -> None:
        """Do what a peer asks. Call `publish` after it."""
        control = self._controls.get(type(message))
        if control is not None:
            self._control(identity, message, control, now)
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
                streams = self._streams_of(event.venue, event.order.account)
                streams.orders += 1
                self._tell(event.venue, event.order.account, rows.order_report(event.order, streams.orders))
            elif isinstance(event, TradeEvent):
                if not event.house:
                    streams = self._streams_of(event.venue, event.account)
                    streams.trades += 1
                    self._tell(event.venue, event.account, rows.trade_report(event, streams.trades))
            elif isinstance(event, StatusEvent):
                self._tell_status(event)
            elif isinstance(event, DayEvent):
                self._new_day(event)

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
            self._send(session.identity, rows.book_of(symbol, listings[symbol], depth, now))

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
        if order.status != REJECTED:
            self._send(session.identity, wire.Ack(session.name, message.client_ref, order.order_id, now))

    def _cancel(self, session: Session, message: wire.CancelOrder, now: int) -> None:
        ref = (session.account, message.session or session.name, message.client_ref, message.order_id)
        try:
            session.venue.cancel(now, *ref)
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

    # ------------------------------------------------------------ control

    def _control(self, identity: bytes, message: Any, control: Callable[[Any, int], dict[str, Any]], now: int) -> None:
        try:
            body = control(message, now)
        except ExchangeError as error:
            self._send(identity, wire.ControlReply(message.req_id, False, str(error), {}))
            return
        self._send(identity, wire.ControlReply(message.req_id, True, "", body))

    def _fault(self, message: wire.Fault, _now: int) -> dict[str, Any]:
        if message.kind == "list" and not message.venue:
            return {name: venue.troubles.listed() for name, venue in self.world.venues.items()}
        troubles = self._venue(message.venue).troubles
        if message.kind == "list":
            return {message.venue: troubles.listed()}
        return {message.venue: [msgspec.structs.asdict(troubles.arm(message.kind, message.args))]}

    def _roll(self, message: wire.RollDay, now: int) -> dict[str, Any]:
        self._venue(message.venue).roll(now, message.trading_day)
        return {}

    def _set_status(self, message: wire.SetStatus, now: int) -> dict[str, Any]:
        self._venue(message.venue).set_status(now, message.symbol, message.status)
        return {}

    def _stop(self, _message: wire.Stop, _now: int) -> dict[str, Any]:
        self.stopping = True
        return {}

    def _venue(self, name: str) -> Venue:
        if name not in self.world.venues:
            raise ExchangeError(f"no venue {name!r}; there are: {', '.join(self.world.venues)}")
        return self.world.venues[name]

    # ------------------------------------------------------------ inside

    def _tell(self, venue: str, account: str, message: wire.SessionMessage) -> None:
        to = [one.identity for one in self._sessions.values() if one.venue.name == venue and one.account == account]
        if to:
            self.outbox.append((to, message))

    def _tell_status(self, event: StatusEvent) -> None:
        listing = self.world.venues[event.venue].listings[event.symbol]
        self._feed(event.venue, event.symbol, rows.status_of(event.symbol, listing, event.exch_ns))

    def _feed(self, venue: str, symbol: str, message: wire.SessionMessage) -> None:
        to = [one.identity for one in self._sessions.values() if one.venue.name == venue and symbol in one.symbols]
        if to:
            self.outbox.append((to, message))

    def _send_books(self, venue: Venue, now: int) -> None:
        depth = self._specs[venue.name].depth
        for symbol, listing in venue.listings.items():
            if self._sent_changes.get((venue.name, symbol)) != listing.book.changes:
                self._sent_changes[venue.name, symbol] = listing.book.changes
                self._feed(venue.name, symbol, rows.book_of(symbol, listing, depth, now))

    def _new_day(self, event: DayEvent) -> None:
        for (venue, _account), streams in self._streams.items():
            if venue == event.venue:
                streams.orders = streams.trades = 0
        to = [one.identity for one in self._sessions.values() if one.venue.name == event.venue]
        if to:
            self.outbox.append((to, wire.NewDay(event.venue, event.trading_day, event.exch_ns)))
        for symbol, listing in self.world.venues[event.venue].listings.items():
            self._feed(event.venue, symbol, rows.status_of(symbol, listing, event.exch_ns))

    def _beat(self, session: Session, now: int) -> None:
        streams = self._streams_of(session.venue.name, session.account)
        beat = wire.ExchangeHeartbeat(now, session.venue.trading_day, streams.orders, streams.trades)
        self._send(session.identity, beat)

    def _streams_of(self, venue: str, account: str) -> Streams:
        return self._streams.setdefault((venue, account), Streams())

    def _refuse(self, identity: bytes, message: Any, code: int, text: str, ref: str = "") -> None:
        tag = wire.FIELDS_OF[type(message)][0]
        self._send(identity, wire.SessionReject(tag, ref or getattr(message, "req_id", ""), code, text))

    def _send(self, identity: bytes, message: wire.SessionMessage) -> None:
        self.outbox.append(([identity], message))
