"""Orders of the book, and the events that the core tells its server."""

from __future__ import annotations

import msgspec

from exchange.codes import WORKING

HOUSE = "~house"
"""The account of the simulated participants."""


class Telling(msgspec.Struct, frozen=True, gc=False):
    """How an order's reports come (troubles): what is lost, late, again.

    `lose`: "" nothing, ack, all, trades, end; `gap`: lost, but counted.
    """

    lose: str = ""
    gap: bool = False
    orders_ms: int = 0
    trades_ms: int = 0
    again: int = 0
    again_ms: int = 0


class Order(msgspec.Struct, gc=False):
    """One order as the venue keeps it.

    Of troubles: `cap`: fill no more; `extra`: fill so much more than ordered;
    `gone`: lots once traded and taken off again, which never work again.
    `origin`: O a session's, L the broker's (forced liquidation).
    """

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
    extra: int = 0
    gone: int = 0
    origin: str = "O"
    telling: Telling | None = None

    @property
    def open_qty(self) -> int:
        """Lots not traded yet, whatever the state."""
        return max(0, self.qty - self.cum_qty - self.gone)

    @property
    def leaves_qty(self) -> int:
        """Lots that still work."""
        return self.open_qty if self.status in WORKING else 0


class OrderEvent(msgspec.Struct, frozen=True, gc=False):
    """An order's state changed; `order` is a copy as it was then."""

    venue: str
    order: Order


class TradeEvent(msgspec.Struct, frozen=True, gc=False):
    """One side of a trade. Both sides carry the same trade_id.

    `exec_type`: F; H takes the trade `trade_ref` off (qty, px: what it was); G
    makes it qty at px. `was_qty`, `was_px`: of a G, what it was before.
    """

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
    exec_type: str = "F"
    trade_ref: str = ""
    was_qty: int = 0
    was_px: int = 0
    origin: str = "O"
    telling: Telling | None = None


class TroubleEvent(msgspec.Struct, frozen=True, gc=False):
    """A trouble met an order, or was done, or found nothing to do (`missed`).

    The order's fields are "" where it met none. `client_ref` names an order
    that was lost before the venue too.
    """

    venue: str
    kind: str
    number: int
    exch_ns: int
    how: str = ""
    account: str = ""
    session: str = ""
    client_ref: str = ""
    order_id: str = ""
    symbol: str = ""
    text: str = ""
    missed: bool = False


class LineEvent(msgspec.Struct, frozen=True, gc=False):
    """The line to an account's sessions ("" all of the venue's).

    `what`: drop, back; silent (`how`: all, orders, quotes), speak.
    """

    venue: str
    account: str
    what: str
    exch_ns: int
    how: str = ""


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


Event = OrderEvent | TradeEvent | StatusEvent | DayEvent | TroubleEvent | LineEvent
