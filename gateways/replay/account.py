"""The account of a venue that is ours: orders, trades, positions, money.

Theory. State changes in one way, by a record of truth.py: the venue writes it,
then applies it. A restart applies the file again and stands where it stood,
with its numbers going on; orders that still worked then are ended, because the
recorded book that they rested in is gone.

Positions are in lots: net, or longs and shorts apart where offsets open and
close. A day begins with nothing of today's: what is held becomes yesterday's,
and is closed as such where the two are kept apart; records say their day. A
spot instrument begins with an inventory and is never sold beyond it; what a
spot buy costs must be there in money. An inverse contract is worth lots over
price, in its base. A trade's fee is the schedule's for what its lots did:
opened, closed older ones, closed today's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from domain.errors import require
from gateways.replay.truth import AnyRecord, OrderEnded, OrderPlaced, OrderTraded
from wire.instrument import InstrumentDef

BUY, SELL = "1", "2"
OPEN_OFFSETS, CLOSE, CLOSE_TODAY, CLOSE_YESTERDAY = "NO", "C", "T", "Y"
WORDS = {CLOSE: "", CLOSE_TODAY: "today's ", CLOSE_YESTERDAY: "yesterday's "}
NEW, PARTIALLY_FILLED, FILLED = "0", "1", "2"
PARTS = ("open", "close", "close_today")
ZERO = Decimal(0)


class Terms(Struct, frozen=True):
    """An instrument with what this account may do in it.

    `inventory` in lots, `margin_rate` of turnover; `digits` of a minor unit of
    its money, to which fees are rounded. `fees_from`: schedules that replace the
    definition's from a trading day on, oldest first, with the definition's keys.
    """

    definition: InstrumentDef
    inventory: int = 0
    margin_rate: Decimal = ZERO
    digits: int = 2
    fees_from: tuple[tuple[str, dict[str, str]], ...] = ()

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

    @property
    def is_charged(self) -> bool:
        """Whether a schedule is told: where none is, nobody knows what a trade costs."""
        told = any(getattr(self.definition, f"fee_{how}_{what}") is not None for how in ("rate", "lot") for what in PARTS)
        return told or bool(self.fees_from)

    def value(self, qty: int, px: int) -> Decimal:
        """What `qty` signed lots are worth long; an inverse contract's in whole minor units."""
        exact = qty * self.worth(px)
        return self.in_minor(exact) if self.is_inverse else exact

    def fee(self, what: str, qty: int, px: int, day: str) -> Decimal:
        """The schedule's of that trading day for so many lots: `what` is open, close or close_today."""
        later = next((fees for first, fees in reversed(self.fees_from) if first <= day), None)
        keys = (f"fee_{how}_{what}" for how in ("rate", "lot"))
        rate, by_lot = ((getattr(self.definition, key) if later is None else later.get(key)) or ZERO for key in keys)
        return self.in_minor(abs(self.value(qty, px)) * Decimal(rate)) + qty * Decimal(by_lot)

    def in_minor(self, amount: Decimal) -> Decimal:
        """Rounded to a minor unit of the account's money, half of one away from 0."""
        return amount.quantize(Decimal(1).scaleb(-self.digits), ROUND_HALF_UP)


def currencies_of(terms: Iterable[Terms]) -> list[str]:
    """What is traded in, in the order of the instruments; where nothing is, the first one's."""
    known = list(terms)
    traded = [each.currency for each in known if each.definition.tradable]
    return list(dict.fromkeys(traded or [each.currency for each in known[:1]]))


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
    """The account in one currency."""

    equity: Decimal
    available: Decimal
    margin_used: Decimal
    fees: Decimal


class Account:
    """What the venue knows; changed by `apply` alone.

    `cash`: by currency; a sum alone is of the first that something is traded in.
    """

    def __init__(self, terms: Iterable[Terms], cash: Decimal | Mapping[str, Decimal]) -> None:
        self.terms = {each.definition.symbol: each for each in terms}
        self.currencies = currencies_of(self.terms.values())
        self.orders: dict[str, Order] = {}
        self.trades: dict[str, list[OrderTraded]] = {}
        self.positions = dict.fromkeys(self.terms, 0)
        self.longs = dict.fromkeys(self.terms, 0)
        self.shorts = dict.fromkeys(self.terms, 0)
        self.trade_count = 0
        self.day = ""
        self._today_long = dict.fromkeys(self.terms, 0)
        self._today_short = dict.fromkeys(self.terms, 0)
        self._today_net = dict.fromkeys(self.terms, 0)
        self._by_ref: dict[str, str] = {}
        self._working: dict[str, Order] = {}
        begins = cash if isinstance(cash, Mapping) else {self.currencies[0]: cash}
        self._cash = {each: begins.get(each, ZERO) for each in {*self.currencies, *(each.currency for each in self.terms.values())}}
        self._fees = dict.fromkeys(self._cash, ZERO)

    def begin_day(self, day: str) -> None:
        """Nothing is of today's any more; a day that has begun changes nothing."""
        if day > self.day:
            self.day = day
            for today in (self._today_long, self._today_short, self._today_net):
                today.update(dict.fromkeys(today, 0))

    def apply(self, record: AnyRecord) -> Order:
        """Change the account by what happened; the order it happened to."""
        if isinstance(record, OrderPlaced | OrderTraded):
            self.begin_day(record.trading_day)
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

    def fee(self, placed: OrderPlaced, qty: int, px: int) -> Decimal:
        """What a trade of that order would cost now, by its day's schedule."""
        terms, day = self.terms[placed.symbol], placed.trading_day
        return sum((terms.fee(what, lots, px, day) for what, lots in self._does(placed, qty) if lots), ZERO)

    def _does(self, placed: OrderPlaced, qty: int) -> tuple[tuple[str, int], ...]:
        """What so many lots would do to the position, as a schedule has it."""
        terms = self.terms[placed.symbol]
        if terms.is_spot or placed.offset == "O":
            return (("open", qty),)
        if terms.nets:
            net = self.positions[placed.symbol]
            closed = min(qty, max(-net if placed.side == BUY else net, 0))
            return ("open", qty - closed), ("close", closed)
        older = self._older(placed, qty)
        return ("close", older), ("close_today", qty - older)

    def _older(self, placed: OrderPlaced, qty: int) -> int:
        """How many of the lots that an order closes are not of today: those go first."""
        held, today = self._closable(placed.symbol, placed.side)
        return {CLOSE_TODAY: 0, CLOSE_YESTERDAY: qty, CLOSE: min(qty, held - today)}[placed.offset]

    def held(self, symbol: str) -> int:
        """Lots that the account has: inventory and what was traded."""
        return self.terms[symbol].inventory + self.positions[symbol]

    def held_lots(self, symbol: str) -> tuple[int, int, int, int]:
        """Long, short, and what of each was opened today, in lots."""
        if not self.terms[symbol].nets:
            return self.longs[symbol], self.shorts[symbol], self._today_long[symbol], self._today_short[symbol]
        held, today = self.held(symbol), self._today_net[symbol]
        long_qty, short_qty = max(held, 0), max(-held, 0)
        return long_qty, short_qty, min(long_qty, max(today, 0)), min(short_qty, max(-today, 0))

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
        cost, free_money = px * qty * terms.lot_value + terms.fee("open", qty, px, self.day), self.free_cash(terms.currency)
        return "" if cost <= free_money else f"costs {cost:f}, {free_money:f} is free"

    def _over_close(self, symbol: str, side: str, qty: int, offset: str) -> str:
        """A close takes off what its offset names, and no working close has a claim on."""
        held, today = self._closable(symbol, side)
        closes = [order for order in self.working() if (order.placed.symbol, order.placed.side) == (symbol, side)]
        frozen = {each: sum(order.leaves_qty for order in closes if order.placed.offset == each) for each in WORDS}
        free = {
            CLOSE_TODAY: today - frozen[CLOSE_TODAY],
            CLOSE_YESTERDAY: held - today - frozen[CLOSE_YESTERDAY],
            CLOSE: held - sum(frozen.values()),
        }
        left = min(free[offset], free[CLOSE])
        return "" if qty <= left else f"over close: {left} {WORDS[offset]}lots of {symbol} are free, {qty} were to be closed"

    def _closable(self, symbol: str, side: str) -> tuple[int, int]:
        """Lots that an order of `side` would close, and those of today's."""
        if side == SELL:
            return self.longs[symbol], self._today_long[symbol]
        return self.shorts[symbol], self._today_short[symbol]

    def free_cash(self, currency: str) -> Decimal:
        """Money of a currency that no working spot buy has a claim on."""
        claims = ZERO
        for order in self._working.values():
            terms = self.terms[order.placed.symbol]
            if terms.is_spot and order.placed.side == BUY and terms.currency == currency:
                claims += (order.placed.px or 0) * order.leaves_qty * terms.lot_value
        return self._cash[currency] - claims

    def money(self, marks: dict[str, int], currency: str = "") -> Money:
        """Equity in a currency (none: the first) at these marks (ticks a symbol); a missing mark counts 0."""
        currency = currency or self.currencies[0]
        equity, margin = self._cash[currency], ZERO
        there = {symbol: terms for symbol, terms in self.terms.items() if terms.currency == currency}
        for symbol, terms in there.items():
            mark = marks.get(symbol, 0)
            equity += terms.value(self.held(symbol) if terms.is_spot else self.positions[symbol], mark)
            margin += abs(terms.value(self.positions[symbol], mark)) * terms.margin_rate
        free = equity - margin if not any(terms.is_spot for terms in there.values()) else self.free_cash(currency)
        return Money(equity, free, margin, self._fees[currency])

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
        terms, fee = self.terms[placed.symbol], Decimal(record.fee)
        self._cash[terms.currency] -= terms.value(signed, record.px) + fee
        self._fees[terms.currency] += fee

    def _hold(self, placed: OrderPlaced, signed: int) -> None:
        """Longs and shorts, by the side that the offset says; and what is of today."""
        symbol = placed.symbol
        self._today_net[symbol] += signed
        if self.terms[symbol].nets:
            return
        opens, qty = placed.offset in OPEN_OFFSETS, abs(signed)
        of_today = qty if opens else self._older(placed, qty) - qty
        is_long = (signed > 0) == opens
        held, today = (self.longs, self._today_long) if is_long else (self.shorts, self._today_short)
        held[symbol] += qty if opens else -qty
        today[symbol] += of_today

    @staticmethod
    def _ended(order: Order, record: OrderEnded) -> None:
        order.ord_status, order.leaves_qty = record.ord_status, 0
        order.reason, order.text = record.reason, record.text
