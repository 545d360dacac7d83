"""A recording, row by row: what its map names becomes ticks, lots and ns.

Nothing is rounded and nothing guessed: a price between two ticks, a row out of
order or a missing number refuses the recording, by file, line and column. Read
as it is asked for: a recording may be larger than the memory.

Prices and quantities go through integers alone, because 61837.63 has no float.
What a text stands for is kept, since the same few prices come again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from domain.errors import ConfigError
from domain.units import decimal_of
from gateways.replay.hours import Hours, with_status
from gateways.replay.mapping import HOUSE, BookMap, FileMap, MadeMap, columns_of
from gateways.replay.rows import QuoteRow, Row, StatusRow, TradeRow
from gateways.replay.tables import parts
from gateways.replay.times import TimeReader, zone_of

COLUMNS = columns_of(HOUSE)
NS_PER_MS = 1_000_000
MAX_KEPT = 65_536
MOST = 2**53
"""Ticks or lots of one value: what the wire carries, and a comparison price holds exactly."""

LAST_NS = 2**63 - 1
SHOWN = 120
"""Characters of a bad value that a complaint shows."""

QUOTE, TRADE, STATUS, SKIP = range(4)

__all__ = ["COLUMNS", "QuoteRow", "Row", "StatusRow", "TradeRow", "multiples_of", "read_rows"]


class _Multiples(dict[str, int]):
    """Texts already read, which the dict finds by itself; `__missing__` reads a new one."""

    def __init__(self, size: Decimal) -> None:
        unit = decimal_of(size)
        if unit <= 0:
            raise ValueError(f"{size} is not above 0")
        exponent = unit.as_tuple().exponent
        self._places = max(0, -exponent) if isinstance(exponent, int) else 0
        self._scaled = int(unit.scaleb(self._places))

    def __missing__(self, text: str) -> int:
        places = self._places
        whole, _, part = text.partition(".")
        digits = whole.removeprefix("-") + part
        if not (digits.isascii() and digits.isdigit()) or part[places:].strip("0"):
            raise ValueError(text)
        number, rest = divmod(int(whole + part[:places].ljust(places, "0")), self._scaled)
        if rest or not -MOST <= number <= MOST:
            raise ValueError(text)
        if len(self) >= MAX_KEPT:
            self.clear()
        self[text] = number
        return number


def multiples_of(size: Decimal) -> Callable[[str], int]:
    """A reader of decimals as whole multiples of `size`; else ValueError."""
    return _Multiples(size).__getitem__


def read_rows(
    path: Path | tuple[Path, ...], tick_size: Decimal, lot_size: Decimal, told: FileMap = HOUSE
) -> Iterator[Row]:
    """Each row of the recording in its order, read as it is asked for.

    Raises ConfigError that names the file, the line and the column.
    """
    paths = path if isinstance(path, tuple) else (path,)
    rows = _all_rows(paths, _Sizes(tick_size, lot_size), told)
    if told.session is None:
        return rows
    return with_status(rows, Hours(told.session, zone_of(told.session.zone, f"{told.venue}/{told.symbol}")))


def _all_rows(paths: tuple[Path, ...], sizes: _Sizes, told: FileMap) -> Iterator[Row]:
    """The rows of all files, with their line in every complaint."""
    last_ns = 0
    for part in parts(paths, columns_of(told)):
        parse = _RowParser(part.name, part.header, sizes, told, last_ns)
        for line, cells in part.rows:
            row = parse.row(cells, line)
            if row is not None:
                yield row
        last_ns = parse.last_recv_ns


class _Sizes:
    """Readers of prices and quantities, and what they allow."""

    def __init__(self, tick_size: Decimal, lot_size: Decimal) -> None:
        self.px, self.qty = multiples_of(tick_size), multiples_of(lot_size)
        self.allowed_px = f"a decimal, a multiple of the tick {tick_size}, 2^53 of them at most"
        self.allowed_qty = f"a decimal from 0, a multiple of the lot {lot_size}, 2^53 of them at most"


class _RowParser:
    """Reads one row after the other and refuses what it can't be sure of."""

    def __init__(self, name: str, header: list[str], sizes: _Sizes, told: FileMap, last_ns: int) -> None:
        columns = columns_of(told)
        missing = [column for column in columns if column not in header]
        if missing:
            raise ConfigError(f"{name}:1", "header", ",".join(header)[:SHOWN], f"columns {','.join(columns)}; absent: {','.join(missing)}")
        self._name, self._told, self._sizes = name, told, sizes
        twice = [column for column in columns if header.count(column) > 1]
        if twice:
            raise ConfigError(f"{name}:1", "header", ",".join(header)[:SHOWN], f"each column once; several times: {','.join(twice)}")
        self._at = {column: header.index(column) for column in columns}
        self._width = len(header)
        self._recv = TimeReader(told.time, name)
        self._exch = TimeReader(told.exchange_time, name) if told.exchange_time is not None else None
        self._kinds = _kinds_of(told)
        self._kind_at = self._at[told.kind.column] if told.kind is not None else -1
        self._absent = frozenset(("", *told.absent))
        self._sides = self._levels(told.book)
        self.last_recv_ns = last_ns
        self._line = 1

    def row(self, cells: list[str], line: int) -> Row | None:
        """The row that `cells` spell; None for one that is to be skipped."""
        self._line = line
        if len(cells) != self._width:
            raise self._refused("row", ",".join(cells), f"{self._width} columns, as the header has")
        kind = QUOTE
        if self._kind_at >= 0:
            found = self._kinds.get(cells[self._kind_at])
            if found is None:
                raise self._refused(self._told.kind.column, cells[self._kind_at], self._words())  # type: ignore[union-attr]
            kind = found
        if kind == SKIP:
            return None
        recv_ns = self._time(self._recv, self._told.time.columns, cells)
        if recv_ns < self.last_recv_ns:
            raise self._refused(
                self._told.time.columns[0], recv_ns, f"{self.last_recv_ns} or later: rows stand in order of receipt"
            )
        self.last_recv_ns = recv_ns
        exch_ns = self._exch_ns(cells)
        if kind == TRADE:
            trade = self._told.trade
            return TradeRow(recv_ns, exch_ns, self._price(cells, trade.px), self._quantity(cells, trade.qty))  # type: ignore[union-attr]
        if kind == STATUS:
            return self._status(recv_ns, exch_ns, cells)
        return self._quote(recv_ns, exch_ns, cells)

    def _quote(self, recv_ns: int, exch_ns: int | None, cells: list[str]) -> QuoteRow | None:
        told = self._told
        if told.made is not None:
            book = self._made(told.made, cells)
            if book is None:
                return None
            bids, asks = book
        else:
            bids, asks = self._side(cells, self._sides[0]), self._side(cells, self._sides[1])
        last = self._maybe(cells, told.last, self._price)
        volume = self._maybe(cells, told.volume, self._quantity)
        limits = None
        if told.limits is not None:
            down, up = (self._maybe(cells, column, self._price) for column in (told.limits.down, told.limits.up))
            limits = (down, up)
        return QuoteRow(recv_ns, exch_ns, bids, asks, last, volume, limits)

    def _made(self, made: MadeMap, cells: list[str]) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """The book around a traded price; None where nothing traded."""
        px = self._maybe(cells, made.around, self._price)
        if px is None:
            return None
        return (px - made.half_width_ticks, made.lots), (px + made.half_width_ticks, made.lots)

    def _status(self, recv_ns: int, exch_ns: int | None, cells: list[str]) -> StatusRow:
        told = self._told.status
        text = cells[self._at[told.status]]  # type: ignore[union-attr]
        if not (text.isascii() and text.isdigit()):
            raise self._refused(told.status, text, "a FIX security status: 2, 17, 18 or 21")  # type: ignore[union-attr]
        limits = tuple(self._maybe(cells, column, self._price) for column in (told.limit_down, told.limit_up))  # type: ignore[union-attr]
        return StatusRow(recv_ns, int(text), limits, exch_ns)  # type: ignore[arg-type]

    def _side(self, cells: list[str], levels: list[tuple[int, str, int, str]]) -> tuple[int, ...]:
        """One side, best first; it ends at the first level that is empty."""
        found: tuple[int, ...] = ()
        sizes, absent = self._sizes, self._absent
        for px_at, px_column, qty_at, qty_column in levels:
            px_text, qty_text = cells[px_at], cells[qty_at]
            if px_text in absent and qty_text in absent:
                break
            try:
                px, qty = sizes.px(px_text), sizes.qty(qty_text)
            except ValueError:
                px, qty = self._price(cells, px_column), self._quantity(cells, qty_column)
            if qty <= 0:
                self._quantity(cells, qty_column)
                break
            found += (px, qty)
        return found

    def _price(self, cells: list[str], column: str) -> int:
        text = cells[self._at[column]]
        try:
            return self._sizes.px(text)
        except ValueError as error:
            raise self._refused(column, text, self._sizes.allowed_px) from error

    def _quantity(self, cells: list[str], column: str) -> int:
        text = cells[self._at[column]]
        try:
            qty = self._sizes.qty(text)
        except ValueError as error:
            raise self._refused(column, text, self._sizes.allowed_qty) from error
        if qty < 0:
            raise self._refused(column, text, self._sizes.allowed_qty)
        return qty

    def _maybe(self, cells: list[str], column: str | None, read: Callable[[list[str], str], int]) -> int | None:
        """The number of a column that may be absent, by map or by row."""
        return None if column is None or cells[self._at[column]] in self._absent else read(cells, column)

    def _exch_ns(self, cells: list[str]) -> int | None:
        reader, told = self._exch, self._told.exchange_time
        if reader is None or told is None or cells[self._at[told.columns[0]]] in self._absent:
            return None
        return self._time(reader, told.columns, cells)

    def _time(self, reader: TimeReader, columns: tuple[str, ...], cells: list[str]) -> int:
        text = cells[self._at[columns[0]]] if len(columns) == 1 else " ".join(cells[self._at[name]] for name in columns)
        try:
            ns = reader.read(text)
        except (ValueError, OverflowError) as error:
            raise self._refused("+".join(columns), text, reader.allowed) from error
        if not 0 <= ns <= LAST_NS:
            raise self._refused("+".join(columns), text, f"a moment from 1970 to 2262; in the unit of the map ({reader.unit}) it is none")
        return ns

    def _levels(self, book: BookMap | None) -> tuple[list[tuple[int, str, int, str]], ...]:
        """Where the price and quantity of each level stand, by side."""
        if book is None:
            return [], []
        return tuple([(self._at[px], px, self._at[qty], qty) for px, qty in side] for side in (book.bids, book.asks))

    def _words(self) -> str:
        return " or ".join(self._kinds)

    def _refused(self, column: str, value: object, allowed: str) -> ConfigError:
        if isinstance(value, str) and len(value) > SHOWN:
            value = f"{value[:SHOWN]}..."
        return ConfigError(f"{self._name}:{self._line}", column, value, allowed)


def _kinds_of(told: FileMap) -> dict[str, int]:
    """What each word of the kind column stands for."""
    kind = told.kind
    if kind is None:
        return {}
    words = ((kind.quote, QUOTE), (kind.trade, TRADE), (kind.status, STATUS), (kind.skip, SKIP))
    return {word: meaning for each, meaning in words for word in each}
