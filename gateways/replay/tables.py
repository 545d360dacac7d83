"""A recording as one table of texts: CSV, plain or gzip, and Parquet.

Each row comes with its place (a file and a line, or a row of a Parquet file),
so that every complaint can name it. Several files are read one after the
other; each has its own header. Parquet needs pyarrow, which is an extra
(requirements-parquet.txt) and imported only when such a file is read.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from domain.errors import ConfigError

PARQUET = (".parquet", ".pq")
READABLE = "a readable recording: CSV in UTF-8, plain or a whole .gz, or .parquet"
CUT = "a whole .gz; this one was cut: `record` with its folder cuts a torn end off and goes on, `gzip -dc` gives what is left"
BATCH_ROWS = 8192
FAULTS = (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error)
EXTRA = "Parquet once its extra is there: make parquet (requirements-parquet.txt); or a CSV file"


class Part:
    """One file: its header, then its rows of texts with their numbers."""

    def __init__(self, name: str, header: list[str], rows: Iterator[tuple[int, list[str]]]) -> None:
        self.name, self.header, self.rows = name, header, rows


def parts(paths: tuple[Path, ...], columns: tuple[str, ...]) -> Iterator[Part]:
    """Each file, open while its rows are read.

    Raises: ConfigError that names the file where it can't be read, here or
    while its rows are asked for.
    """
    for path in paths:
        yield from _parquet(path, columns) if path.suffix in PARQUET else _csv(path)


def _csv(path: Path) -> Iterator[Part]:
    try:
        with _opened(path) as text:
            table = csv.reader(text)
            header = next(table, [])
            if header:
                header[0] = header[0].removeprefix("\ufeff")
            yield Part(str(path), header, _lines(path, table))
    except FAULTS as error:
        raise _unreadable(path, error) from error


def _lines(path: Path, table: Any) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold something, with the lines on which they end."""
    try:
        for cells in table:
            if cells:
                yield table.line_num, cells
    except FAULTS as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: BaseException) -> ConfigError:
    return ConfigError(str(path), "recording", str(error), CUT if isinstance(error, EOFError) else READABLE)


def _opened(path: Path) -> TextIO:
    """The file as text; what is compressed is told by its name."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _parquet(path: Path, columns: tuple[str, ...]) -> Iterator[Part]:
    try:
        from pyarrow import lib
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise ConfigError(str(path), "recording", path.suffix, EXTRA) from None
    try:
        with ParquetFile(path) as file:
            header = list(file.schema_arrow.names)
            wanted = [name for name in header if name in columns]
            yield Part(str(path), wanted, _batches(file, wanted))
    except (OSError, lib.ArrowException) as error:
        raise _unreadable(path, error) from error


def _batches(file: Any, columns: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows as texts; numbers as their shortest spelling, which is exact."""
    number = 0
    for batch in file.iter_batches(BATCH_ROWS, columns=columns):
        texts = [_texts(batch.column(place)) for place in range(len(columns))]
        for cells in zip(*texts, strict=True):
            number += 1
            yield number, list(cells)


def _texts(column: Any) -> list[str]:
    """A column's values as a CSV file would spell them; a moment as ns."""
    kind = str(column.type)
    if kind.startswith("timestamp"):
        if "[ns" not in kind:
            column = column.cast(f"timestamp[ns, tz={column.type.tz}]" if column.type.tz else "timestamp[ns]")
        column = column.cast("int64")
    return ["" if value is None else _text(value) for value in column.to_pylist()]


def _text(value: object) -> str:
    """Numbers plainly: 6e-05 is 0.00006, 60000.0 stays."""
    if isinstance(value, float):
        text = repr(value)
        if "e" in text or "E" in text:
            from decimal import Decimal

            return f"{Decimal(text):f}"
        return text
    return str(value)
