"""One venue: its symbols, books, accounts and orders, driven by calls.

No I/O and no clock: each call takes `now` (ns). What happened is appended to
`events`, in order; whoever drives the venue drains them. The matching is in
matching.py, what may be done when in session.py, money in account.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from exchange.account import Account
from exchange.book import Book
from exchange.codes import (
    BUY,
    CANCELED,
    DAY,
    EXPIRED,
    FILLED,
    FOK,
    IOC,
    NONE,
    OFFSETS_OF_MODE,
    PARTIAL,
    REJECTED,
    SELL,
    WORKING,
    refusal,
)
from exchange.errors import ExchangeError, Refusal
from exchange.instruments import Instrument
from exchange.matching import match, uncross
from exchange.session import CLOSED, READY, RULES, check_cancel, check_order
from exchange.trouble import ON_SUBMIT, Troubles, refusal_of
from exchange.values import DayEvent, Event, Order, OrderEvent, StatusEvent, TradeEvent

HOUSE = "~house"
DAYS_KEPT = 5


class Listing:
    """A symbol at a venue: its book, status, reference price and limits."""

    def __init__(self, instrument: Instrument, reference: int) -> None:
        self.instrument = instrument
        self.book = Book()
        self.status = READY
        self.reference = reference

    @property
    def limits(self) -> tuple[int, int] | None:
        return self.instrument.limits(self.reference)

    @property
    def mark(self) -> int:
        """The last price; before the first trade the reference."""
        return self.reference if self.book.last is None else self.book.last


class Day:
    """What the clients did in one trading day: orders, trades by order."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.trades: dict[str, list[TradeEvent]] = {}


class Venue:
    """A simulated venue. `deposits`: money by account and currency, minor."""

    def __init__(
        self,
        name: str,
        listings: dict[str, Listing],
        deposits: dict[str, dict[str, int]],
        trading_day: str,
    ) -> None:
        self.name = name
        self.listings = listings
        self.trading_day = trading_day
        self.troubles = Troubles(frozenset(listings))
        self.events: list[Event] = []
        instruments = {symbol: listing.instrument for symbol, listing in listings.items()}
        self.accounts = {who: Account(who, instruments, money, house=False) for who, money in deposits.items()}
        self.accounts[HOUSE] = Account(HOUSE, instruments, {}, house=True)
        self.days: dict[str, Day] = {trading_day: Day()}
        self._refs: dict[tuple[str, str, str], str] = {}
        self._orders = 0
        self._trades = 0
        self._house_working: dict[str, Order] = {}

    # ------------------------------------------------------------ orders

    def submit(
        self,
        now: int,
        account: str,
        session: str,
        client_ref: str,
        *,
        symbol: str,
        side: str,
        qty: int,
        px: int | None,
        tif: str,
        offset: str,
    ) -> Order:
        """Take a client's order; it comes back as it then stands.

        A refused order has status 8 and stays among the day's orders.
        Raises: Refusal 22 for a ref used before, which leaves no order.
        """
        key = (account, session, client_ref)
        if key in self._refs:
            raise refusal("duplicate_ref", client_ref)
        self._orders += 1
        order_id = f"{self.trading_day}-{self._orders:07d}"
        order = Order(
            order_id, account, session, client_ref, symbol, side, offset, qty, px, tif, now, self.trading_day, changed_ns=now
        )
        self._refs[key] = order_id
        self.days[self.trading_day].orders[order_id] = order
        try:
            self._admit(order)
        except Refusal as why:
            self._end(order, REJECTED, now, why)
            return order
        self.accounts[account].working[order_id] = order
        self._tell(order)
        self._trade(order, now)
        return order

    def house_order(self, now: int, symbol: str, side: str, qty: int, px: int, tif: str = DAY) -> Order | None:
        """A participant's order; None where the venue takes none now."""
        listing = self.listings[symbol]
        limits = listing.limits
        if tif not in RULES[listing.status].tifs or qty <= 0 or (limits and not limits[0] <= px <= limits[1]):
            return None
        self._orders += 1
        order = Order(
            f"h{self._orders}", HOUSE, "", "", symbol, side, NONE, qty, px, tif, now, self.trading_day, house=True, changed_ns=now
        )
        self._trade(order, now)
        return order

    def cancel(self, now: int, account: str, session: str, client_ref: str, order_id: str = "") -> Order:
        """Cancel a client's working order. Raises: Refusal."""
        order = self.find(account, session, client_ref, order_id)
        if order is None:
            raise refusal("unknown_order")
        if order.status not in WORKING:
            raise refusal("too_late")
        check_cancel(self.listings[order.symbol].status)
        self.listings[order.symbol].book.remove(order)
        self._end(order, CANCELED, now)
        return order

    def house_cancel(self, now: int, order: Order) -> None:
        """A participant takes back what is left of an order, if anything."""
        if order.status in WORKING and self._house_working.pop(order.order_id, None):
            self.listings[order.symbol].book.remove(order)
            self._end(order, CANCELED, now)

    def find(self, account: str, session: str, client_ref: str, order_id: str = "") -> Order | None:
        """An order of this account, by its id or by session and ref."""
        order_id = order_id or self._refs.get((account, session, client_ref), "")
        order = self._by_id(order_id)
        return order if order is not None and order.account == account else None

    def orders(self, account: str, trading_day: str | None = None) -> list[Order]:
        """All orders of an account in one trading day, oldest first."""
        day = self.days.get(trading_day or self.trading_day)
        return [order for order in day.orders.values() if order.account == account] if day else []

    def trades(self, order: Order) -> list[TradeEvent]:
        """An order's trades, oldest first."""
        day = self.days.get(order.trading_day)
        return day.trades.get(order.order_id, []) if day else []

    # ------------------------------------------------------------ session

    def set_status(self, now: int, symbol: str, status: int) -> None:
        """Move a symbol ("" all) to a trading status; an auction uncrosses.

        Raises: ExchangeError for a status or symbol that there isn't.
        """
        if status not in RULES:
            raise ExchangeError(f"status {status} is not one of {', '.join(map(str, RULES))}")
        if symbol and symbol not in self.listings:
            raise ExchangeError(f"no symbol {symbol!r} at {self.name}; there are: {', '.join(self.listings)}")
        for name in [symbol] if symbol else list(self.listings):
            listing = self.listings[name]
            if listing.status == status:
                continue
            if RULES[status].matches and not RULES[listing.status].matches:
                uncross(listing.book, lambda maker, taker, qty, px: self._fill(maker, taker, qty, px, now))
            if status == CLOSED:
                self._expire(now, name)
            listing.status = status
            self.events.append(StatusEvent(self.name, name, status, now))

    def roll(self, now: int, trading_day: str) -> None:
        """End the trading day and begin the next.

        Raises: ExchangeError unless the new day is later.
        """
        if trading_day <= self.trading_day:
            raise ExchangeError(f"trading day {trading_day} is not after {self.trading_day}")
        for symbol, listing in self.listings.items():
            self._expire(now, symbol)
            listing.reference = listing.mark
            listing.book.volume = 0
        for account in self.accounts.values():
            for position in account.positions.values():
                position.roll()
        self.trading_day = trading_day
        self.days[trading_day] = Day()
        self._forget_old_days()
        self.events.append(DayEvent(self.name, trading_day, now))

    # ------------------------------------------------------------ inside

    def _admit(self, order: Order) -> None:
        """Every check of a client's order. Raises: Refusal."""
        listing = self.listings.get(order.symbol)
        if listing is None:
            raise refusal("no_instrument", order.symbol)
        _check_fields(listing, order)
        check_order(listing.status, order.tif)
        _check_price(listing, order)
        struck = self.troubles.strike(ON_SUBMIT, order)
        if struck is not None and struck.kind == "reject":
            raise refusal_of(struck)
        if struck is not None:
            order.cap = struck.qty
        self.accounts[order.account].check(listing.instrument, order, self.reference, self.mark)

    def reference(self, symbol: str) -> int:
        return self.listings[symbol].reference

    def mark(self, symbol: str) -> int:
        return self.listings[symbol].mark

    def _trade(self, order: Order, now: int) -> None:
        listing = self.listings[order.symbol]
        if RULES[listing.status].matches:
            match(listing.book, order, lambda maker, taker, qty, px: self._fill(maker, taker, qty, px, now))
        if order.open_qty == 0:
            return
        if order.tif in (IOC, FOK) or order.cap is not None:
            self._end(order, CANCELED, now)
            return
        listing.book.add(order)
        if order.house:
            self._house_working[order.order_id] = order

    def _fill(self, maker: Order, taker: Order, qty: int, px: int, now: int) -> None:
        self._trades += 1
        instrument = self.listings[maker.symbol].instrument
        for order in (maker, taker):
            fee = self.accounts[order.account].book_trade(instrument, order.side, order.offset, px, qty)
            order.changed_ns = now
            order.status = PARTIAL if order.open_qty else FILLED
            if order.open_qty == 0:
                self._working_of(order).pop(order.order_id, None)
            self._tell(order)
            trade = TradeEvent(
                venue=self.name,
                account=order.account,
                session=order.session,
                client_ref=order.client_ref,
                order_id=order.order_id,
                trade_id=f"{self._trades:08d}",
                symbol=order.symbol,
                side=order.side,
                offset=order.offset,
                qty=qty,
                px=px,
                fee=fee,
                fee_currency=instrument.settles_in,
                fee_digits=instrument.settle_digits,
                exch_ns=now,
                trading_day=self.trading_day,
                maker=order is maker,
                house=order.house,
            )
            if not order.house:
                self.days[order.trading_day].trades.setdefault(order.order_id, []).append(trade)
            self.events.append(trade)

    def _end(self, order: Order, status: str, now: int, why: Refusal | None = None) -> None:
        order.status = status
        order.changed_ns = now
        if why is not None:
            order.reason, order.code, order.text = why.reason, why.code, why.text
        self._working_of(order).pop(order.order_id, None)
        self._tell(order)

    def _expire(self, now: int, symbol: str) -> None:
        """End every working order of a symbol."""
        book = self.listings[symbol].book
        for side in (BUY, SELL):
            for level in list(book.sides[side].levels()):
                for order in list(level.orders.values()):
                    book.remove(order)
                    self._end(order, EXPIRED, now)

    def _tell(self, order: Order) -> None:
        if not order.house:
            self.events.append(OrderEvent(self.name, msgspec.structs.replace(order)))

    def _working_of(self, order: Order) -> dict[str, Order]:
        return self._house_working if order.house else self.accounts[order.account].working

    def _by_id(self, order_id: str) -> Order | None:
        return next((day.orders[order_id] for day in self._newest_first() if order_id in day.orders), None)

    def _newest_first(self) -> Iterator[Day]:
        return reversed(self.days.values())

    def _forget_old_days(self) -> None:
        for day in sorted(self.days)[:-DAYS_KEPT]:
            for order in self.days.pop(day).orders.values():
                self._refs.pop((order.account, order.session, order.client_ref), None)


def _check_fields(listing: Listing, order: Order) -> None:
    instrument = listing.instrument
    if not instrument.tradable:
        raise refusal("bad_field", f"{order.symbol} is not tradable")
    if order.side not in (BUY, SELL):
        raise refusal("bad_field", f"side {order.side!r}")
    if order.tif not in instrument.tifs:
        raise refusal("bad_field", f"tif {order.tif!r} is not one of {instrument.tifs}")
    if order.offset not in OFFSETS_OF_MODE[instrument.offset_mode]:
        raise refusal("bad_field", f"offset {order.offset!r} is not one of {OFFSETS_OF_MODE[instrument.offset_mode]}")
    if not instrument.min_lots <= order.qty <= instrument.max_lots:
        raise refusal("bad_field", f"qty {order.qty} is not within {instrument.min_lots} to {instrument.max_lots}")


def _check_price(listing: Listing, order: Order) -> None:
    """A market order becomes a limit at the day's far limit."""
    limits = listing.limits
    if order.px is None:
        if not listing.instrument.market_orders or limits is None or order.tif == DAY:
            raise refusal("bad_field", "no market orders here, or not with this tif")
        order.px = limits[1] if order.side == BUY else limits[0]
    if limits is not None and not limits[0] <= order.px <= limits[1]:
        raise refusal("bad_price", f"{order.px} is not within {limits[0]} to {limits[1]}")
    if listing.instrument.kind in ("inverse", "spot") and order.px <= 0:
        raise refusal("bad_price", f"{order.px} is not above 0")
