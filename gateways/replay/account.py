"""The replay venue's account: orders, trades, positions, money.

Theory. State changes in one way, by a record of truth.py: the venue writes it,
then applies it. A restart applies the file again and stands where it stood,
with its numbers going on; orders that still worked then are ended, because the
recorded book that they rested in is gone.

Positions are in lots: net, or longs and shorts apart where offsets open and
close (all of them are of today: a replay begins flat). A spot instrument begins
with an inventory and is never sold beyond it; what a spot buy costs must be
there in money. An inverse contract is worth lots over price, in its base.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from domain.errors import require
from gateways.replay.truth import AnyRecord, OrderEnded, OrderPlaced, OrderTraded
from wire.instrument import InstrumentDef

BUY, SELL = "1", "2"
OPEN_OFFSETS, CLOSE_YESTERDAY = "NO", "Y"
NEW, PARTIALLY_FILLED, FILLED = "0", "1", "2"
ZERO = Decimal(0)


class Terms(Struct, frozen=True):
    """An instrument with what this account may do in it.

    `inventory` in lots, `fee_rate` and `margin_rate` of turnover.
    """

    definition: InstrumentDef
    inventory: int = 0
    fee_rate: Decimal = ZERO
    margin_rate: Decimal = ZERO

    @property
    def lot_value(self) -> Decimal:
        """Money in one lot at one tick; inverse: base in one lot, times ticks."""
        found = self.definition
        held = Decimal(found.lot_size) * Decimal(found.multiplier)
        return held / Decimal(found.tick_size) if self.is_inverse else held * Decimal(found.tick_size)

    def worth(self, px: int) -> Decimal:
        """What a long lot is worth at `px` ticks; it grows with the price."""
        if not self.is_inverse:
            return px * self.lot_value
        return -self.lot_value / px if px else ZERO

    @property
    def is_inverse(self) -> bool:
        """Whether a lot is a sum of money, settled in the base."""
        return self.definition.kind == "inverse"

    @property
    def currency(self) -> str:
        """What gains, losses and fees are paid in."""
        found = self.definition
        return (found.base or found.currency) if self.is_inverse else found.currency

    @property
    def nets(self) -> bool:
        """Whether a sale takes off a long position by itself."""
        return self.definition.offset_mode == "net"

    @property
    def is_spot(self) -> bool:
        """Whether the thing itself changes hands, for money at once."""
        return self.definition.kind == "spot"


class Order(Struct, gc=False):
    """An order as the venue has it."""

    placed: OrderPlaced
    ord_status: str = NEW
    cum_qty: int = 0
    leaves_qty: int = 0
    reason: int | None = None
    text: str = ""

    @property
    def working(self) -> bool:
        """Whether it can still trade."""
        return self.ord_status in {NEW, PARTIALLY_FILLED}


class Money(Struct, frozen=True):
    """The account in its one currency."""

    equity: Decimal
    available: Decimal
    margin_used: Decimal
    fees: Decimal


class Account:
    """What the venue knows; changed by `apply` alone."""

    def __init__(self, terms: Iterable[Terms], cash: Decimal) -> None:
        self.terms = {each.definition.symbol: each for each in terms}
        self.orders: dict[str, Order] = {}
        self.trades: dict[str, list[OrderTraded]] = {}
        self.positions = dict.fromkeys(self.terms, 0)
        self.longs = dict.fromkeys(self.terms, 0)
        self.shorts = dict.fromkeys(self.terms, 0)
        self.trade_count = 0
        self._by_ref: dict[str, str] = {}
        self._working: dict[str, Order] = {}
        self._cash = cash
        self._fees = ZERO

    def apply(self, record: AnyRecord) -> Order:
        """Change the account by what happened; the order it happened to."""
        if isinstance(record, OrderPlaced):
            return self._placed(record)
        order = self.orders[record.order_id]
        if isinstance(record, OrderTraded):
            self._traded(order, record)
        else:
            self._ended(order, record)
        if not order.working:
            self._working.pop(record.order_id, None)
        return order

    def order_of(self, venue_ref: str) -> Order | None:
        """The order that its gateway calls `venue_ref`."""
        order_id = self._by_ref.get(venue_ref)
        return None if order_id is None else self.orders[order_id]

    def working(self) -> list[Order]:
        """The orders that can still trade, oldest first."""
        return list(self._working.values())

    def fee(self, symbol: str, qty: int, px: int) -> Decimal:
        """What a trade costs, by the account's rate."""
        terms = self.terms[symbol]
        return abs(qty * terms.worth(px) * terms.fee_rate)

    def held(self, symbol: str) -> int:
        """Lots that the account has: inventory and what was traded."""
        return self.terms[symbol].inventory + self.positions[symbol]

    def held_lots(self, symbol: str) -> tuple[int, int, int, int]:
        """Long, short, and what of each was opened today, in lots."""
        if not self.terms[symbol].nets:
            longs, shorts = self.longs[symbol], self.shorts[symbol]
            return longs, shorts, longs, shorts
        held, traded = self.held(symbol), self.positions[symbol]
        long_qty, short_qty = max(held, 0), max(-held, 0)
        return long_qty, short_qty, min(long_qty, max(traded, 0)), min(short_qty, max(-traded, 0))

    def frozen(self, symbol: str, side: str) -> int:
        """Lots held that working orders of one side may still take off."""
        placed = (order for order in self._working.values() if order.placed.symbol == symbol)
        closes = (order for order in placed if order.placed.offset != "O")
        return sum(order.leaves_qty for order in closes if order.placed.side == side)

    def why_not(self, symbol: str, side: str, qty: int, px: int, offset: str = "N") -> str:
        """Why the account can't place an order, in words; "" where it can."""
        terms = self.terms[symbol]
        if offset not in OPEN_OFFSETS:
            return self._over_close(symbol, side, qty, offset)
        if not terms.is_spot:
            return ""
        if side == SELL:
            free = self.held(symbol) - self.frozen(symbol, SELL)
            return "" if qty <= free else f"no short selling: {free} lots of {symbol} are free, {qty} were to be sold"
        cost, free_money = px * qty * terms.lot_value * (1 + terms.fee_rate), self.free_cash()
        return "" if cost <= free_money else f"costs {cost:f}, {free_money:f} is free"

    def _over_close(self, symbol: str, side: str, qty: int, offset: str) -> str:
        """A close takes off what was opened here, and nothing of yesterday."""
        held = self.longs[symbol] if side == SELL else self.shorts[symbol]
        free = 0 if offset == CLOSE_YESTERDAY else held - self.frozen(symbol, side)
        what = "yesterday's" if offset == CLOSE_YESTERDAY else "today's"
        return "" if qty <= free else f"over close: {free} of {what} lots of {symbol} are free, {qty} were to be closed"

    def free_cash(self) -> Decimal:
        """Money that no working spot buy has a claim on."""
        claims = ZERO
        for order in self._working.values():
            terms = self.terms[order.placed.symbol]
            if terms.is_spot and order.placed.side == BUY:
                claims += (order.placed.px or 0) * order.leaves_qty * terms.lot_value
        return self._cash - claims

    def money(self, marks: dict[str, int]) -> Money:
        """Equity at these marks (ticks a symbol); a missing mark counts 0."""
        equity, margin = self._cash, ZERO
        for symbol, terms in self.terms.items():
            value = terms.worth(marks.get(symbol, 0))
            equity += value * (self.held(symbol) if terms.is_spot else self.positions[symbol])
            margin += abs(value * self.positions[symbol]) * terms.margin_rate
        free = equity - margin if not any(terms.is_spot for terms in self.terms.values()) else self.free_cash()
        return Money(equity, free, margin, self._fees)

    def _placed(self, record: OrderPlaced) -> Order:
        require(record.order_id not in self.orders, f"{record.order_id}: placed twice")
        order = Order(record, leaves_qty=record.qty)
        self.orders[record.order_id] = self._working[record.order_id] = order
        self.trades[record.order_id] = []
        self._by_ref[record.venue_ref] = record.order_id
        return order

    def _traded(self, order: Order, record: OrderTraded) -> None:
        require(0 < record.qty <= order.leaves_qty, f"{record.exec_id}: {record.qty} of {order.leaves_qty} lots")
        placed = order.placed
        order.cum_qty += record.qty
        order.leaves_qty -= record.qty
        order.ord_status = PARTIALLY_FILLED if order.leaves_qty else FILLED
        self.trades[record.order_id].append(record)
        self.trade_count += 1
        signed = record.qty if placed.side == BUY else -record.qty
        self.positions[placed.symbol] += signed
        self._hold(placed, signed)
        self._cash -= signed * self.terms[placed.symbol].worth(record.px) + Decimal(record.fee)
        self._fees += Decimal(record.fee)

    def _hold(self, placed: OrderPlaced, signed: int) -> None:
        """Longs and shorts, by the side that the offset says."""
        if self.terms[placed.symbol].nets:
            return
        if (signed > 0) == (placed.offset == "O"):
            self.longs[placed.symbol] += signed
        else:
            self.shorts[placed.symbol] -= signed

    @staticmethod
    def _ended(order: Order, record: OrderEnded) -> None:
        order.ord_status, order.leaves_qty = record.ord_status, 0
        order.reason, order.text = record.reason, record.text
