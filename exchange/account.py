"""Accounts: money, margin, fees, and whether an order can be afforded.

Money moves as cash flows: a trade's whole worth goes in or out, and the
position is marked at the last price, so over all accounts cash, fees and
deposits cancel exactly. What is frozen is worked out from the working orders
each time; nothing has to be given back. A house account (the simulated
participants') is neither checked nor asked for margin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from exchange.codes import BUY, CLOSE, CLOSE_TODAY, CLOSE_YESTERDAY, NONE, OPEN, SIGN, refusal
from exchange.instruments import CLOSING, CLOSING_TODAY, OPENING, Instrument, from_minor
from exchange.positions import Free, Position, free_of
from exchange.values import Order

PriceOf = Callable[[str], int]
CLOSES = frozenset({CLOSE, CLOSE_TODAY, CLOSE_YESTERDAY})


class Balance(msgspec.Struct, frozen=True):
    """An account in one currency, in minor units."""

    currency: str
    digits: int
    equity: int
    margin_used: int
    frozen: int
    fees: int

    @property
    def available(self) -> int:
        return self.equity - self.margin_used - self.frozen

    def text(self, amount: int) -> str:
        return from_minor(amount, self.digits)


class Account:
    """One account at one venue."""

    def __init__(self, name: str, instruments: dict[str, Instrument], deposits: dict[str, int], *, house: bool) -> None:
        self.name = name
        self.house = house
        self.deposits = dict(deposits)
        self.cash = dict(deposits)
        self.fees: dict[str, int] = {}
        self.positions: dict[str, Position] = {}
        self.working: dict[str, Order] = {}
        self._instruments = instruments
        self._digits = {}
        for one in instruments.values():
            self._digits[one.currency] = one.digits
            if one.base:
                self._digits[one.base] = one.base_digits

    def position(self, symbol: str) -> Position:
        found = self.positions.get(symbol)
        if found is None:
            found = self.positions[symbol] = Position()
        return found

    def free(self, symbol: str, side: str) -> Free:
        """What an order of `side` could still close."""
        closes = [(o.offset, o.leaves_qty) for o in self._working(symbol) if o.side == side and o.offset in CLOSES]
        return free_of(self.position(symbol).closable(side), closes)

    def book_trade(self, instrument: Instrument, side: str, offset: str, px: int, qty: int) -> int:
        """Book one trade; the fee that it cost, in minor units."""
        if instrument.is_spot:
            parts = [(OPENING, qty)]
            self._pay(instrument.base, SIGN[side] * instrument.base_qty(qty))
        else:
            parts = self.position(instrument.symbol).apply(side, offset, qty)
        fee = 0 if self.house else sum(instrument.fee(what, px, lots) for what, lots in parts)
        self._pay(instrument.settles_in, instrument.cash_flow(SIGN[side], px, qty) - fee)
        self.fees[instrument.settles_in] = self.fees.get(instrument.settles_in, 0) + fee
        return fee

    def unbook_trade(self, instrument: Instrument, side: str, offset: str, px: int, qty: int, fee: int) -> bool:
        """Take a trade and its fee back; False where its lots are closed."""
        if instrument.is_spot:
            self._pay(instrument.base, -SIGN[side] * instrument.base_qty(qty))
        elif not self.position(instrument.symbol).undo(side, offset, qty):
            return False
        self._pay(instrument.settles_in, fee - instrument.cash_flow(SIGN[side], px, qty))
        self.fees[instrument.settles_in] = self.fees.get(instrument.settles_in, 0) - fee
        return True

    def room(self, instrument: Instrument, order: Order) -> int | None:
        """Lots that a trade of this order may take at most; None: any."""
        if instrument.is_spot:
            held = self.cash.get(instrument.base, 0) // instrument.base_qty(1)
            return None if order.side == BUY else max(0, held)
        if order.offset not in CLOSES:
            return None
        held = self.position(order.symbol).closable(order.side)
        return {CLOSE: held.qty, CLOSE_TODAY: held.today, CLOSE_YESTERDAY: held.old}[order.offset]

    def check(self, instrument: Instrument, order: Order, reference: PriceOf, mark: PriceOf) -> None:
        """Refuse an order that closes too much or can't be paid.

        Raises: Refusal 30, 50 or 51 (over close), 31 (money).
        """
        if self.house:
            return
        if order.offset in CLOSES:
            self._check_close(order)
        self.working[order.order_id] = order
        try:
            currency = instrument.base if instrument.is_spot and order.side != BUY else instrument.settles_in
            balance = self.balance(currency, reference, mark)
        finally:
            del self.working[order.order_id]
        if balance.available < 0 and order.offset not in CLOSES and not self._reduces(order):
            raise refusal("no_money", f"{balance.text(-balance.available)} {currency} short")

    def balances(self, reference: PriceOf, mark: PriceOf) -> list[Balance]:
        """Every currency that the account holds or could."""
        return [self.balance(currency, reference, mark) for currency in sorted(self._digits)]

    def balance(self, currency: str, reference: PriceOf, mark: PriceOf) -> Balance:
        equity, used, frozen = self.cash.get(currency, 0), 0, 0
        for symbol, instrument in self._instruments.items():
            if instrument.is_spot:
                frozen += self._frozen_spot(instrument, currency)
            elif instrument.settles_in == currency:
                net = self.position(symbol).net
                equity += instrument.mark(net, mark(symbol)) if net else 0
                held, worst = self._margin(instrument, reference(symbol))
                used += held
                frozen += worst - held + self._frozen_fees(instrument, reference(symbol))
        return Balance(currency, self._digits[currency], equity, used, frozen, self.fees.get(currency, 0))

    def _check_close(self, order: Order) -> None:
        free = self.free(order.symbol, order.side)
        room, name = {
            CLOSE: (free.qty, "over_close"),
            CLOSE_TODAY: (free.today, "over_close_today"),
            CLOSE_YESTERDAY: (free.old, "over_close_yesterday"),
        }[order.offset]
        if order.qty > room:
            raise refusal(name, f"{order.qty} lots, {room} free")

    def _reduces(self, order: Order) -> bool:
        """Whether a netting order can only lessen the position."""
        if order.offset != NONE or self._instruments[order.symbol].is_spot:
            return False
        ahead = sum(o.leaves_qty for o in self._working(order.symbol) if o.side == order.side)
        return ahead + order.qty <= -SIGN[order.side] * self.position(order.symbol).net

    def _margin(self, instrument: Instrument, reference_px: int) -> tuple[int, int]:
        """Margin of the position, and with the worst of the working orders."""
        position = self.position(instrument.symbol)
        long_lot, short_lot = instrument.margin_a_lot(1, reference_px), instrument.margin_a_lot(-1, reference_px)
        adds = {"1": 0, "2": 0}
        for order in self._working(instrument.symbol):
            if order.offset in (OPEN, NONE):
                adds[order.side] += order.leaves_qty
        if instrument.offset_mode == "net":
            net = position.net
            held = max(net * long_lot, -net * short_lot)
            return held, max(held, (net + adds["1"]) * long_lot, (adds["2"] - net) * short_lot)
        asked = max if instrument.larger_side else sum
        held = asked((position.long.qty * long_lot, position.short.qty * short_lot))
        return held, asked(((position.long.qty + adds["1"]) * long_lot, (position.short.qty + adds["2"]) * short_lot))

    def _frozen_fees(self, instrument: Instrument, reference_px: int) -> int:
        return sum(self._fee_ahead(instrument, order, reference_px) for order in self._working(instrument.symbol))

    def _frozen_spot(self, instrument: Instrument, currency: str) -> int:
        """Quote currency that buys will cost, base that sells will deliver."""
        if currency not in (instrument.currency, instrument.base):
            return 0
        frozen = 0
        for order in self._working(instrument.symbol):
            if order.side == BUY and currency == instrument.currency:
                frozen += instrument.value(order.px or 0, order.leaves_qty)
                frozen += self._fee_ahead(instrument, order, order.px or 0)
            elif order.side != BUY and currency == instrument.base:
                frozen += instrument.base_qty(order.leaves_qty)
        return frozen

    def _fee_ahead(self, instrument: Instrument, order: Order, reference_px: int) -> int:
        px = reference_px if order.px is None else order.px
        what = {OPEN: OPENING, CLOSE_TODAY: CLOSING_TODAY, NONE: OPENING}.get(order.offset, CLOSING)
        return instrument.fee(what, px, order.leaves_qty)

    def _working(self, symbol: str) -> Iterable[Order]:
        return [order for order in self.working.values() if order.symbol == symbol]

    def _pay(self, currency: str, amount: int) -> None:
        self.cash[currency] = self.cash.get(currency, 0) + amount
