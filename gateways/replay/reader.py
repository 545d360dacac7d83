"""A recording, row by row: decimals as recorded become ticks and lots.

The layout is a CSV file, plain or gzip, with a header that names the columns
of COLUMNS in any order; a column that is not among them is passed over. A
`quote` row is the book, a `trade` row the market's own trade. Nothing is
rounded: a price between two ticks, a row out of order or a missing number
refuses the recording, by file and line.

Prices and quantities go through integers alone, because 61837.63 has no float.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from domain.errors import ConfigError
from domain.units import decimal_of

COLUMNS = ("recv_ns", "exch_ms", "type", "bid", "bid_qty", "ask", "ask_qty", "last", "last_qty")
NS_PER_MS = 1_000_000


class QuoteRow(Struct, frozen=True, gc=False):
    """The recorded book; bids and asks flat (px, qty, ...), best first."""

    recv_ns: int
    exch_ns: int | None
    bids: tuple[int, ...]
    asks: tuple[int, ...]


class TradeRow(Struct, frozen=True, gc=False):
    """A trade of the recorded market; no part of it is ours."""

    recv_ns: int
    exch_ns: int | None
    px: int
    qty: int


Row = QuoteRow | TradeRow


def multiples_of(size: Decimal) -> Callable[[str], int]:
    """A reader of decimals as whole multiples of `size`; else ValueError."""
    unit = decimal_of(size)
    if unit <= 0:
        raise ValueError(f"{size} is not above 0")
    exponent = unit.as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    scaled = int(unit.scaleb(places))

    def read(text: str) -> int:
        whole, _, part = text.partition(".")
        digits = whole.removeprefix("-") + part
        if not (digits.isascii() and digits.isdigit()) or part[places:].strip("0"):
            raise ValueError(text)
        number, rest = divmod(int(whole + part[:places].ljust(places, "0")), scaled)
        if rest:
            raise ValueError(text)
        return number

    return read


def read_rows(path: Path, tick_size: Decimal, lot_size: Decimal) -> Iterator[Row]:
    """Each row of the recording in its order, read as it is asked for.

    Raises ConfigError that names the file, the line and the column.
    """
    try:
        with _opened(path) as text:
            yield from _rows(str(path), text, tick_size, lot_size)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(str(path), "recording", str(error), "a readable CSV file, plain or .gz") from error


def _opened(path: Path) -> TextIO:
    """The file as text; what is compressed is told by its name."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _rows(name: str, text: TextIO, tick_size: Decimal, lot_size: Decimal) -> Iterator[Row]:
    """The rows of an open recording, with their line in every complaint."""
    table = csv.reader(text)
    parse = _RowParser(name, next(table, []), tick_size, lot_size)
    for cells in table:
        if cells:
            yield parse.row(cells, table.line_num)


class _RowParser:
    """Reads one row after the other and refuses what it can't be sure of."""

    def __init__(self, name: str, header: list[str], tick_size: Decimal, lot_size: Decimal) -> None:
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            raise ConfigError(f"{name}:1", "header", ",".join(header), f"columns {','.join(COLUMNS)}")
        self._name = name
        self._at = {column: header.index(column) for column in COLUMNS}
        self._width = len(header)
        self._px, self._qty = multiples_of(tick_size), multiples_of(lot_size)
        self._allowed_px = f"a decimal, a multiple of the tick {tick_size}"
        self._allowed_qty = f"a decimal from 0, a multiple of the lot {lot_size}"
        self._last_recv_ns = 0
        self._line = 1

    def row(self, cells: list[str], line: int) -> Row:
        """The row that `cells` spell."""
        self._line = line
        if len(cells) != self._width:
            raise self._refused("row", ",".join(cells), f"{self._width} columns, as the header has")
        recv_ns = self._time(cells, "recv_ns")
        if recv_ns < self._last_recv_ns:
            raise self._refused("recv_ns", recv_ns, f"{self._last_recv_ns} or later: rows stand in order of receipt")
        self._last_recv_ns = recv_ns
        exch_ns = self._time(cells, "exch_ms") * NS_PER_MS if cells[self._at["exch_ms"]] else None
        kind = cells[self._at["type"]]
        if kind == "quote":
            return QuoteRow(recv_ns, exch_ns, self._side(cells, "bid"), self._side(cells, "ask"))
        if kind == "trade":
            return TradeRow(recv_ns, exch_ns, self._price(cells, "last"), self._quantity(cells, "last_qty"))
        raise self._refused("type", kind, "quote or trade")

    def _side(self, cells: list[str], side: str) -> tuple[int, ...]:
        """One side of the touch; () where the recording has none."""
        if not cells[self._at[side]] and not cells[self._at[side + "_qty"]]:
            return ()
        px, qty = self._price(cells, side), self._quantity(cells, side + "_qty")
        return (px, qty) if qty else ()

    def _price(self, cells: list[str], column: str) -> int:
        text = cells[self._at[column]]
        try:
            return self._px(text)
        except ValueError as error:
            raise self._refused(column, text, self._allowed_px) from error

    def _quantity(self, cells: list[str], column: str) -> int:
        text = cells[self._at[column]]
        try:
            qty = self._qty(text)
        except ValueError as error:
            raise self._refused(column, text, self._allowed_qty) from error
        if qty < 0:
            raise self._refused(column, text, self._allowed_qty)
        return qty

    def _time(self, cells: list[str], column: str) -> int:
        text = cells[self._at[column]]
        if not (text.isascii() and text.isdigit()):
            raise self._refused(column, text, "a whole number since the epoch")
        return int(text)

    def _refused(self, column: str, value: object, allowed: str) -> ConfigError:
        return ConfigError(f"{self._name}:{self._line}", column, value, allowed)
