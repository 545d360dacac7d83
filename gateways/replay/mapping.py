"""Which columns of a recording say what; as its TOML says it.

Theory. A recording keeps the columns that its maker chose. A `FileMap` names
those that matter and how to read them; nothing is guessed. What a recording
does not hold may be made (`made`: a book around a traded price), and is then
called made wherever it shows: its venue's name must begin with MADE.

`HOUSE` is the layout of our own recordings with one level.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Column = Annotated[str, Meta(min_length=1, max_length=128)]
Hours = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(24:00|([01]\d|2[0-3]):[0-5]\d)$")]
Level = tuple[Column, Column]
MADE = "MADE"
MAX_LEVELS = 10


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every table of a recording's file."""


class TimeMap(Table):
    """A moment: one or more columns, joined by a blank when text.

    Shape: `unit` ns, us, ms, s count since the epoch (UTC; s may have a
    fraction); text is read by `format` (strptime's; "" is ISO 8601), a
    fraction of a second may follow it, and `zone` says whose time it is.
    """

    columns: Annotated[tuple[Column, ...], Meta(min_length=1, max_length=3)]
    unit: Literal["ns", "us", "ms", "s", "text"] = "ns"
    format: str = ""
    zone: str = "UTC"


class KindMap(Table):
    """The column that says what a row is, and its words for each."""

    column: Column
    quote: tuple[str, ...] = ("quote",)
    trade: tuple[str, ...] = ("trade",)
    status: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()


class BookMap(Table):
    """The levels, best first: [price column, quantity column]."""

    bids: Annotated[tuple[Level, ...], Meta(min_length=1, max_length=MAX_LEVELS)]
    asks: Annotated[tuple[Level, ...], Meta(min_length=1, max_length=MAX_LEVELS)]


class TradeMap(Table):
    """The market's own trade of a trade row."""

    px: Column
    qty: Column


class MadeMap(Table):
    """A book that nobody recorded, made around a traded price."""

    around: Column
    half_width_ticks: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    lots: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1


class StatusMap(Table):
    """Recorded market status (FIX 326) and, with it, the day's limits."""

    status: Column
    limit_down: Column | None = None
    limit_up: Column | None = None


class LimitsMap(Table):
    """The day's limits, where each row carries them."""

    down: Column
    up: Column


class SessionMap(Table):
    """When the market is open, by its own wall clock; else it is closed."""

    zone: str
    open: Annotated[tuple[Hours, ...], Meta(min_length=1)]
    auction: tuple[Hours, ...] = ()


class FileMap(Table):
    """One instrument's recording: where it lies and how it is read.

    Shape: `path` may be a pattern (`au-*.csv.gz`), read in the order of the
    names. `absent`: texts that stand for no value, beside the empty one.
    """

    venue: str
    symbol: str
    path: str
    time: TimeMap = TimeMap(("recv_ns",))
    exchange_time: TimeMap | None = None
    kind: KindMap | None = None
    book: BookMap | None = None
    trade: TradeMap | None = None
    made: MadeMap | None = None
    status: StatusMap | None = None
    limits: LimitsMap | None = None
    last: Column | None = None
    volume: Column | None = None
    session: SessionMap | None = None
    absent: tuple[str, ...] = ()


HOUSE = FileMap(
    venue="",
    symbol="",
    path="",
    exchange_time=TimeMap(("exch_ms",), "ms"),
    kind=KindMap("type"),
    book=BookMap((("bid", "bid_qty"),), (("ask", "ask_qty"),)),
    trade=TradeMap("last", "last_qty"),
)
"""recv_ns, exch_ms, type, bid, bid_qty, ask, ask_qty, last, last_qty."""


def columns_of(told: FileMap) -> tuple[str, ...]:
    """Every column that a map needs, once, in the order of its tables."""
    names: list[str | None] = list(told.time.columns)
    names += told.exchange_time.columns if told.exchange_time is not None else ()
    names += [told.kind.column] if told.kind is not None else []
    if told.book is not None:
        names += [name for level in (*told.book.bids, *told.book.asks) for name in level]
    names += [told.trade.px, told.trade.qty] if told.trade is not None else []
    names += [told.made.around] if told.made is not None else []
    if told.status is not None:
        names += [told.status.status, told.status.limit_down, told.status.limit_up]
    names += [told.limits.down, told.limits.up] if told.limits is not None else []
    names += [told.last, told.volume]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def wrong_with(told: FileMap) -> tuple[str, object, str] | None:
    """What a map says amiss: key, value, what is allowed; None: nothing."""
    if (told.book is None) == (told.made is None):
        return "book", "both book and made" if told.book else None, "one of the tables book and made"
    for side, levels in (("bids", told.book.bids), ("asks", told.book.asks)) if told.book else ():
        named = [name for level in levels for name in level]
        if len(set(named)) < len(named):
            return f"book.{side}", named, "each column for one price or one quantity"
    if told.made is not None and not told.venue.startswith(MADE):
        return "venue", told.venue, f"a name that begins with {MADE}, since its book is made: {MADE}-{told.venue}"
    if told.trade is not None and told.kind is None:
        return "kind", None, "the column that tells trades from quotes, where trade is given"
    if told.status is not None and told.kind is None:
        return "kind", None, "the column that tells statuses from quotes, where status is given"
    return None
