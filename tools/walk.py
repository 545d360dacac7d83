"""A walk through a pair's recordings, as the pair would see them.

What the pair's own code makes of each book: its view, its guards, its sizes.
Nobody trades here; ages are the recording's own, and a venue that repeats its
last book while it lives is taken to have lived.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from config import schema
from config.pairspecs import pair_spec
from domain import guards
from domain.formula_view import spread_view
from domain.market import STATUS_CLOSED, STATUS_OPEN, Quote
from domain.pairspec import PairSpec
from domain.prices import fx_rate
from gateways.replay.rows import QuoteRow, Row, StatusRow
from gateways.replay.settings import Played, Span
from tools.errors import ToolError

NS_PER_S = 1_000_000_000
Key = tuple[str, str]
See = Callable[[int, Key, Row], None]


class Walk:
    """The pair's view, moved on by each row; `watchers` see it after that.

    Shape: `quotes` and `spans` by (venue, symbol).
    """

    def __init__(self, config: schema.Config, played: dict[Key, Played]) -> None:
        self.spec: PairSpec = pair_spec(config, config.pair[0], sends_orders=False)
        self.view = spread_view(self.spec)
        self.quotes: dict[Key, Quote] = {}
        self.spans: dict[Key, Span] = {}
        self.rates: list[float | None] = [None] * len(self.spec.legs)
        self.watchers: list[See] = []
        self.kept: dict[Key, list[Row]] = {}
        self._keeps = 0
        self.lookers: list[Callable[[int], None]] = []
        """Called before each row, with the books as they stand until it."""
        self.at_once = False
        """Whether the next row has the same moment: both are one change."""
        self.now_ns = 0
        self._played = played
        self._legs = {leg.key: place for place, leg in enumerate(self.spec.legs)}
        self._statuses: dict[Key, tuple[int, tuple[int | None, int | None]]] = {}
        self._fixed = {key: each.has_statuses for key, each in played.items()}

    def keep(self, most_rows: int) -> None:
        """Keep the rows of the walk in `kept`, unless they are more than that."""
        self._keeps = most_rows

    def run(self, seconds: float | None = None) -> None:
        """Walk to the end, or `seconds` past the moment at which all had begun.

        Raises: ConfigError by file and line where a row is bad.
        """
        end_ns = None
        coming = self._merged()
        following = next(coming, None)
        while following is not None:
            (recv_ns, key, row), following = following, next(coming, None)
            self.at_once = following is not None and following[0] == recv_ns
            if end_ns is not None and recv_ns >= end_ns:
                break
            for look in self.lookers:
                look(recv_ns)
            self._count(recv_ns, key, row)
            self._take(recv_ns, key, row)
            if self._keeps:
                self._keep(key, row)
            for see in self.watchers:
                see(recv_ns, key, row)
            self.now_ns = recv_ns
            if end_ns is None and seconds is not None and len(self.spans) == len(self._played):
                end_ns = self.first_ns + int(seconds * NS_PER_S)

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
        if len(self.spans) < len(self._played):
            raise ToolError("a recording of the pair holds no row in the time that was asked for")
        if self.last_ns <= self.first_ns:
            raise ToolError("the recordings of the pair do not overlap in time")

    def is_made(self, key: Key) -> bool:
        """Whether its book is made, not recorded."""
        return self._played[key].made

    @property
    def first_ns(self) -> int:
        """When the last of the recordings has begun."""
        return max(span.first_ns for span in self.spans.values())

    @property
    def last_ns(self) -> int:
        """When the first of them ends."""
        return min(span.last_ns for span in self.spans.values())

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

    def closed(self) -> bool:
        """Whether a leg's market is closed, or has not been seen."""
        return any(quote is None or quote.status != STATUS_OPEN for quote in map(self.quotes.get, self._legs))

    def _merged(self) -> Iterator[tuple[int, Key, Row]]:
        streams = [_keyed(key, each) for key, each in self._played.items()]
        return heapq.merge(*streams, key=lambda item: item[0])

    def _count(self, recv_ns: int, key: Key, row: Row) -> None:
        if isinstance(row, StatusRow) and key not in self.spans:
            return
        span = self.spans.get(key)
        first_ns, rows = (recv_ns, 0) if span is None else (span.first_ns, span.rows)
        self.spans[key] = Span(first_ns, recv_ns, rows + (not isinstance(row, StatusRow)))

    def _take(self, recv_ns: int, key: Key, row: Row) -> None:
        """The row as the node's feed would hand it to the pair."""
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
        place = self._legs.get(key)
        if place is not None:
            self.view.on_quote(place, quote)
        for at, leg in enumerate(self.spec.legs):
            if leg.fx is not None and leg.fx.key == key:
                self.rates[at] = fx_rate(quote, leg.fx.tick_size)
                self.view.on_fx(at, self.rates[at])


def played_of(plays: Sequence[Any]) -> dict[Key, Played]:
    """All instruments of a replay's venues, by (venue, symbol)."""
    return {(play.venue, each.definition.symbol): each for play in plays for each in play.played}


def _keyed(key: Key, played: Played) -> Iterator[tuple[int, Key, Row]]:
    return ((row.recv_ns, key, row) for row in played.rows())


def _repeated(quote: Quote, now_ns: int) -> Quote:
    """The quote as a living venue has repeated it: its own age stays."""
    if now_ns - quote.recv_mono_ns < NS_PER_S:
        return quote
    return replace(quote, recv_mono_ns=now_ns, status_mono_ns=now_ns)
