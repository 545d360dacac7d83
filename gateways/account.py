"""The venue account as the gateway keeps it: days, orders, who is told.

What the venue says comes in here (the order side of `Sink`), is kept if it is
news, and goes to the nodes. What the nodes ask is in `trade.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from msgspec.structs import astuple

from domain.errors import JournalError, require
from domain.ports import Clock
from gateways.adapter import Adapter, CancelRefused, OrderState, TradeState, VenueOrder
from gateways.orders import Order, OrderTable
from gateways.queries import Queries
from gateways.reports import Reports
from gateways.sessions import Session, Sessions
from gateways.store import KEPT_DAYS, Store
from wire.codec import encode
from wire.instrument import InstrumentDef, map_of
from wire.messages import PROTOCOL_VERSION, GatewayLogon, SecurityDefinition

MAX_CANCELS = 10_000


class Account:
    """All that the trade side of a gateway knows."""

    def __init__(self, venue: str, adapter: Adapter, store: Store, sessions: Sessions, clock: Clock) -> None:
        self.venue = venue
        self.adapter = adapter
        self.store = store
        self.sessions = sessions
        self.clock = clock
        self.table = OrderTable()
        self.reports = Reports(store, sessions, clock)
        self.queries = Queries(adapter, self.table, self.never_arrived, clock)
        self.capabilities = {"cancel_on_disconnect": True, **adapter.capabilities}
        self.instruments: dict[str, InstrumentDef] = {}
        self.cancels: dict[str, tuple[str, str, Order]] = {}  # cancel_ref: node, cxl_id, order
        self.faults: Counter[str] = Counter()
        self.trading_day = ""
        self.epoch = 0
        self.session_up = False
        self._venue_up = False
        self.on_epoch: Callable[[int], None] = lambda _epoch: None
        self.on_ready: Callable[[], None] = lambda: None
        self._definitions: list[bytes] = []
        self._cancel_count = 0

    def restore(self) -> None:
        """Take up what earlier processes wrote. Raises: JournalError."""
        fold: dict[str, Callable[..., Any]] = {
            "begin": self._was_begun,
            "node": lambda *fields: self.sessions.restore(*fields, self.clock.mono_ns()),
            "order": self._was_sent,
            "denied": lambda node, clord_id: self.table.drop(self.table.by_id[node, clord_id]),
            "state": lambda *fields: self.table.of_state(OrderState(**fields[0])).on_state(OrderState(**fields[0])),
            "trade": lambda *fields: self.table.of_trade(TradeState(**fields[0])).on_trade(TradeState(**fields[0])),
            "gone": self._was_gone,
            "report": lambda *_: None,
        }
        for kind, *fields in self.store.read():
            try:
                fold[kind](*fields)
            except (KeyError, TypeError) as error:
                raise JournalError(f"{self.store.directory}: a {kind} record can't be taken up: {error!r}") from error
        self.epoch = max(self.clock.wall_ns(), self.epoch + 1)

    # ------------------------------------------------------------ days and sessions

    def session(self, *, up: bool, trading_day: str, instruments: tuple[InstrumentDef, ...]) -> None:
        """The venue's own session came up, or was lost."""
        self._venue_up = up
        if not up:
            self.session_up = False
            self.queries.fail("the venue's session is down")
            return
        if self.trading_day not in ("", trading_day) and self._left(self.trading_day):
            # The old day's last words were missed: they are asked for before its numbering ends.
            self.queries.day(self.trading_day, lambda *_: self._came_up(trading_day, instruments))
            return
        self._came_up(trading_day, instruments)

    def new_day(self, trading_day: str, instruments: tuple[InstrumentDef, ...]) -> None:
        """A new epoch: counts from 1, said by `A` and the definitions."""
        first = not self.trading_day
        if instruments:
            self.instruments = {one.symbol: one for one in instruments}
            last = len(instruments) - 1
            self._definitions = [
                encode(SecurityDefinition(map_of(one), at == last)) for at, one in enumerate(self.instruments.values())
            ]
        if trading_day == self.trading_day:
            return
        self.trading_day = trading_day
        if not first:
            self.epoch = max(self.clock.wall_ns(), self.epoch + 1)
        self._open_day()
        self.on_epoch(self.epoch)
        if first:
            self.on_ready()
        for session in self.sessions.connected():
            self.send_logon(session)

    def send_logon(self, session: Session) -> None:
        """`A`, then one `d` for each instrument."""
        last_seq = self.reports.last_seq(session.node)
        logon = GatewayLogon(
            PROTOCOL_VERSION, self.venue, self.epoch, self.trading_day, last_seq, self.capabilities,
            len(self._definitions),
        )  # fmt: skip
        self.sessions.send(session, encode(logon))
        for body in self._definitions:
            self.sessions.send(session, body)

    def keep_node(self, session: Session) -> None:
        """A node's epoch outlives this process: an older one stays refused."""
        self.store.append("node", session.node, session.node_epoch, session.cancel_ms)
        self.reports.flush()
        self.reports.add_node(session.node)

    # ------------------------------------------------------------ what the venue says

    def order(self, told: OrderState) -> None:
        order = self.table.of_state(told)
        self.queries.saw(told)
        steps = order.on_state(told)
        if steps and not steps[0].again:
            self.store.append("state", _fields(told))
        self.reports.tell(order, steps)

    def trade(self, told: TradeState) -> None:
        order = self.table.of_trade(told)
        steps = order.on_trade(told)
        if steps and not steps[0].again:
            self.store.append("trade", _fields(told))
        self.reports.tell(order, steps)

    def cancel_refused(self, refused: CancelRefused) -> None:
        asked = self.cancels.pop(refused.cancel_ref, None)
        if asked is None:
            self.faults["cancel_refused_unasked"] += 1
            return
        node, cxl_id, order = asked
        self.reports.tell_cancel_reject(node, cxl_id, order.clord_id, order.ord_status, refused.reason, refused.text)

    def never_arrived(self, order: Order) -> None:
        """A complete answer proves that the venue doesn't have it."""
        self.store.append("gone", order.node, order.clord_id)
        self.reports.tell(order, order.never_arrived())

    # ------------------------------------------------------------ what is done at the venue

    def cancel(self, order: Order, node: str = "", cxl_id: str = "") -> Any:
        """Hand a cancel to the venue; Refused if it surely never left."""
        self._cancel_count += 1
        cancel_ref = f"c{self.epoch:x}-{self._cancel_count}"
        if cxl_id:
            self.cancels[cancel_ref] = (node, cxl_id, order)
            if len(self.cancels) > MAX_CANCELS:
                del self.cancels[next(iter(self.cancels))]
        refused = self.adapter.cancel(order.as_venue(), cancel_ref)
        if refused is not None:
            self.cancels.pop(cancel_ref, None)
        return refused

    def cancel_all(self, orders: list[Order]) -> int:
        """Cancel those that work; how many cancels left."""
        return sum(self.cancel(order) is None for order in orders if not order.terminal)

    def keeps(self, day: str) -> bool:
        """Whether the store reaches back to a trading day."""
        days = self.store.days()
        return day <= self.trading_day and (len(days) < KEPT_DAYS or day >= days[0])

    def record_sent(self, order: Order) -> None:
        """The order and its venue_ref are in the store. Raises: OSError."""
        self.store.append("order", order.trading_day, order.node, order.clord_id, order.sent_ns, _fields(order.venue))
        self.store.flush()

    def record_denied(self, order: Order) -> None:
        """It surely never left: its id is as if it had not come."""
        self.store.append("denied", order.node, order.clord_id)
        self.table.drop(order)

    # ------------------------------------------------------------ inner

    def _came_up(self, trading_day: str, instruments: tuple[InstrumentDef, ...]) -> None:
        if not self._venue_up:
            return  # lost again while the old day was asked for
        self.session_up = True
        self.new_day(trading_day, instruments)
        for day in sorted({trading_day, *(order.trading_day for order in self.table.working())}):
            self.queries.day(day, lambda *_: None)

    def _left(self, day: str) -> bool:
        return any(order.trading_day == day for order in self.table.working())

    def _open_day(self) -> None:
        self.store.open_day(self.trading_day)
        self.store.append("begin", self.epoch, self.trading_day, self.clock.wall_ns())
        for session in self.sessions.by_node.values():
            self.store.append("node", session.node, session.node_epoch, session.cancel_ms)
        self.store.flush()
        self.reports.begin_epoch(self.trading_day)
        kept = self.store.days()
        if len(kept) >= KEPT_DAYS:
            self.table.forget_before(kept[0])

    def _was_gone(self, node: str, clord_id: str) -> None:
        order = self.table.by_id.get((node, clord_id))  # its own day's file may be too old to be kept
        if order is not None:
            order.never_arrived()

    def _was_begun(self, epoch: int, _day: str, _wall_ns: int) -> None:
        self.epoch = max(self.epoch, epoch)

    def _was_sent(self, day: str, node: str, clord_id: str, sent_ns: int, fields: dict[str, Any]) -> None:
        require(node, "an order of no node was stored")
        self.table.add(Order(VenueOrder(**fields), day, node, clord_id, sent_ns))


def _fields(value: Any) -> dict[str, Any]:
    return dict(zip(value.__struct_fields__, astuple(value), strict=True))
