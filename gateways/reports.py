"""What each node is told of orders: numbered, kept, sent, sent again.

`8` and `9` are counted for each node name from 1 within an epoch. A report is
in the store before it is sent, and stands alone: every one carries the order's
cum_qty and leaves_qty as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from domain.ports import Clock
from gateways.orders import TERMINAL, UNKNOWN_ORDER, Order, Step, Trade
from gateways.sessions import Session, Sessions
from gateways.store import Places, Store
from wire.codec import decode_from_gateway, encode
from wire.messages import CancelReject, ExecutionReport

EPOCH_DAY = "19700101"


class Reports:
    """The reports of every node, live and again."""

    def __init__(self, store: Store, sessions: Sessions, clock: Clock) -> None:
        self._store = store
        self._sessions = sessions
        self._clock = clock
        self._logs: dict[str, Places] = {}
        self.trading_day = EPOCH_DAY
        self.unwritten = 0  # times that the disk did not take a report

    def begin_epoch(self, trading_day: str) -> None:
        """All count from 1 again."""
        self.trading_day = trading_day
        self._logs = {node: Places() for node in self._sessions.by_node}

    def last_seq(self, node: str) -> int:
        return len(self._log(node))

    def add_node(self, node: str) -> None:
        """From now on it is told of the account's trades, connected or not."""
        self._log(node)

    def tell(self, order: Order, steps: Iterable[Step]) -> None:
        """News of an order: to its node, and a trade to every node."""
        for step in steps:
            if order.node:
                own = self._own(order, step.exec_type, step.trade)
                self._put(order.node, replace(own, poss_resend=True) if step.again else own)
            if step.trade is not None and not step.again:
                for node in list(self._logs):
                    if node != order.node:
                        self._put(node, self._outside(order, step.trade))

    def tell_order(self, order: Order) -> int:
        """Its trades so far, then its state: the answer of `H` and `AF`."""
        for trade in order.told_trades():
            self._put(order.node, replace(self._own(order, trade.kind, trade), poss_resend=True))
        self.tell_state(order)
        return len(order.trades) + 1

    def tell_state(self, order: Order) -> None:
        self._put(order.node, self._own(order, "I", None))

    def tell_outside(self, node: str, order: Order, trading_day: str) -> int:
        """A day's trades of an order that isn't the node's own."""
        told = [trade for trade in order.told_trades() if trade.trading_day == trading_day]
        for trade in told:
            self._put(node, replace(self._outside(order, trade), poss_resend=True))
        return len(told)

    def tell_unknown(self, node: str, clord_id: str) -> None:
        """The proof that an order of this id never reached the venue."""
        text = "no order of this id is known here"
        self._put(
            node,
            ExecutionReport(
                0, clord_id, None, None, "I", "8", None, None, 0, None, 0, 0, UNKNOWN_ORDER, text, None,
                self._clock.wall_ns(), False, None, self.trading_day, "O",
            ),
        )  # fmt: skip

    def tell_cancel_reject(
        self, node: str, cxl_id: str, orig_clord_id: str, status: str, reason: int, text: str
    ) -> None:
        self._put(node, CancelReject(0, cxl_id, orig_clord_id, status, reason, text, self._clock.wall_ns()))

    def resend(self, session: Session, after_seq: int) -> None:
        """All later ones again, in order, under their own seq."""
        log = self._log(session.node)
        for seq in range(max(0, after_seq) + 1, len(log) + 1):
            body = self._store.read_at(*log[seq])[-1]
            report = decode_from_gateway(body)
            if isinstance(report, ExecutionReport):
                body = encode(replace(report, poss_resend=True))
            if not self._sessions.send(session, body):
                return

    def _log(self, node: str) -> Places:
        return self._logs.setdefault(node, Places())

    def _put(self, node: str, report: ExecutionReport | CancelReject) -> None:
        log = self._log(node)
        body = encode(replace(report, seq=len(log) + 1))
        log.add(self._store.append("report", node, len(log) + 1, body))
        self.flush()
        session = self._sessions.by_node.get(node)
        if session is not None:
            self._sessions.send(session, body)

    def flush(self) -> None:
        """A disk that fails stops new orders, never what is told of old ones."""
        try:
            self._store.flush()
        except OSError:
            self.unwritten += 1

    def _own(self, order: Order, exec_type: str, trade: Trade | None) -> ExecutionReport:
        return self._report(order, exec_type, trade, order.clord_id, "O")

    def _outside(self, order: Order, trade: Trade) -> ExecutionReport:
        origin = "N" if order.node and order.origin != "L" else order.origin
        return self._report(order, trade.kind, trade, None, origin)

    def _report(
        self, order: Order, exec_type: str, trade: Trade | None, clord_id: str | None, origin: str
    ) -> ExecutionReport:
        return ExecutionReport(
            seq=0,
            clord_id=clord_id,
            order_id=order.order_id or None,
            exec_id=trade.exec_id if trade else None,
            exec_type=exec_type,
            ord_status=order.ord_status,
            symbol=order.venue.symbol,
            side=order.venue.side,
            last_qty=trade.qty if trade else 0,
            last_px=trade.px if trade else None,
            cum_qty=order.cum_qty,
            leaves_qty=order.leaves_qty,
            reason=order.reason if order.ord_status in TERMINAL else None,
            text="" if trade else order.text,
            exch_ns=trade.exch_ns if trade else order.exch_ns,
            gw_ns=self._clock.wall_ns(),
            poss_resend=False,
            exec_ref=trade.exec_ref if trade else None,
            trading_day=trade.trading_day if trade else order.trading_day,
            origin=origin,
            offset=order.venue.offset or None,
            fee=trade.fee if trade else None,
            fee_currency=trade.fee_currency if trade else None,
        )
