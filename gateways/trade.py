"""What nodes ask on the trade socket, one method a message.

Every `D` is answered: by `8` pending new once it is handed to the venue, else
by `j`, which says that it never left and never will. What isn't the newest
logon of its node is answered `j` 6, and nothing of it is acted on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.errors import WireError
from gateways import checks
from gateways.account import Account
from gateways.adapter import Refused, VenueOrder
from gateways.checks import Throttle
from gateways.orders import Order, Step
from gateways.questions import Questions, reject_of
from gateways.sessions import Session
from wire import messages as wire
from wire.codec import decode_from_node, encode

MAX_DENIED = 10_000
MAX_HELD = 64
NEVER_AGAIN_NS = 1 << 62


class TradeDesk:
    """Reads the nodes' frames; `send_raw` reaches who isn't logged on."""

    def __init__(self, account: Account, send_raw: Callable[[bytes, bytes], bool]) -> None:
        self._account = account
        self._send_raw = send_raw
        self._clock = account.clock
        self._questions = Questions(account)
        self._throttle = Throttle(int(account.capabilities.get("max_orders_per_s", 0)))
        self._denied: dict[tuple[str, str], Refused] = {}
        self._held: dict[bytes, wire.Logon] = {}
        account.on_ready = self._answer_held
        self._answer: dict[type, Callable[[Session, Any], None]] = {
            wire.NodeHeartbeat: lambda _session, _message: None,
            wire.Logout: self._logout,
            wire.NewOrder: self._new_order,
            wire.Cancel: self._cancel,
            wire.OrderStatusRequest: self._questions.order_status,
            wire.MassStatusRequest: self._questions.mass_status,
            wire.MassCancel: self._mass_cancel,
            wire.PositionsRequest: self._questions.positions,
            wire.CollateralInquiry: self._questions.collateral,
        }

    def frame(self, frames: list[bytes]) -> bool:
        """Act on one message from the socket; False: it was none."""
        if len(frames) != 2:
            self._account.faults["frame_parts"] += 1
            return False
        identity, body = frames
        try:
            message = decode_from_node(body)
        except WireError:
            self._account.faults["frame_broken"] += 1
            return False
        if isinstance(message, wire.Logon):
            self._logon(identity, message)
            return True
        session = self._account.sessions.of(identity)
        if session is None:
            self._account.faults["frame_not_logged_on"] += 1
            self._send_raw(identity, encode(reject_of(message, 6, "not the newest logon of a node: send A")))
            return True
        session.heard_ns = self._clock.mono_ns()
        self._answer[type(message)](session, message)
        return True

    def cancel_silent(self) -> None:
        """Cancel the orders of nodes silent for longer than they said."""
        now_ns = self._clock.mono_ns()
        for session in self._account.sessions.silent(now_ns):
            if not session.fired:
                session.fired = True
                self._account.faults["cancel_on_disconnect"] += 1
            if self._account.session_up and now_ns - session.tried_ns > checks.SECOND_NS:
                orders = [order for order in self._account.table.of_node(session.node) if not order.terminal]
                session.tried_ns = now_ns if orders else NEVER_AGAIN_NS
                self._account.cancel_all(orders)

    def crashed(self, frames: list[bytes]) -> None:
        """Our bug while acting on a frame: a `D` is answered all the same."""
        message = decode_from_node(frames[1])
        session = self._account.sessions.of(frames[0])
        if session is None or not isinstance(message, wire.NewOrder):
            return
        key = (session.node, message.clord_id)
        if key in self._account.table.by_id:
            self._account.reports.tell_state(self._account.table.by_id[key])
        else:
            self._deny(key, Refused(checks.OTHER, "the gateway failed on this order; it was not sent"))
            self._reject(session, message, self._denied[key])

    def _logon(self, identity: bytes, logon: wire.Logon) -> None:
        account = self._account
        if not account.trading_day:
            if len(self._held) < MAX_HELD:
                self._held[identity] = logon  # answered once the venue has said its day
            return
        if logon.version != wire.PROTOCOL_VERSION:
            refused = Refused(checks.UNSUPPORTED, f"version {logon.version}: allowed: {wire.PROTOCOL_VERSION}")
            self._send_raw(identity, encode(reject_of(logon, refused.reason, refused.text)))
            return
        session = account.sessions.logon(identity, logon, self._clock.mono_ns())
        if session is None:
            text = f"node_epoch {logon.node_epoch} of {logon.node} is older than one that logged on"
            self._send_raw(identity, encode(reject_of(logon, checks.NOT_AUTHORISED, text)))
            return
        account.keep_node(session)
        account.send_logon(session)
        if logon.epoch_seen == account.epoch:
            account.reports.resend(session, logon.seq_seen)

    def _answer_held(self) -> None:
        held, self._held = self._held, {}
        for identity, logon in held.items():
            self._logon(identity, logon)

    def _logout(self, session: Session, _message: wire.Logout) -> None:
        self._reply(session, wire.Logout("logged out"))
        self._account.sessions.logout(session)

    # ------------------------------------------------------------ orders

    def _new_order(self, session: Session, message: wire.NewOrder) -> None:
        account = self._account
        key = (session.node, message.clord_id)
        if key in account.table.by_id:
            refused = self._why_not_epoch(session, message.node_epoch)
            if refused is None:
                account.reports.tell_state(account.table.by_id[key])
            else:
                self._reject(session, message, refused)
            return
        refused = self._denied.get(key) or self._why_not(session, message)
        if refused is None:
            refused = self._hand_over(session, message)
        if refused is not None:
            self._deny(key, refused)
            self._reject(session, message, refused)

    def _deny(self, key: tuple[str, str], refused: Refused) -> None:
        """Under this id it never will leave, however often it comes."""
        self._denied[key] = refused
        if len(self._denied) > MAX_DENIED:
            del self._denied[next(iter(self._denied))]

    def _why_not(self, session: Session, message: wire.NewOrder) -> Refused | None:
        account = self._account
        refused = self._why_not_epoch(session, message.node_epoch)
        if refused is None and session.fired:
            refused = Refused(checks.NOT_AUTHORISED, "this node was silent and its orders cancelled: send A")
        if refused is None:
            instrument = account.instruments.get(message.symbol)
            refused = checks.why_not(message, instrument, self._clock.wall_ns())
        if refused is None and not account.session_up:
            refused = Refused(checks.SESSION_DOWN, "the venue's session is down")
        if refused is None and self._throttle.full(self._clock.mono_ns()):
            refused = Refused(checks.THROTTLED, "more than max_orders_per_s")
        return refused

    def _hand_over(self, session: Session, message: wire.NewOrder) -> Refused | None:
        account = self._account
        venue_order = VenueOrder(
            account.adapter.next_venue_ref(), message.symbol, message.side, message.qty, message.px, message.tif,
            message.offset, message.hedge_flag,
        )  # fmt: skip
        order = Order(venue_order, account.trading_day, session.node, message.clord_id, self._clock.wall_ns())
        try:
            account.record_sent(order)
        except OSError as error:
            account.record_denied(order)
            return Refused(checks.OTHER, f"the gateway can't record orders: {error.strerror}")
        account.table.add(order)
        refused = account.adapter.submit(venue_order)
        if refused is not None:
            account.record_denied(order)
            return refused
        self._throttle.count(self._clock.mono_ns())
        account.reports.tell(order, [Step("A")])
        return None

    def _cancel(self, session: Session, message: wire.Cancel) -> None:
        account = self._account
        refused = self._why_not_epoch(session, message.node_epoch)
        if refused is not None:
            self._reject(session, message, refused)
            return
        order = account.table.by_id.get((session.node, message.orig_clord_id))
        if order is None:
            account.reports.tell_cancel_reject(
                session.node, message.cxl_id, message.orig_clord_id, "8", 1, "no order of this id is known here"
            )
            return
        if order.terminal:
            account.reports.tell_cancel_reject(
                session.node, message.cxl_id, message.orig_clord_id, order.ord_status, 0, "the order has ended"
            )
            return
        if not account.session_up:
            refused = Refused(checks.SESSION_DOWN, "the venue's session is down")
        else:
            refused = account.cancel(order, session.node, message.cxl_id)
        if refused is not None:
            self._reject(session, message, refused)

    def _mass_cancel(self, session: Session, message: wire.MassCancel) -> None:
        account = self._account
        refused = self._why_not_epoch(session, message.node_epoch)
        if refused is None and message.scope not in ("own", "all"):
            refused = Refused(checks.FIELD, f"scope {message.scope!r}: allowed: own, all")
        if refused is not None:
            self._reject(session, message, refused)
            return
        if not account.session_up:
            self._reply(session, wire.MassCancelReport(message.req_id, False, "the venue's session is down"))
            return
        table = account.table
        if message.scope == "own":
            orders = table.of_node(session.node)
        else:
            orders = [*table.by_id.values(), *table.outside.values()]
        orders = [one for one in orders if not one.terminal and message.symbol in (None, one.venue.symbol)]
        sent = account.cancel_all(orders)
        text = f"{sent} of {len(orders)} cancels handed to the venue"
        self._reply(session, wire.MassCancelReport(message.req_id, sent == len(orders), text))

    # ------------------------------------------------------------ inner

    def _why_not_epoch(self, session: Session, node_epoch: int) -> Refused | None:
        if node_epoch == session.node_epoch:
            return None
        text = f"node_epoch {node_epoch}, but {session.node} is logged on with {session.node_epoch}"
        return Refused(checks.NOT_AUTHORISED, text)

    def _reject(self, session: Session, message: Any, refused: Refused) -> None:
        self._reply(session, reject_of(message, refused.reason, refused.text))

    def _reply(self, session: Session, message: wire.Message) -> None:
        self._account.sessions.send(session, encode(message))
