"""What a recording offers a pair: its spread by the pair's own formula.

Spreads are held from one quote to the next, so figures are weighted by time,
not by how often a venue happens to quote. Read once before the replay; every
row is checked on the way.
"""

from __future__ import annotations

import heapq
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

from config import schema
from config.values import formula_of
from domain.market import quote_of
from domain.prices import LegPrice, SpreadView
from gateways.replay.reader import QuoteRow, read_rows
from gateways.replay.settings import Played, Span

NS_PER_S = 1_000_000_000
PERCENTILES = (5, 50, 95)
GRAIN = 100
"""Spreads are counted to a hundredth: 23.456 counts as 23.46."""


class Tally:
    """One direction's spread: how long each value held."""

    def __init__(self, threshold: Decimal | None, *, above: bool) -> None:
        self._threshold = None if threshold is None else float(threshold)
        self._above = above
        self._held_ns: dict[int, int] = {}
        self._now: int | None = None
        self._meets = False
        self._met_ns = 0
        self._times = 0

    def hold(self, elapsed_ns: int) -> None:
        """The value stood for so long."""
        if self._now is not None and elapsed_ns:
            self._held_ns[self._now] = self._held_ns.get(self._now, 0) + elapsed_ns
            self._met_ns += elapsed_ns if self._meets else 0

    def change(self, value: float) -> None:
        """The value from now on."""
        self._now = round(value * GRAIN)
        limit = self._threshold
        meets = limit is not None and (value >= limit if self._above else value <= limit)
        self._times += meets and not self._meets
        self._meets = meets

    def told(self) -> dict[str, Any]:
        """Range, percentiles by time, and how often the threshold was met."""
        values = sorted(self._held_ns)
        if not values:
            return {}
        found: dict[str, Any] = {"min": values[0] / GRAIN, "max": values[-1] / GRAIN}
        total, passed, wanted = sum(self._held_ns.values()), 0, list(PERCENTILES)
        for value in values:
            passed += self._held_ns[value]
            while wanted and passed * 100 >= total * wanted[0]:
                found[f"p{wanted.pop(0)}"] = value / GRAIN
        threshold = {} if self._threshold is None else {"threshold": self._threshold}
        return {**found, **threshold, "met_times": self._times, "met_s": round(self._met_ns / NS_PER_S, 3)}


class Survey:
    """The spans of the recordings and what the pair's spread was in them."""

    def __init__(self, config: schema.Config, played: tuple[Played, ...]) -> None:
        pair = config.pair[0]
        self._played = played
        legs = [
            LegPrice(formula_of(config, leg), leg.lots if leg.side == "buy" else -leg.lots, leg.weight)
            for leg in pair.legs
        ]
        self._view = SpreadView(legs)
        self.sell = Tally(pair.trigger.sell_open, above=True)
        self.buy = Tally(pair.trigger.buy_close, above=False)
        self.spans: list[Span] = []

    def read(self, seconds: float | None) -> None:
        """Read the recordings, up to `seconds` after all of them began.

        Raises ConfigError by file and line where a row is bad.
        """
        spans: list[list[int]] = [[] for _ in self._played]
        streams = [_keyed(leg, each.path, each.sizes) for leg, each in enumerate(self._played)]
        end_ns, last_ns = None, 0
        for recv_ns, leg, row in heapq.merge(*streams, key=lambda item: item[0]):
            if end_ns is not None and recv_ns >= end_ns:
                break
            span = spans[leg]
            span[:] = [span[0] if span else recv_ns, recv_ns, span[2] + 1 if span else 1]
            if isinstance(row, QuoteRow):
                self._quote(leg, row, recv_ns - last_ns)
                last_ns = recv_ns
            if end_ns is None and seconds is not None and all(spans):
                end_ns = max(each[0] for each in spans) + int(seconds * NS_PER_S)
        self.spans = [Span(*span) for span in spans if span]

    def _quote(self, leg: int, row: QuoteRow, elapsed_ns: int) -> None:
        for tally in (self.sell, self.buy):
            tally.hold(elapsed_ns)
        self._view.on_quote(leg, quote_of(("", ""), row.bids, row.asks))
        for tally, value in ((self.sell, self._view.sell), (self.buy, self._view.buy)):
            if isfinite(value):
                tally.change(value)


def _keyed(leg: int, path: Path, sizes: tuple[Decimal, Decimal]) -> Any:
    return ((row.recv_ns, leg, row) for row in read_rows(path, *sizes))
