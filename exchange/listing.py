"""What a venue keeps of a symbol, and of a trading day."""

from __future__ import annotations

import msgspec

from exchange.book import Book
from exchange.instruments import Instrument
from exchange.session import READY
from exchange.values import Order, TradeEvent


class Listing:
    """A symbol at a venue: its book, status, reference price and limits."""

    def __init__(self, instrument: Instrument, reference: int) -> None:
        self.instrument = instrument
        self.book = Book()
        self.status = READY
        self.reference = reference
        self.locked = ""
        """Locked at a limit (a trouble): the only side that others quote."""
        self.bad_quote: BadQuote | None = None

    @property
    def limits(self) -> tuple[int, int] | None:
        return self.instrument.limits(self.reference)

    @property
    def mark(self) -> int:
        """The last price; before the first trade the reference."""
        return self.reference if self.book.last is None else self.book.last


class BadQuote(msgspec.Struct):
    """What the book is told as, instead of what it is (a trouble)."""

    how: str
    side: str
    bids: list[int] | None = None
    asks: list[int] | None = None


class Day:
    """What the clients did in one trading day: orders, trades by order."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.trades: dict[str, list[TradeEvent]] = {}
