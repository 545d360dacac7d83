"""One venue: its symbols, books, accounts and orders, driven by calls.

No I/O and no clock: each call takes `now` (ns). What happened is appended to
`events`, in order; whoever drives the venue drains them. The matching is in
matching.py, what may be done when in session.py, money in account.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from exchange import mishaps
from exchange.account import Account
from exchange.admission import check_fields, check_price
from exchange.agenda import Agenda
from exchange.codes import (
    BUY,
    CANCELED,
    DAY,
    EXPIRED,
    FILLED,
    FOK,
    IOC,
    NONE,
    PARTIAL,
    REJECTED,
    SELL,
    WORKING,
    refusal,
)
from exchange.errors import ExchangeError, Lost, Refusal
from exchange.kinds import ON_CANCEL, ON_CANCELED, ON_SUBMIT, ON_TOLD, ON_TRADE, ON_WAY
from exchange.listing import Day, Listing
from exchange.matching import match, uncross
from exchange.session import CLOSED, RULES, check_cancel, check_order
from exchange.trouble import Armed, Troubles, event_of, refusal_of
from exchange.values import HOUSE, DayEvent, Event, Order, OrderEvent, StatusEvent, TradeEvent

DAYS_KEPT = 5


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
        self.agenda = Agenda()
        """What is due later here; a world puts its own in its place."""
        self.troubles = Troubles(frozenset(listings), frozenset(deposits))
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
        Raises: Refusal 22 for a ref used before, which leaves no order; Lost
        (a trouble): the venue never had it.
        """
        key = (account, session, client_ref)
        if key in self._refs:
            raise refusal("duplicate_ref", client_ref)
        order = Order(
            "", account, session, client_ref, symbol, side, offset, qty, px, tif, now, self.trading_day, changed_ns=now
        )
        if self.meet(ON_WAY, order, now) is not None:
            raise Lost(f"{client_ref} was lost on its way")
        self._number(order)
        self._refs[key] = order.order_id
        order.telling = mishaps.telling_of(self.meet_each(ON_TOLD, order, now))
        try:
            self._admit(order)
        except Refusal as why:
            self.end(order, REJECTED, now, why)
            return order
        self._work(order, now)
        return order

    def place(self, now: int, order: Order) -> None:
        """Take an order that no session sent: the broker's, somebody's."""
        self._number(order)
        self._work(order, now)

    def house_order(self, now: int, symbol: str, side: str, qty: int, px: int, tif: str = DAY) -> Order | None:
        """A participant's order; None where the venue takes none now."""
        listing = self.listings[symbol]
        limits = listing.limits
        if listing.locked not in ("", side):
            return None
        if tif not in RULES[listing.status].tifs or qty <= 0 or (limits and not limits[0] <= px <= limits[1]):
            return None
        self._orders += 1
        order = Order(
            f"h{self._orders}", HOUSE, "", "", symbol, side, NONE, qty, px, tif, now, self.trading_day, house=True, changed_ns=now
        )
        self._trade(order, now)
        return order

    def cancel(self, now: int, account: str, session: str, client_ref: str, order_id: str = "") -> Order:
        """Cancel a client's working order.

        Raises: Refusal; Lost (a trouble): the venue never had the cancel.
        """
        order = self.find(account, session, client_ref, order_id)
        if order is None:
            raise refusal("unknown_order")
        if order.status not in WORKING:
            raise refusal("too_late")
        check_cancel(self.listings[order.symbol].status)
        met = self.meet(ON_CANCEL, order, now)
        if met is not None and met.kind == "swallow_cancel":
            raise Lost(f"the cancel of {order.order_id} was lost on its way")
        if met is not None and met.kind == "refuse_cancel":
            raise refusal_of(met)
        self.listings[order.symbol].book.remove(order)
        if met is not None:
            mishaps.fill_off_book(self, order, met.qty or order.open_qty, now)
            if not order.open_qty:
                raise refusal("too_late")
        self.end(order, CANCELED, now)
        return order

    def house_cancel(self, now: int, order: Order) -> None:
        """A participant takes back what is left of an order, if anything."""
        if order.status in WORKING and self._house_working.pop(order.order_id, None):
            self.listings[order.symbol].book.remove(order)
            self.end(order, CANCELED, now)

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

    def order_of(self, trade: TradeEvent) -> Order | None:
        """The order that a trade is of, while its day is kept."""
        return self._by_id(trade.order_id)

    def newest_trades(self) -> Iterator[TradeEvent]:
        """The clients' trades that are kept, the newest first; no G, no H."""
        for day in self._newest_first():
            told = [trade for trades in day.trades.values() for trade in trades if trade.exec_type == "F"]
            yield from sorted(told, key=lambda trade: trade.trade_id, reverse=True)

    def clients(self, account: str = "") -> list[Account]:
        """The clients' accounts: this one, or ("") all."""
        return [one for one in self.accounts.values() if not one.house and account in ("", one.name)]

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

    # ------------------------------------------------------------ troubles

    def trouble(self, now: int, kind: str, **args: Any) -> Armed:
        """Arm a trouble, or make it at once where its kind is so.

        Raises: TroubleError with what to do.
        """
        armed = self.troubles.arm(kind, args, now)
        mishaps.begin(self, armed, now)
        return armed

    def meet(self, point: str, order: Order, now: int) -> Armed | None:
        """The trouble that a client's order meets here, on record."""
        met = None if order.house else self.troubles.strike(point, order, now)
        if met is not None:
            self.events.append(event_of(self.name, met, now, order))
        return met

    def meet_each(self, point: str, order: Order, now: int) -> list[Armed]:
        """Of each kind the one that the order meets here, on record."""
        found = self.troubles.strike_each(point, order, now)
        self.events += [event_of(self.name, met, now, order) for met in found]
        return found

    # ------------------------------------------------------------ inside

    def _admit(self, order: Order) -> None:
        """Every check of a client's order. Raises: Refusal."""
        listing = self.listings.get(order.symbol)
        if listing is None:
            raise refusal("no_instrument", order.symbol)
        check_fields(listing, order)
        check_order(listing.status, order.tif)
        check_price(listing, order)
        met = self.meet(ON_SUBMIT, order, order.entered_ns)
        if met is not None and met.code:
            raise refusal_of(met)
        if met is not None and met.kind == "overfill":
            order.extra = met.qty
        elif met is not None:
            order.cap = met.qty
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
            self.end(order, CANCELED, now)
            return
        listing.book.add(order)
        if order.house:
            self._house_working[order.order_id] = order

    def _number(self, order: Order) -> None:
        self._orders += 1
        order.order_id = f"{self.trading_day}-{self._orders:07d}"
        self.days[self.trading_day].orders[order.order_id] = order

    def _work(self, order: Order, now: int) -> None:
        self.accounts[order.account].working[order.order_id] = order
        self.tell(order)
        self._trade(order, now)

    def _fill(self, maker: Order, taker: Order, qty: int, px: int, now: int) -> None:
        trade_id = self.next_trade_id()
        for order in (maker, taker):
            order.status = PARTIAL if order.open_qty else FILLED
            self.book_trade(order, trade_id, qty, px, now, maker=order is maker)
        for order in (maker, taker):
            if order.extra and not order.open_qty:
                extra, order.extra = order.extra, 0
                mishaps.fill_off_book(self, order, extra, now)

    def next_trade_id(self) -> str:
        self._trades += 1
        return f"{self._trades:08d}"

    def book_trade(self, order: Order, trade_id: str, qty: int, px: int, now: int, *, maker: bool) -> None:
        """Book one side of a trade that is on the order's cum_qty; tell it."""
        instrument = self.listings[order.symbol].instrument
        fee = self.accounts[order.account].book_trade(instrument, order.side, order.offset, px, qty)
        order.changed_ns = now
        if order.open_qty == 0:
            self._working_of(order).pop(order.order_id, None)
        self.tell(order)
        trade = TradeEvent(
            venue=self.name,
            account=order.account,
            session=order.session,
            client_ref=order.client_ref,
            order_id=order.order_id,
            trade_id=trade_id,
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
            maker=maker,
            house=order.house,
            origin=order.origin,
            telling=order.telling,
        )
        self.events.append(trade)
        if order.house:
            return
        self.days[order.trading_day].trades.setdefault(order.order_id, []).append(trade)
        met = self.meet(ON_TRADE, order, now)
        if met is not None:
            mishaps.amend_later(self, met, trade, now)

    def end(self, order: Order, status: str, now: int, why: Refusal | None = None) -> None:
        """A final state, told; `why` where the venue ended it."""
        left = order.leaves_qty
        order.status = status
        order.changed_ns = now
        if why is not None:
            order.reason, order.code, order.text = why.reason, why.code, why.text
        self._working_of(order).pop(order.order_id, None)
        self.tell(order)
        if status == CANCELED and left and not order.house:
            met = self.meet(ON_CANCELED, order, now)
            if met is not None:
                mishaps.fill_later(self, met, order, left, now)

    def _expire(self, now: int, symbol: str) -> None:
        """End every working order of a symbol."""
        book = self.listings[symbol].book
        for side in (BUY, SELL):
            for level in list(book.sides[side].levels()):
                for order in list(level.orders.values()):
                    book.remove(order)
                    self.end(order, EXPIRED, now)

    def tell(self, order: Order) -> None:
        """The order's state as it is now goes to its account."""
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
