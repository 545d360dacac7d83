"""What nodes ask and the venue must answer: H, AF, AN and BB.

An answer is whole or none: where the venue gives no whole one in time, the
node is told by `j` reason 4 that there is none, never by an empty answer.
"""

from __future__ import annotations

from typing import Any

from gateways import checks
from gateways.account import Account
from gateways.adapter import Collateral, Position, Refused
from gateways.orders import Order
from gateways.sessions import Session
from wire import messages as wire
from wire.codec import encode


class Questions:
    """The answers, from the account's own books once the venue has spoken."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def order_status(self, session: Session, message: wire.OrderStatusRequest) -> None:
        account = self._account
        order = account.table.by_id.get((session.node, message.clord_id))
        if order is None:
            account.reports.tell_unknown(session.node, message.clord_id)
        elif order.complete:
            account.reports.tell_order(order)
        elif not account.session_up:
            self._reject(session, message, Refused(checks.SESSION_DOWN, "the venue's session is down"))
        else:
            account.queries.one(
                order, lambda complete, text: self._status_came(session, message, order, complete, text)
            )

    def _status_came(
        self, session: Session, message: wire.OrderStatusRequest, order: Order, complete: bool, text: str
    ) -> None:
        if order.complete or (complete and order.known_to_venue):
            self._account.reports.tell_order(order)
        else:
            text = text or "the venue may not have it yet"
            self._reject(session, message, Refused(checks.SESSION_DOWN, text))

    def mass_status(self, session: Session, message: wire.MassStatusRequest) -> None:
        account = self._account
        day = message.trading_day or account.trading_day
        if message.scope not in ("working", "day"):
            text = f"scope {message.scope!r}: allowed: working, day"
            self._reject(session, message, Refused(checks.FIELD, text))
        elif not account.keeps(day):
            self._reject(session, message, Refused(checks.FIELD, f"trading_day {day} is not kept here"))
        elif not account.session_up:
            self._reject(session, message, Refused(checks.SESSION_DOWN, "the venue's session is down"))
        elif not account.capabilities.get("mass_status"):
            self._tell_all(session, message, day)
        else:
            account.queries.day(day, lambda complete, text: self._mass_came(session, message, day, complete, text))

    def _mass_came(
        self, session: Session, message: wire.MassStatusRequest, day: str, complete: bool, text: str
    ) -> None:
        if complete:
            self._tell_all(session, message, day)
        else:
            self._reject(session, message, Refused(checks.SESSION_DOWN, text or "the venue gave no whole answer"))

    def _tell_all(self, session: Session, message: wire.MassStatusRequest, day: str) -> None:
        account = self._account
        told = 0
        present = day == account.trading_day
        for order in account.table.of_node(session.node):
            if message.scope == "working":
                asked = not order.terminal
            else:
                asked = order.trading_day == day or (present and not order.terminal)
                asked = asked or any(trade.trading_day == day for trade in order.trades)
            if asked:
                told += account.reports.tell_order(order)
        if message.scope == "day":
            others = [one for one in account.table.by_id.values() if one.node != session.node]
            for order in [*others, *account.table.outside.values()]:
                told += account.reports.tell_outside(session.node, order, day)
        self._reply(session, wire.MassStatusEnd(message.req_id, told))

    def positions(self, session: Session, message: wire.PositionsRequest) -> None:
        account = self._account
        begun_seq = account.reports.last_seq(session.node)

        def came(rows: list[Position] | None, asof_ns: int, text: str) -> None:
            if rows is None:
                self._reject(session, message, Refused(checks.SESSION_DOWN, text))
                return
            seq = account.reports.last_seq(session.node) if account.adapter.answers_in_order else begun_seq
            held = {row.symbol: row for row in rows}
            symbols = [*{**account.instruments, **held}]
            for symbol in symbols:
                row = held.get(symbol) or Position(symbol, 0, 0, 0, 0, 0, 0, 0, 0)
                self._reply(session, position_of(message.req_id, row, asof_ns, seq, symbol == symbols[-1]))

        if self._can_ask(session, message, "positions"):
            account.queries.positions(came)

    def collateral(self, session: Session, message: wire.CollateralInquiry) -> None:
        def came(rows: list[Collateral] | None, asof_ns: int, text: str) -> None:
            if not rows:
                self._reject(session, message, Refused(checks.SESSION_DOWN, text or "the venue named no currency"))
                return
            for row in rows:
                self._reply(
                    session,
                    wire.CollateralReport(
                        message.req_id, row.currency, row.equity, row.available, row.margin_used, row.fees, asof_ns,
                        row is rows[-1],
                    ),
                )  # fmt: skip

        if self._can_ask(session, message, "collateral"):
            self._account.queries.collateral(came)

    def _can_ask(self, session: Session, message: Any, capability: str) -> bool:
        refused = None
        if not self._account.capabilities.get(capability):
            refused = Refused(checks.UNSUPPORTED, f"this gateway has no {capability}")
        elif not self._account.session_up:
            refused = Refused(checks.SESSION_DOWN, "the venue's session is down")
        if refused is not None:
            self._reject(session, message, refused)
        return refused is None

    def _reject(self, session: Session, message: Any, refused: Refused) -> None:
        self._reply(session, reject_of(message, refused.reason, refused.text))

    def _reply(self, session: Session, message: wire.Message) -> None:
        self._account.sessions.send(session, encode(message))


def reject_of(message: Any, reason: int, text: str) -> wire.BusinessReject:
    """The `j` to a message; ref_id is its id, or its type where it has none."""
    tag = wire.tag_of[type(message)]
    for name in ("clord_id", "cxl_id", "req_id", "node"):
        if not (name == "clord_id" and tag == "H") and hasattr(message, name):
            return wire.BusinessReject(tag, getattr(message, name), reason, text)
    return wire.BusinessReject(tag, tag, reason, text)


def position_of(req_id: str, row: Position, asof_ns: int, asof_seq: int, last: bool) -> wire.PositionReport:
    return wire.PositionReport(
        req_id, row.symbol, row.long_qty, row.short_qty, row.long_today, row.short_today, row.long_free,
        row.short_free, row.long_free_today, row.short_free_today, asof_ns, asof_seq, last,
    )  # fmt: skip
