"""Looks at a gateway's feed: form, pace, numbers and times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.errors import WireError
from tools.conformance import Sheet
from wire import messages as wire
from wire.codec import HEARTBEAT_TOPIC, decode_feed, feed_topic

MS = 1_000_000
CONNECT_MS = 3_000
HEARTBEAT_GAP_MS = 250
"""100 by the page, and what a busy machine may add."""
REPEAT_GAP_MS = 1_200
FIRST_MS = 500
AHEAD_NS = 1_000 * MS
YEAR_2000_NS = 946_684_800 * 10**9


class Watched:
    """What came of the feed: (monotonic ns, message), by kind."""

    def __init__(self) -> None:
        self.beats: list[tuple[int, Any]] = []
        self.books: list[tuple[int, Any]] = []
        self.statuses: list[tuple[int, Any]] = []
        self._seqs: dict[tuple[bytes, int], int] = {}
        self.epoch = 0

    def take(self, topic: bytes, body: bytes, symbol: str, now_ns: int, wall_ns: int, sheet: Sheet) -> None:
        """Sort one message in, and hold it to its form."""
        try:
            message = decode_feed(body)
        except WireError as error:
            sheet.holds("feed.frames", False, f"{topic!r} {body[:40].hex()}: {error}")
            return
        sheet.holds("feed.frames", True)
        is_beat = isinstance(message, wire.FeedHeartbeat)
        wants = HEARTBEAT_TOPIC if is_beat else feed_topic(message.symbol)
        sheet.holds("feed.topic", topic == wants, "" if topic == wants else f"{topic!r}, expected {wants!r}")
        if is_beat:
            self.beats.append((now_ns, message))
            self.epoch = message.epoch
            ok = YEAR_2000_NS < message.epoch <= wall_ns + AHEAD_NS
            sheet.holds("feed.times", ok, "" if ok else f"epoch {message.epoch}, now {wall_ns}")
        elif message.symbol == symbol:
            kept = self.books if isinstance(message, wire.MarketData) else self.statuses
            kept.append((now_ns, message))
        ok = YEAR_2000_NS < message.gw_ns <= wall_ns + AHEAD_NS
        sheet.holds("feed.times", ok, "" if ok else f"gw_ns {message.gw_ns}, now {wall_ns}")
        self._count(topic, message.seq, sheet)

    def _count(self, topic: bytes, seq: int, sheet: Sheet) -> None:
        key = (topic, self.epoch)
        last = self._seqs.get(key)
        self._seqs[key] = seq
        if last is not None:
            ok = seq == last + 1
            sheet.holds("feed.seq", ok, "" if ok else f"{topic!r}: seq {seq} after {last}")


def watch(make: Callable[[], Any], symbol: str, seconds: float, clock: Any, sheet: Sheet) -> bool:
    """Subscribe and listen; False where nothing ever came."""
    socket = make()
    try:
        seen = Watched()
        if not _listen(socket, seen, symbol, CONNECT_MS, clock, sheet, lambda: bool(seen.beats)):
            return False
        start_ns = clock.mono_ns()
        _listen(socket, seen, symbol, int(seconds * 1000), clock, sheet, lambda: False)
        end_ns = clock.mono_ns()
        _pace("feed.heartbeat", seen.beats, start_ns, end_ns, HEARTBEAT_GAP_MS, sheet)
        up = seen.beats[-1][1].session_up
        sheet.holds("feed.session", up, "" if up else "session_up is false: what needs it was not tried")
        if not up:
            return True
        _pace("feed.status", seen.statuses, start_ns, end_ns, REPEAT_GAP_MS, sheet)
        if seen.books:
            _pace("feed.book", seen.books, start_ns, end_ns, REPEAT_GAP_MS, sheet)
        else:
            sheet.untried("feed.book", f"no W of {symbol} came: has it been quoted at all?")
        _second(make, symbol, bool(seen.books), clock, sheet)
        return True
    finally:
        socket.close()


def _second(make: Callable[[], Any], symbol: str, quoted: bool, clock: Any, sheet: Sheet) -> None:
    """Another subscriber: both must come to it at once."""
    socket = make()
    try:
        seen = Watched()

        def both() -> bool:
            return bool(seen.statuses) and (bool(seen.books) or not quoted)

        ok = _listen(socket, seen, symbol, FIRST_MS, clock, Sheet(), both)
        lacks = [name for name, kept in (("f", seen.statuses), ("W", seen.books or not quoted)) if not kept]
        sheet.holds("feed.first", ok, "" if ok else f"no {' and no '.join(lacks)} of {symbol} within {FIRST_MS} ms")
    finally:
        socket.close()


def _listen(
    socket: Any, seen: Watched, symbol: str, ms: int, clock: Any, sheet: Sheet, done: Callable[[], bool]
) -> bool:
    until_ns = clock.mono_ns() + ms * MS
    while not done():
        left_ms = (until_ns - clock.mono_ns()) // MS
        if left_ms <= 0:
            return False
        if socket.socket.poll(min(left_ms, 50)):
            while (frames := socket.recv()) is not None:
                seen.take(*frames, symbol, clock.mono_ns(), clock.wall_ns(), sheet)
    return True


def _pace(ident: str, kept: list[tuple[int, Any]], start_ns: int, end_ns: int, most_ms: int, sheet: Sheet) -> None:
    """The longest wait between two, from the first look to the last."""
    times = [start_ns, *(ns for ns, _ in kept if ns >= start_ns), end_ns]
    gap_ms = max(later - earlier for earlier, later in zip(times, times[1:], strict=False)) // MS
    sheet.holds(ident, gap_ms <= most_ms, f"longest wait {gap_ms} ms, {len(times) - 2} came")
