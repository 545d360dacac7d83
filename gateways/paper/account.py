"""The paper account: the replay venue's, over many trading days.

A day begins with nothing of today's: what is held becomes yesterday's, and is
closed as such where the venue keeps the two apart. Records say their day, so
that a restart stands where the account stood.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from gateways.replay.account import BUY, OPEN_OFFSETS, SELL, Account, Order, Terms
from gateways.replay.truth import AnyRecord, OrderPlaced, OrderTraded

CLOSE, CLOSE_TODAY, CLOSE_YESTERDAY = "C", "T", "Y"
WORDS = {CLOSE: "", CLOSE_TODAY: "today's ", CLOSE_YESTERDAY: "yesterday's "}


class PaperAccount(Account):
    """Longs and shorts, of today and before. Units: lots."""

    def __init__(self, terms: Iterable[Terms], cash: Decimal) -> None:
        super().__init__(terms, cash)
        self.day = ""
        self._today_long = dict.fromkeys(self.terms, 0)
        self._today_short = dict.fromkeys(self.terms, 0)
        self._today_net = dict.fromkeys(self.terms, 0)

    def begin_day(self, day: str) -> None:
        """Nothing is of today's any more; a day that has begun changes nothing."""
        if day > self.day:
            self.day = day
            for today in (self._today_long, self._today_short, self._today_net):
                today.update(dict.fromkeys(today, 0))

    def apply(self, record: AnyRecord) -> Order:
        """As the replay account's; the record's day begins first."""
        if isinstance(record, OrderPlaced | OrderTraded):
            self.begin_day(record.trading_day)
        return super().apply(record)

    def held_lots(self, symbol: str) -> tuple[int, int, int, int]:
        """Long, short, and what of each was opened today, in lots."""
        if not self.terms[symbol].nets:
            return self.longs[symbol], self.shorts[symbol], self._today_long[symbol], self._today_short[symbol]
        held, today = self.held(symbol), self._today_net[symbol]
        long_qty, short_qty = max(held, 0), max(-held, 0)
        return long_qty, short_qty, min(long_qty, max(today, 0)), min(short_qty, max(-today, 0))

    def _over_close(self, symbol: str, side: str, qty: int, offset: str) -> str:
        held, today = self._closable(symbol, side)
        closes = [order for order in self.working() if (order.placed.symbol, order.placed.side) == (symbol, side)]
        frozen = {each: sum(order.leaves_qty for order in closes if order.placed.offset == each) for each in WORDS}
        free = {
            CLOSE_TODAY: today - frozen[CLOSE_TODAY],
            CLOSE_YESTERDAY: held - today - frozen[CLOSE_YESTERDAY],
            CLOSE: held - sum(frozen.values()),
        }
        left = min(free[offset], free[CLOSE])
        return "" if qty <= left else f"over close: {left} of {WORDS[offset]}lots of {symbol} are free, {qty} were to be closed"

    def _closable(self, symbol: str, side: str) -> tuple[int, int]:
        """Lots that an order of `side` would close, and those of today's."""
        if side == SELL:
            return self.longs[symbol], self._today_long[symbol]
        return self.shorts[symbol], self._today_short[symbol]

    def _hold(self, placed: OrderPlaced, signed: int) -> None:
        self._today_net[placed.symbol] += signed
        if not self.terms[placed.symbol].nets:
            self._hold_today(placed, abs(signed))
        super()._hold(placed, signed)

    def _hold_today(self, placed: OrderPlaced, qty: int) -> None:
        symbol = placed.symbol
        if placed.offset in OPEN_OFFSETS:
            (self._today_long if placed.side == BUY else self._today_short)[symbol] += qty
            return
        held, today = self._closable(symbol, placed.side)
        older = {CLOSE_TODAY: 0, CLOSE_YESTERDAY: qty, CLOSE: min(qty, held - today)}[placed.offset]
        (self._today_long if placed.side == SELL else self._today_short)[symbol] -= qty - older
