"""Orders of the book, and the events that the core tells its server."""

from __future__ import annotations

import msgspec

from exchange.codes import WORKING


class Order(msgspec.Struct, gc=False):
    """One order as the venue keeps it. `cap`: fill no more (a trouble)."""

    order_id: str
    account: str
    session: str
    client_ref: str
    symbol: str
    side: str
    offset: str
    qty: int
    px: int | None
    tif: str
    entered_ns: int
    trading_day: str
    house: bool = False
    status: str = "0"
    cum_qty: int = 0
    reason: int | None = None
    code: int = 0
    text: str = ""
    changed_ns: int = 0
    cap: int | None = None

    @property
    def open_qty(self) -> int:
        """Lots not traded yet, whatever the state."""
        return self.qty - self.cum_qty

    @property
    def leaves_qty(self) -> int:
        """Lots that still work."""
        return self.qty - self.cum_qty if self.status in WORKING else 0


class OrderEvent(msgspec.Struct, frozen=True, gc=False):
    """An order's state changed; `order` is a copy as it was then."""

    venue: str
    order: Order


class TradeEvent(msgspec.Struct, frozen=True, gc=False):
    """One side of a trade. Both sides carry the same trade_id."""

    venue: str
    account: str
    session: str
    client_ref: str
    order_id: str
    trade_id: str
    symbol: str
    side: str
    offset: str
    qty: int
    px: int
    fee: int
    fee_currency: str
    fee_digits: int
    exch_ns: int
    trading_day: str
    maker: bool
    house: bool


class StatusEvent(msgspec.Struct, frozen=True, gc=False):
    """A symbol's trading status or its day's limits changed."""

    venue: str
    symbol: str
    status: int
    exch_ns: int


class DayEvent(msgspec.Struct, frozen=True, gc=False):
    """A trading day began."""

    venue: str
    trading_day: str
    exch_ns: int


Event = OrderEvent | TradeEvent | StatusEvent | DayEvent
