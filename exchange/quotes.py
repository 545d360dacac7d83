"""Books as they are told, which a trouble may make what they aren't."""

from __future__ import annotations

from msgspec.structs import replace

from exchange import rows
from exchange.codes import SELL
from exchange.listing import Listing
from wire.exchange import Book

ABSURD = 10
CROSSED_TICKS = 3


def told_book(symbol: str, listing: Listing, depth: int, now: int) -> Book | None:
    """The book to tell now; None where nothing is told."""
    book, bad = rows.book_of(symbol, listing, depth, now), listing.bad_quote
    if bad is None:
        return book
    if bad.how == "stale":
        return None
    if bad.how == "frozen":
        if bad.bids is None or bad.asks is None:
            bad.bids, bad.asks = book.bids, book.asks
        return replace(book, bids=bad.bids, asks=bad.asks)
    if bad.how == "empty":
        return replace(book, bids=book.bids if bad.side == SELL else [], asks=[] if bad.side in ("", SELL) else book.asks)
    return _bent(book, bad.how, bad.side)


def _bent(book: Book, how: str, side: str) -> Book:
    """Crossed, locked or absurd; `side`: the one that is moved ("" bids)."""
    if how == "absurd":
        bids = book.bids if side == SELL else _moved(book.bids, 0, ABSURD)
        return replace(book, bids=bids, asks=_moved(book.asks, 0, ABSURD) if side in ("", SELL) else book.asks)
    if not book.bids or not book.asks:
        return book
    by = book.asks[0] - book.bids[0] + (CROSSED_TICKS if how == "crossed" else 0)
    if side == SELL:
        return replace(book, asks=_moved(book.asks, -by))
    return replace(book, bids=_moved(book.bids, by))


def _moved(levels: list[int], by: int, times: int = 1) -> list[int]:
    return [value if at % 2 else value * times + by for at, value in enumerate(levels)]
