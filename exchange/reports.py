"""What accounts are told of their orders and trades: two counted streams.

Each report gets its number when it is told, so that one that comes late is
no gap. What a trouble makes of an order's reports (Telling) is done here.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from exchange import rows
from exchange.agenda import MS, Agenda
from exchange.codes import CANCELED, EXPIRED, FILLED, REJECTED
from exchange.values import Order, OrderEvent, Telling, TradeEvent
from wire import exchange as wire

Tell = Callable[[str, str, wire.SessionMessage], None]
"""venue, account, message"""
ENDED = frozenset({FILLED, CANCELED, REJECTED, EXPIRED})
PLAIN = Telling()


class Streams(msgspec.Struct):
    """The last number of each report stream of an account."""

    orders: int = 0
    trades: int = 0


class Reports:
    """The streams of all accounts of all venues."""

    def __init__(self, agenda: Agenda, tell: Tell) -> None:
        self._agenda = agenda
        self._tell = tell
        self._streams: dict[tuple[str, str], Streams] = {}

    def streams(self, venue: str, account: str) -> Streams:
        return self._streams.setdefault((venue, account), Streams())

    def new_day(self, venue: str) -> None:
        """Both streams count from 1 again."""
        for (name, _), streams in self._streams.items():
            if name == venue:
                streams.orders = streams.trades = 0

    def order(self, event: OrderEvent) -> None:
        """An order's state changed: told, unless it is lost."""
        order, how = event.order, event.order.telling or PLAIN
        if _loses_state(how.lose, order):
            return

        def tell(_now: int) -> None:
            streams = self.streams(event.venue, order.account)
            streams.orders += 1
            seq = streams.orders
            self._say(
                event.venue, order.account, how, order.changed_ns,
                lambda again: rows.order_report(order, seq, again=again),
            )  # fmt: skip

        self._at(order.changed_ns, how.orders_ms, tell)

    def trade(self, event: TradeEvent) -> None:
        """A trade of a client: told, unless it is lost."""
        how = event.telling or PLAIN
        if event.house or how.lose in ("all", "trades"):
            return

        def tell(_now: int) -> None:
            streams = self.streams(event.venue, event.account)
            streams.trades += 1
            seq = streams.trades
            self._say(
                event.venue, event.account, how, event.exch_ns,
                lambda again: rows.trade_report(event, seq, again=again),
            )  # fmt: skip

        self._at(event.exch_ns, how.trades_ms, tell)

    def _say(
        self, venue: str, account: str, how: Telling, since_ns: int, report: Callable[[bool], wire.SessionMessage]
    ) -> None:
        if how.gap:
            return
        self._tell(venue, account, report(False))
        for count in range(1, how.again + 1):
            late_ms = max(how.orders_ms, how.trades_ms) + count * how.again_ms if how.again_ms else 0
            self._at(since_ns, late_ms, lambda _now: self._tell(venue, account, report(True)))

    def _at(self, since_ns: int, late_ms: int, act: Callable[[int], None]) -> None:
        if late_ms:
            self._agenda.plan(since_ns + late_ms * MS, act)
        else:
            act(since_ns)


def loses_ack(order: Order) -> bool:
    """Whether the venue's first answer to an order is lost or late."""
    how = order.telling or PLAIN
    return how.lose in ("ack", "all") or how.gap or how.orders_ms > 0


def _loses_state(lose: str, order: Order) -> bool:
    if lose == "ack":
        return order.cum_qty == 0 and order.status not in (CANCELED, EXPIRED, FILLED)
    return lose == "all" or (lose == "end" and order.status in ENDED)
