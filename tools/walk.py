"""A walk through recordings, as the pairs that trade them would see them.

What a pair's own code makes of each book: its view, its guards, its sizes.
Nobody trades here; ages are the recording's own, and a venue that repeats its
last book while it lives is taken to have lived.

What is measured is measured while all recordings share the time: from the
first row of the one that begins last to the last row of the one that ends
first, or to where the walk was told to end.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import Any

from msgspec.structs import replace

from config import schema
from config.pairspecs import pair_spec
from domain import guards, unit_lots
from domain.firing import Aim, aim_of
from domain.formula_view import spread_view
from domain.market import SELL, STATUS_CLOSED, STATUS_OPEN, Quote
from domain.pairspec import PairSpec
from domain.prices import fx_rate, tradable_units
from domain.triggers import EVENTS
from gateways.replay.rows import QuoteRow, Row, StatusRow, TradeRow
from gateways.replay.settings import Played, Span
from tools.errors import ToolError

NS_PER_S = 1_000_000_000
Key = tuple[str, str]
See = Callable[[int, Key, Row], None]


class Look:
    """One pair's view of the walk. Shape: `quotes` by (venue, symbol), the walk's."""

    def __init__(self, config: schema.Config, pair: schema.Pair, quotes: dict[Key, Quote]) -> None:
        self.spec: PairSpec = pair_spec(config, pair, sends_orders=False)
        self.view = spread_view(self.spec)
        self.rates: list[float | None] = [None] * len(self.spec.legs)
        self.quotes = quotes
        given = [event for event in EVENTS if isfinite(self.spec.trigger.threshold(event))]
        self.aims: dict[str, Aim] = {event: aim_of(self.spec, event) for event in given}
        self._places = {leg.key: place for place, leg in enumerate(self.spec.legs)}
        self._rated = [(place, leg.fx) for place, leg in enumerate(self.spec.legs) if leg.fx is not None]

    def take(self, key: Key, quote: Quote) -> None:
        """A book of the walk, as the pair's view has it from now on."""
        place = self._places.get(key)
        if place is not None:
            self.view.on_quote(place, quote)
        for at, fx in self._rated:
            if fx.key == key:
                self.rates[at] = fx_rate(quote, fx.tick_size)
                self.view.on_fx(at, self.rates[at])

    def value(self, direction: int) -> float:
        """What the pair is worth now in that direction."""
        return self.view.sell if direction == SELL else self.view.buy

    def why_not(self, now_ns: int, needs: Sequence[tuple[bool, bool]]) -> str:
        """What keeps the legs' quotes from counting now, or ""."""
        for leg, (bid, ask) in zip(self.spec.legs, needs, strict=True):
            quote = self.quotes.get(leg.key)
            if quote is None:
                return guards.LEG_STALE
            changed_ns = quote.changed_mono_ns
            if now_ns - changed_ns > leg.quote_limits.max_unchanged_ns:
                return guards.LEG_STALE if quote.status == STATUS_OPEN else guards.SESSION_CLOSED
            why = guards.why_not(_repeated(quote, now_ns), bid, ask, now_ns, leg.quote_limits)
            if why:
                return why
        return ""

    def units(self, direction: int) -> int:
        """Pair units that the books would fill now at the touch."""
        return tradable_units(self.view.quotes, unit_lots.now(self.spec, self.view.quotes), direction)

    def is_met(self, event: str, now_ns: int) -> bool:
        """Whether quotes that count meet the event's threshold, and enough could be traded."""
        aim = self.aims[event]
        value = self.value(aim.direction)
        if not (value >= aim.threshold if aim.direction == SELL else value <= aim.threshold):
            return False
        return not self.why_not(now_ns, aim.needs) and self.units(aim.direction) >= self.spec.trigger.min_units

    def closed(self) -> bool:
        """Whether a leg's market is closed, or has not been seen."""
        return any(quote is None or quote.status != STATUS_OPEN for quote in map(self.quotes.get, self._places))


class Walk:
    """The books of all recordings, moved on by each row; `watchers` see it after that.

    Shape: `looks` one of each pair, `quotes` and `spans` by (venue, symbol).
    """

    def __init__(self, config: schema.Config, played: dict[Key, Played]) -> None:
        self.quotes: dict[Key, Quote] = {}
        self.looks = [Look(config, pair, self.quotes) for pair in config.pair]
        self.spans: dict[Key, Span] = {}
        self.watchers: list[See] = []
        self.kept: dict[Key, list[Row]] = {}
        self._keeps = 0
        self.lookers: list[Callable[[int], None]] = []
        """Called before each row, with the books as they stand until it."""
        self.changed = False
        """Whether the books are others now, with all rows of the moment."""
        self.now_ns = 0
        self._behind = False
        self._played = played
        self._statuses: dict[Key, tuple[int, tuple[int | None, int | None]]] = {}
        self._fixed = {key: each.has_statuses for key, each in played.items()}
        self._ended_ns: int | None = None
        self._end_ns: int | None = None

    def keep(self, most_rows: int) -> None:
        """Keep the rows of the walk in `kept`, unless they are more than that."""
        self._keeps = most_rows

    def run(self, seconds: float | None = None) -> None:
        """Walk to the end, or `seconds` past the moment at which all had begun.

        Raises: ConfigError by file and line where a row is bad.
        """
        coming = self._merged()
        following = next(coming, None)
        while following is not None:
            (recv_ns, _, key, row), following = following, next(coming, None)
            if self._end_ns is not None and recv_ns >= self._end_ns:
                break
            for look in self.lookers:
                look(recv_ns)
            self._count(recv_ns, key, row)
            self._take(recv_ns, key, row)
            self._follow(row, at_once=following is not None and following[0] == recv_ns)
            if self._keeps:
                self._keep(key, row)
            for see in self.watchers:
                see(recv_ns, key, row)
            self.now_ns = recv_ns
            if self._end_ns is None and seconds is not None and self.has_begun:
                self._end_ns = self.first_ns + int(seconds * NS_PER_S)

    def _follow(self, row: Row, *, at_once: bool) -> None:
        """Rows of one moment are one change; a market's own trade is none."""
        self._behind = self._behind or not isinstance(row, TradeRow)
        self.changed = self._behind and not at_once
        self._behind = self._behind and at_once

    def _keep(self, key: Key, row: Row) -> None:
        self._keeps -= 1
        if self._keeps:
            self.kept.setdefault(key, []).append(row)
        else:
            self.kept.clear()

    @property
    def ticks(self) -> dict[Key, str]:
        """Every instrument of the walk, with its tick."""
        return {key: each.definition.tick_size for key, each in self._played.items()}

    @property
    def made(self) -> list[str]:
        """The instruments whose book is made, as `venue/symbol`."""
        return sorted(f"{venue}/{symbol}" for (venue, symbol), each in self._played.items() if each.made)

    def check(self) -> None:
        """After the walk. Raises: ToolError where the legs share no time."""
        if not self.has_begun:
            empty = ", ".join("/".join(key) for key in self._played if key not in self.spans)
            raise ToolError(f"{empty}: the recording holds no row of it in the time that was asked for")
        if self.last_ns <= self.first_ns:
            spans = (f"{'/'.join(key)} {_utc(span.first_ns)} to {_utc(span.last_ns)}" for key, span in self.spans.items())
            raise ToolError(f"the recordings do not overlap in time: {'; '.join(spans)} (UTC)")

    def is_made(self, key: Key) -> bool:
        """Whether its book is made, not recorded."""
        return self._played[key].made

    @property
    def has_begun(self) -> bool:
        """Whether every recording has had a row."""
        return len(self.spans) == len(self._played)

    def shares(self, recv_ns: int) -> bool:
        """Whether all recordings have begun by then, and none has ended."""
        return self.has_begun and (self._ended_ns is None or recv_ns <= self._ended_ns)

    @property
    def first_ns(self) -> int:
        """When the last of the recordings has begun."""
        return max(span.first_ns for span in self.spans.values())

    @property
    def last_ns(self) -> int:
        """When the first of them ends, or where the walk was told to."""
        ends = [each for each in (self._ended_ns, self._end_ns) if each is not None]
        return min(ends) if ends else self.now_ns

    def _merged(self) -> Iterator[tuple[int, int, Key, Row]]:
        """All rows in order of receipt; of equal times, the first instrument's first."""
        streams = [self._keyed(place, key, each) for place, (key, each) in enumerate(self._played.items())]
        return heapq.merge(*streams)

    def _keyed(self, place: int, key: Key, played: Played) -> Iterator[tuple[int, int, Key, Row]]:
        """The rows of one instrument; known before the next row: that it has ended."""
        last_ns = 0
        for row in played.rows():
            last_ns = row.recv_ns
            yield last_ns, place, key, row
        if last_ns:
            self._ended_ns = last_ns if self._ended_ns is None else min(self._ended_ns, last_ns)

    def _count(self, recv_ns: int, key: Key, row: Row) -> None:
        span, counts = self.spans.get(key), not isinstance(row, StatusRow)
        if span is not None:
            span.last_ns = recv_ns
            span.rows += counts
        elif counts:
            self.spans[key] = Span(recv_ns, recv_ns, 1)

    def _take(self, recv_ns: int, key: Key, row: Row) -> None:
        """The row as the node's feed would hand it to the pairs."""
        status, limits = self._statuses.get(key, (STATUS_CLOSED if self._fixed[key] else STATUS_OPEN, (None, None)))
        if isinstance(row, StatusRow):
            self._statuses[key] = (row.status, row.limits or limits)
            if key in self.quotes:
                self._show(key, replace(self.quotes[key], status=row.status))
            return
        if not isinstance(row, QuoteRow):
            return
        bids, asks = row.bids, row.asks
        if row.limits is not None:
            limits = row.limits
            self._statuses[key] = (status, limits)
        before = self.quotes.get(key)
        last = row.last if row.last is not None or before is None else before.last_px
        quote = Quote(
            key, bids[0] if bids else None, bids[1] if bids else 0, asks[0] if asks else None, asks[1] if asks else 0,
            bids, asks, row.exch_ns, recv_ns, recv_ns, 0, recv_ns, status, *limits, recv_ns, last,
        )  # fmt: skip
        self._show(key, quote)

    def _show(self, key: Key, quote: Quote) -> None:
        self.quotes[key] = quote
        for look in self.looks:
            look.take(key, quote)


def played_of(plays: Sequence[Any]) -> dict[Key, Played]:
    """All instruments of a replay's venues, by (venue, symbol)."""
    return {(play.venue, each.definition.symbol): each for play in plays for each in play.played}


def _utc(ns: int) -> str:
    from tools.audit_text import utc

    return utc(ns)


def _repeated(quote: Quote, now_ns: int) -> Quote:
    """The quote as a living venue has repeated it: its own age stays."""
    if now_ns - quote.recv_mono_ns < NS_PER_S:
        return quote
    return replace(quote, recv_mono_ns=now_ns, status_mono_ns=now_ns)
