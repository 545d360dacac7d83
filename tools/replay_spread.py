"""What a recording offers a pair: its spread or ratio, by its own view.

Values are held from one quote to the next, so figures are weighted by time,
not by how often a venue happens to quote. Read once before the replay; every
row is checked on the way.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from math import isfinite, isnan, nan
from typing import Any

from domain.market import BUY, SELL
from gateways.replay.rows import QuoteRow, Row
from tools.walk import Key, Look, Walk

NS_PER_S, NS_PER_MS = 1_000_000_000, 1_000_000
SLACK_NS = 5_000_000
"""A decision stands a little after the row that it was made on."""

PERCENTILES = (5, 50, 95)
GRAIN = 1_000_000
"""Values are counted to a millionth: a ratio of 1.000365 keeps its digits."""


class Tally:
    """One direction's value: how long each stood, and how long it was met."""

    def __init__(self, threshold: float | None, *, above: bool) -> None:
        self._threshold = None if threshold is None or isnan(threshold) else threshold
        self._above = above
        self.held_ns: dict[int, int] = {}
        self._now: int | None = None
        self._meets = False
        self._met_ns = 0
        self._times = 0
        self._since_ns: int | None = None
        self.episodes: list[tuple[int, int]] = []
        """(from, how long) of each time that the threshold was met."""

    @property
    def meets(self) -> bool:
        """Whether the threshold is met now."""
        return self._meets

    def hold(self, elapsed_ns: int) -> None:
        """The value stood for so long."""
        if self._now is not None and elapsed_ns:
            self.held_ns[self._now] = self.held_ns.get(self._now, 0) + elapsed_ns
            self._met_ns += elapsed_ns if self._meets else 0

    def count(self, grain: int) -> None:
        """One more of a value that rows have, not times: in millionths, of a ms as ns."""
        self.held_ns[grain] = self.held_ns.get(grain, 0) + 1

    def change(self, value: float, now_ns: int = 0) -> None:
        """The value from now on; NaN: there is none."""
        limit = self._threshold
        known = isfinite(value)
        meets = known and limit is not None and (value >= limit if self._above else value <= limit)
        self._now = round(value * GRAIN) if known else None
        if meets != self._meets:
            self._meets = meets
            self._turned(now_ns)

    def _turned(self, now_ns: int) -> None:
        """An episode begins or ends."""
        if self._meets:
            self._times += 1
            self._since_ns = now_ns
        elif self._since_ns is not None:
            self.episodes.append((self._since_ns, now_ns - self._since_ns))
            self._since_ns = None

    def end(self, now_ns: int) -> None:
        """The walk is over; what is met ends with it."""
        if self._since_ns is not None:
            self.episodes.append((self._since_ns, now_ns - self._since_ns))
            self._since_ns = None

    def held_at(self, at_ns: int) -> int | None:
        """How long the episode of that moment held; None: it was none."""
        place = bisect_right(self.episodes, (at_ns + 1, 0)) - 1
        if place < 0:
            return None
        since_ns, held_ns = self.episodes[place]
        return held_ns if at_ns <= since_ns + held_ns + SLACK_NS else None

    def told(self, percentiles: Iterable[int] = PERCENTILES) -> dict[str, Any]:
        """Range, and percentiles by time."""
        values = sorted(self.held_ns)
        if not values:
            return {}
        found: dict[str, Any] = {"min": values[0] / GRAIN, "max": values[-1] / GRAIN}
        total, passed, wanted = sum(self.held_ns.values()), 0, list(percentiles)
        for value in values:
            passed += self.held_ns[value]
            while wanted and passed * 100 >= total * wanted[0]:
                found[f"p{wanted.pop(0)}"] = value / GRAIN
        return found

    def met(self) -> dict[str, Any]:
        """The threshold, how often it was met, and for how long in all."""
        return {"threshold": self._threshold, "met_times": self._times, "met_s": round(self._met_ns / NS_PER_S, 3)}


class Survey:
    """What one pair's two directions were worth, and when its trigger was met.

    `events`: when each event of the trigger was met; `clocks`: how far the
    exchange's clock was ahead of the receiver's, in ms, by (venue, symbol).
    """

    def __init__(self, walk: Walk, look: Look) -> None:
        self._walk, self._look = walk, look
        self.values = {side: Tally(None, above=True) for side in (SELL, BUY)}
        self.events = {event: Tally(aim.threshold, above=aim.direction == SELL) for event, aim in look.aims.items()}
        self.clocks: dict[Key, Tally] = {}
        self._stands: tuple[float, float] = (nan, nan)
        self._last_ns = 0
        walk.watchers.append(self.see)

    def see(self, recv_ns: int, key: Key, row: Row) -> None:
        """After each row of the walk."""
        if self._walk.changed and self._walk.shares(recv_ns):
            look = self._look
            values = (nan, nan) if look.closed() else (look.value(SELL), look.value(BUY))
            if values != self._stands or not self._last_ns:
                self._hold(recv_ns)
                self._stands = values
                for tally, value in zip(self.values.values(), values, strict=True):
                    tally.change(value, recv_ns)
            for event, tally in self.events.items():
                met = look.is_met(event, recv_ns)
                if met or tally.meets:
                    self._hold(recv_ns)
                    tally.change(look.value(look.aims[event].direction) if met else nan, recv_ns)
        if row.exch_ns is not None and isinstance(row, QuoteRow):
            clock = self.clocks.get(key)
            if clock is None:
                clock = self.clocks[key] = Tally(None, above=True)
            clock.count(row.exch_ns - row.recv_ns)

    def _hold(self, now_ns: int) -> None:
        elapsed_ns, self._last_ns = now_ns - (self._last_ns or now_ns), now_ns
        for tally in self.values.values():
            tally.hold(elapsed_ns)
        for tally in self.events.values():
            if tally.meets:
                tally.hold(elapsed_ns)

    def end(self) -> None:
        """After the walk: what is still met ends with the time that is shared."""
        if self._last_ns:
            self._hold(self._walk.last_ns)
        for tally in self.events.values():
            tally.end(self._walk.last_ns)

    def told(self) -> dict[str, dict[str, Any]]:
        """By direction: its value while the markets were open, and its first event's threshold."""
        found = {}
        for name, side, events in (("sell", SELL, ("sell_open", "sell_close")), ("buy", BUY, ("buy_close", "buy_open"))):
            event = next((self.events[each] for each in events if each in self.events), None)
            met = {} if event is None else event.met()
            found[name] = {**self.values[side].told(), **met}
        return found

    def clock_offsets(self) -> dict[str, dict[str, float]]:
        """By `venue/symbol`: exchange's clock less receiver's, ms."""
        return {f"{venue}/{symbol}": clock.told() for (venue, symbol), clock in self.clocks.items()}
