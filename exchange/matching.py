"""Matching: price-time priority, each trade at the resting order's price.

`Fill` is called for each trade after both orders' cum_qty and the book have
changed; it must not touch the book.
"""

from __future__ import annotations

from collections.abc import Callable

from exchange.book import Book
from exchange.codes import BUY, FOK, SELL
from exchange.values import Order

Fill = Callable[[Order, Order, int, int], None]
"""maker, taker, qty, px"""


def match(book: Book, taker: Order, fill: Fill) -> None:
    """Trade `taker` against the book as far as price and cap allow.

    FOK trades whole or not at all. What is left stays on the order: the
    caller rests or cancels it.
    """
    other = book.against(taker.side)
    wanted = taker.open_qty if taker.cap is None else min(taker.open_qty, taker.cap)
    if taker.tif == FOK and (wanted < taker.qty or other.qty_within(taker.px, wanted) < wanted):
        return
    while wanted > 0:
        level = other.best()
        if level is None or not other.reached_by(level.px, taker.px):
            return
        maker = next(iter(level.orders.values()))
        qty = min(wanted, maker.open_qty)
        maker.cum_qty += qty
        taker.cum_qty += qty
        other.take(level, maker, qty)
        _print(book, level.px, qty)
        wanted -= qty
        fill(maker, taker, qty, level.px)


def auction_price(book: Book) -> int | None:
    """The price at which most trades; then least left over; then lowest.

    None where the sides don't cross.
    """
    bids = [(level.px, level.qty) for level in book.sides[BUY].levels()]
    asks = [(level.px, level.qty) for level in book.sides[SELL].levels()]
    best: tuple[int, int, int] | None = None
    for px in {px for px, _ in bids} | {px for px, _ in asks}:
        demand = sum(qty for bid, qty in bids if bid >= px)
        supply = sum(qty for ask, qty in asks if ask <= px)
        rank = (-min(demand, supply), abs(demand - supply), px)
        if min(demand, supply) > 0 and (best is None or rank < best):
            best = rank
    return best[2] if best else None


def uncross(book: Book, fill: Fill) -> None:
    """End an auction: trade all that crosses at one price, best first."""
    px = auction_price(book)
    bids, asks = book.sides[BUY], book.sides[SELL]
    while px is not None:
        bid_level, ask_level = bids.best(), asks.best()
        if bid_level is None or ask_level is None or bid_level.px < px or ask_level.px > px:
            return
        bid = next(iter(bid_level.orders.values()))
        ask = next(iter(ask_level.orders.values()))
        qty = min(bid.open_qty, ask.open_qty)
        bid.cum_qty += qty
        ask.cum_qty += qty
        bids.take(bid_level, bid, qty)
        asks.take(ask_level, ask, qty)
        _print(book, px, qty)
        fill(ask, bid, qty, px)


def _print(book: Book, px: int, qty: int) -> None:
    book.last = px
    book.volume += qty
    book.changes += 1
