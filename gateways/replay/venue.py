"""The replay venue: recorded books, one account, and the book it keeps.

Theory. Whatever happens is one record: it is written to the truth log, applied
to the account, and told, in that order; so nobody hears of what the venue's
own book does not hold. The venue does no pacing and asks no time: rows and
orders come with theirs.

Units: ticks, lots, ns (UTC).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from gateways.replay.account import Account, Money, Order, Terms
from gateways.replay.book import IOC, Book
from gateways.replay.truth import AnyRecord, OrderEnded, OrderPlaced, OrderTraded, TruthLog, read_truth

CANCELED, REJECTED, EXPIRED = "4", "8", "C"
DAY_OVER = "the trading day is over"
STATUS_OPEN = 17
REASON_CLOSED, REASON_EXCEEDS_LIMIT = 2, 3

Tell = Callable[[AnyRecord, Order], None]


class Venue:
    """Takes orders against the recorded books of its symbols.

    `tell` hears each record with its order as it stands after it.
    """

    def __init__(self, terms: Iterable[Terms], cash: Decimal | Mapping[str, Decimal], truth_path: Path, trading_day: str) -> None:
        self.account = Account(terms, cash)
        self.is_open = True
        self.statuses: dict[str, int] = {}
        self.tell: Tell = lambda _record, _order: None
        self._books = {symbol: Book() for symbol in self.account.terms}
        self._marks: dict[str, int] = {}
        self._truth = TruthLog(truth_path)
        for record in read_truth(truth_path):
            self.account.apply(record)
        self.account.begin_day(trading_day)

    @property
    def trading_day(self) -> str:
        """The account's: a restart goes on with the day that it had come to."""
        return self.account.day

    def begin_day(self, day: str, now_ns: int) -> None:
        """Day orders expire, and what is held becomes yesterday's; the same day changes nothing."""
        if day > self.trading_day:
            self._expire(DAY_OVER, now_ns)
            self.account.begin_day(day)

    def end_left_over(self, now_ns: int) -> None:
        """End the orders of an earlier life: their book is gone. At the start."""
        for order in self.account.working():
            self._end(order, CANCELED, None, "the venue started again", now_ns)

    def submit(
        self, venue_ref: str, symbol: str, side: str, qty: int, px: int | None, tif: str, now_ns: int, offset: str = "N"
    ) -> Order:
        """Place an order; all that it meets at once has been told."""
        order_id = f"R{len(self.account.orders) + 1}"
        why_not = self.account.why_not(symbol, side, qty, px or self._marks.get(symbol, 0), offset)
        order = self._do(OrderPlaced(self.trading_day, order_id, venue_ref, symbol, side, qty, px, tif, now_ns, offset))
        if not self.trades(symbol):
            text = "the market is not open" if self.is_open else "the recording has ended"
            self._end(order, REJECTED, REASON_CLOSED, text, now_ns)
        elif why_not:
            self._end(order, REJECTED, REASON_EXCEEDS_LIMIT, why_not, now_ns)
        else:
            fills, works = self._books[symbol].enter(order_id, side, qty, px, tif)
            for fill in fills:
                self._trade(fill.order_id, fill.qty, fill.px, now_ns)
            if order.leaves_qty and not works:
                self._end(order, CANCELED, None, _remainder(tif), now_ns)
        return order

    def cancel(self, order: Order, now_ns: int) -> bool:
        """End a working order; False where it no longer works."""
        if not order.working:
            return False
        self._books[order.placed.symbol].cancel(order.placed.order_id)
        self._end(order, CANCELED, None, "", now_ns)
        return True

    def trades(self, symbol: str) -> bool:
        """Whether orders can trade now: not in a break, nor in an auction."""
        return self.is_open and self.statuses.get(symbol, STATUS_OPEN) == STATUS_OPEN

    def status(self, symbol: str, status: int) -> None:
        """The market opened, closed, or holds an auction; orders rest meanwhile."""
        self.statuses[symbol] = status

    def quote(self, symbol: str, bids: tuple[int, ...], asks: tuple[int, ...], now_ns: int) -> None:
        """Adopt a recorded book; the orders that it reached have been told."""
        if bids and asks:
            self._marks[symbol] = (bids[0] + asks[0]) // 2
        if not self.trades(symbol):
            return
        for fill in self._books[symbol].quote(bids, asks):
            self._trade(fill.order_id, fill.qty, fill.px, now_ns)

    def close_market(self, now_ns: int) -> None:
        """The recording is over: what works expires, nothing more is taken."""
        self.is_open = False
        self._expire("the recording has ended", now_ns)

    def _expire(self, why: str, now_ns: int) -> None:
        for order in self.account.working():
            self._books[order.placed.symbol].cancel(order.placed.order_id)
            self._end(order, EXPIRED, None, why, now_ns)

    def money(self, currency: str = "") -> Money:
        """The account in a currency (none: its first) at the last recorded mids."""
        return self.account.money(self._marks, currency)

    def close(self) -> None:
        """Close the truth log."""
        self._truth.close()

    def _trade(self, order_id: str, qty: int, px: int, now_ns: int) -> None:
        placed = self.account.orders[order_id].placed
        fee = f"{self.account.fee(placed, qty, px).normalize():f}"
        exec_id = f"T{self.account.trade_count + 1}"
        day, symbol, side = placed.trading_day, placed.symbol, placed.side
        self._do(OrderTraded(day, exec_id, order_id, symbol, side, qty, px, fee, now_ns))

    def _end(self, order: Order, ord_status: str, reason: int | None, text: str, now_ns: int) -> None:
        self._do(OrderEnded(order.placed.order_id, ord_status, reason, text, now_ns))

    def _do(self, record: AnyRecord) -> Order:
        self._truth.append(record)
        order = self.account.apply(record)
        self.tell(record, order)
        return order


def _remainder(tif: str) -> str:
    """Why an order that takes at once ended with something left."""
    return "no more within its limit" if tif == IOC else "not all of it within its limit"
