"""The other participants of a simulated market: makers and takers.

A maker keeps a ladder of day orders around the fair value and moves it when
the value moves; a taker now and then hits the touch. Both trade on the house
account, through the same book as everybody.
"""

from __future__ import annotations

import math
from random import Random
from typing import Annotated

import msgspec
from msgspec import Meta

from exchange.codes import BUY, IOC, SELL, SIGN
from exchange.values import Order
from exchange.venue import Venue

NS = 1_000_000_000


class CrowdSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a symbol's other participants behave.

    Units: `spread_ticks`: between the maker's best prices; `refresh`: chance
    a step that a level is quoted anew; `takers_per_s`: orders on average.
    """

    levels: Annotated[int, Meta(ge=1, le=50)] = 10
    spread_ticks: Annotated[int, Meta(ge=1, le=1000)] = 1
    qty_min: Annotated[int, Meta(ge=1)] = 5
    qty_max: Annotated[int, Meta(ge=1)] = 30
    refresh: Annotated[float, Meta(ge=0, le=1)] = 0.05
    takers_per_s: Annotated[float, Meta(ge=0, le=1000)] = 1.0
    take_max: Annotated[int, Meta(ge=1)] = 5


class Crowd:
    """The participants of one symbol."""

    def __init__(self, venue: Venue, symbol: str, spec: CrowdSpec, rng: Random) -> None:
        self._venue = venue
        self._symbol = symbol
        self._spec = spec
        self._rng = rng
        self._quotes: dict[str, dict[int, Order]] = {BUY: {}, SELL: {}}

    def step(self, now: int, fair_ticks: float, dt_ns: int) -> None:
        """Quote around the fair value as it is now; perhaps take."""
        best_bid = math.floor(fair_ticks - self._spec.spread_ticks / 2)
        best = {BUY: best_bid, SELL: best_bid + self._spec.spread_ticks}
        for side in (BUY, SELL):
            self._withdraw(now, side, best[side])
        for side in (BUY, SELL):
            self._quote(now, side, best[side])
        if self._rng.random() < self._spec.takers_per_s * dt_ns / NS:
            self._take(now)

    def _withdraw(self, now: int, side: str, best: int) -> None:
        """Take back what is better than `best`, or too far behind it."""
        quotes = self._quotes[side]
        for px, order in list(quotes.items()):
            behind = SIGN[side] * (best - px)
            if not 0 <= behind < self._spec.levels or not order.leaves_qty or self._rng.random() < self._spec.refresh:
                self._venue.house_cancel(now, order)
                del quotes[px]

    def _quote(self, now: int, side: str, best: int) -> None:
        quotes = self._quotes[side]
        for behind in range(self._spec.levels):
            px = best - SIGN[side] * behind
            if px not in quotes:
                qty = self._rng.randint(self._spec.qty_min, self._spec.qty_max)
                order = self._venue.house_order(now, self._symbol, side, qty, px)
                if order is not None and order.leaves_qty:
                    quotes[px] = order

    def _take(self, now: int) -> None:
        side = BUY if self._rng.random() < 0.5 else SELL
        level = self._venue.listings[self._symbol].book.against(side).best()
        if level is not None:
            self._venue.house_order(now, self._symbol, side, self._rng.randint(1, self._spec.take_max), level.px, IOC)
