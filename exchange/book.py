"""A limit order book: price first, then time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from exchange.codes import BUY, SELL, SIGN
from exchange.values import Order


class Level:
    """The orders at one price, oldest first (a dict keeps their order)."""

    __slots__ = ("orders", "px", "qty")

    def __init__(self, px: int) -> None:
        self.px = px
        self.qty = 0
        self.orders: dict[str, Order] = {}


class Side:
    """One side of a book. Keys grow away from the best price."""

    __slots__ = ("_keys", "_levels", "_sign")

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._keys: list[int] = []
        self._levels: dict[int, Level] = {}

    def add(self, order: Order) -> None:
        """Put the order behind all others at its price."""
        key = -self._sign * order.px
        level = self._levels.get(key)
        if level is None:
            level = self._levels[key] = Level(order.px)
            insort(self._keys, key)
        level.orders[order.order_id] = order
        level.qty += order.open_qty

    def remove(self, order: Order) -> None:
        """Take out an order that still has open quantity."""
        level = self._levels[-self._sign * order.px]
        del level.orders[order.order_id]
        level.qty -= order.open_qty
        self._drop_if_empty(level)

    def take(self, level: Level, order: Order, qty: int) -> None:
        """Account for `qty` traded by the order, already on its cum_qty."""
        level.qty -= qty
        if order.open_qty == 0:
            del level.orders[order.order_id]
            self._drop_if_empty(level)

    def best(self) -> Level | None:
        return self._levels[self._keys[0]] if self._keys else None

    def levels(self) -> Iterator[Level]:
        """Best first. Don't change the side while reading."""
        return (self._levels[key] for key in self._keys)

    def flat(self, depth: int) -> list[int]:
        """px, qty, px, qty, ... of the best `depth` levels."""
        found: list[int] = []
        for key in self._keys[:depth]:
            level = self._levels[key]
            found += (level.px, level.qty)
        return found

    def qty_within(self, px: int | None, wanted: int) -> int:
        """Lots at `px` or better, counted up to `wanted`."""
        found = 0
        for level in self.levels():
            if found >= wanted or not self.reached_by(level.px, px):
                break
            found += level.qty
        return min(found, wanted)

    def reached_by(self, level_px: int, px: int | None) -> bool:
        """Whether an order of the other side at `px` (None: any) meets it."""
        return px is None or self._sign * level_px >= self._sign * px

    def _drop_if_empty(self, level: Level) -> None:
        if level.orders:
            return
        key = -self._sign * level.px
        del self._levels[key]
        del self._keys[bisect_left(self._keys, key)]


class Book:
    """Both sides of one symbol, with last price and the day's volume."""

    __slots__ = ("changes", "last", "sides", "volume")

    def __init__(self) -> None:
        self.sides = {BUY: Side(SIGN[BUY]), SELL: Side(SIGN[SELL])}
        self.last: int | None = None
        self.volume = 0
        self.changes = 0
        """Grows with everything that a snapshot would show."""

    def add(self, order: Order) -> None:
        self.sides[order.side].add(order)
        self.changes += 1

    def remove(self, order: Order) -> None:
        self.sides[order.side].remove(order)
        self.changes += 1

    def against(self, side: str) -> Side:
        """The side that an order of `side` trades with."""
        return self.sides[SELL if side == BUY else BUY]
