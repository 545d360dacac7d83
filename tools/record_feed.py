"""From a gateway's feed to the rows of a recording; and what was lost.

What a reader of a feed can miss shows in `seq`: it counts from 1 for each topic
in each epoch. Whatever is missing, restarted or silent is a row of its own
(`gap`, passed over by replay), a line for whoever watches, and a figure at the
end. Repeats of a book or of a status are no news and are not kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from domain.errors import WireError
from tools.record_file import Parts
from wire.codec import decode_feed
from wire.messages import FeedHeartbeat, MarketData, SecurityStatus

BOOK, STATUS, GAP = "book", "status", "gap"
NS_PER_MS = 1_000_000
SILENT_NS = 1_000 * NS_PER_MS
"""Ten heartbeats: a feed that is silent for so long has lost something."""


def header_of(depth: int) -> str:
    """The columns of a recording of ours with so many levels."""
    levels = [f"{name}{level}" for level in range(1, depth + 1) for name in ("bid", "bid_qty", "ask", "ask_qty")]
    names = ["recv_ns", "gw_ns", "exch_ns", "type", *levels, "last", "volume", "status", "limit_down", "limit_up", "lost", "note"]
    return ",".join(names)


class Scale:
    """Ticks or lots as the decimals that they stand for."""

    def __init__(self, size: Decimal) -> None:
        self._size = size
        self._kept: dict[int, str] = {}

    def __call__(self, number: int | None) -> str:
        """The decimal; nothing for None."""
        if number is None:
            return ""
        text = self._kept.get(number)
        if text is None:
            if len(self._kept) > 65_536:
                self._kept.clear()
            text = self._kept[number] = f"{number * self._size:f}"
        return text


class Recorded:
    """One instrument of a feed."""

    def __init__(self, parts: Parts, tick: Decimal, lot: Decimal, depth: int) -> None:
        self.parts, self.depth = parts, depth
        self._px, self._qty = Scale(tick), Scale(lot)
        self.seq: int | None = None
        self.books = self.statuses = self.repeats = self.lost = self.deeper = 0
        self._book: tuple[int, list[int], list[int]] | None = None
        self._status: tuple[int, int | None, int | None] | None = None
        self._last_ns = 0

    def book(self, message: MarketData, now_ns: int) -> None:
        """A `W`; one that was there before is a repeat."""
        told = (message.gw_ns, message.bids, message.asks)
        if told == self._book:
            self.repeats += 1
            return
        self._book = told
        self.books += 1
        self.deeper += max(len(message.bids), len(message.asks)) > 2 * self.depth
        cells: list[str] = []
        for place in range(0, 2 * self.depth, 2):
            for side in (message.bids, message.asks):
                there = place < len(side)
                cells += [self._px(side[place]), self._qty(side[place + 1])] if there else ["", ""]
        volume = self._qty(message.volume)
        exch = "" if message.exch_ns is None else str(message.exch_ns)
        self._row(now_ns, [str(message.gw_ns), exch, BOOK, *cells, self._px(message.last), volume, "", "", "", "", ""])

    def status(self, message: SecurityStatus, now_ns: int) -> None:
        """An `f`; only a change is news."""
        told = (message.status, message.limit_down, message.limit_up)
        if told == self._status:
            self.repeats += 1
            return
        self._status = told
        self.statuses += 1
        limits = [self._px(message.limit_down), self._px(message.limit_up)]
        self._row(now_ns, [str(message.gw_ns), "", STATUS, *self._levels(), "", "", str(message.status), *limits, "", ""])

    def gap(self, lost: int, note: str, now_ns: int) -> None:
        """Something is missing here; how much, where that is known."""
        self.lost += lost
        self._row(now_ns, ["", "", GAP, *self._levels(), "", "", "", "", "", str(lost) if lost else "", note])

    def _levels(self) -> list[str]:
        return [""] * (4 * self.depth)

    def _row(self, now_ns: int, cells: list[str]) -> None:
        self._last_ns = max(self._last_ns, now_ns)
        self.parts.add(",".join([str(self._last_ns), *cells]))


class FeedRecorder:
    """One venue's feed. `tell` hears of every loss at once.

    Units: `now_ns` wall, `mono_ns` monotonic.
    """

    def __init__(self, venue: str, symbols: dict[str, Recorded], mono_ns: int, tell: Callable[[str], None]) -> None:
        self.venue, self.symbols, self._tell = venue, symbols, tell
        self.epoch: int | None = None
        self.session_up = True
        self.heard = False
        self.counts: Counter[str] = Counter()
        self._heard_ns = mono_ns
        self._silent = False

    def frame(self, body: bytes, now_ns: int, mono_ns: int) -> None:
        """One message of the feed, whatever it is."""
        if self._silent:
            self._note(0, f"silent for {(mono_ns - self._heard_ns) // NS_PER_MS} ms", now_ns)
        self._heard_ns, self._silent, self.heard = mono_ns, False, True
        try:
            message = decode_feed(body)
        except WireError:
            self.counts["broken"] += 1
            self._note(0, "a frame that can't be read", now_ns)
            return
        if isinstance(message, FeedHeartbeat):
            self._heartbeat(message, now_ns)
            return
        found = self.symbols.get(message.symbol)
        if found is None:
            return
        self._follow(found, message.symbol, message.seq, now_ns)
        if isinstance(message, MarketData):
            found.book(message, now_ns)
        else:
            found.status(message, now_ns)

    def look(self, now_ns: int, mono_ns: int) -> None:
        """From time to time: a feed that says nothing is told once."""
        if self.heard and not self._silent and mono_ns - self._heard_ns > SILENT_NS:
            self._silent = True
            self.counts["silences"] += 1
            self._note(0, "silent", now_ns)

    def _heartbeat(self, beat: FeedHeartbeat, now_ns: int) -> None:
        if self.epoch is not None and beat.epoch != self.epoch:
            self.counts["epochs"] += 1
            self._note(0, "the gateway's numbering began anew: what came between is not known", now_ns)
            for each in self.symbols.values():
                each.seq = None
        self.epoch = beat.epoch
        if beat.session_up != self.session_up:
            self.session_up = beat.session_up
            self.counts["sessions_lost"] += not beat.session_up
            self._note(0, "the venue's session is " + ("up" if beat.session_up else "down"), now_ns)

    def _follow(self, found: Recorded, symbol: str, seq: int, now_ns: int) -> None:
        """What its number says of those before it."""
        if found.seq is not None and seq > found.seq + 1:
            lost = seq - found.seq - 1
            self.counts["gaps"] += 1
            self._tell(f"record: {self.venue}/{symbol}: lost {lost} messages ({found.seq + 1} to {seq - 1})")
            found.gap(lost, "lost", now_ns)
        if found.seq is not None and seq <= found.seq:
            self.counts["epochs"] += 1
            self._tell(f"record: {self.venue}/{symbol}: its numbering began anew at {seq}: what came between is not known")
            found.gap(0, "numbering began anew", now_ns)
        found.seq = seq

    def _note(self, lost: int, note: str, now_ns: int) -> None:
        """A line for people, a row in each of the venue's files."""
        self._tell(f"record: {self.venue}: {note}")
        for each in self.symbols.values():
            each.gap(lost, note, now_ns)
