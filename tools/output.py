"""Data to stdout in the form that was asked for; words to stderr.

`table` for people, `json` for programs, `jsonl` and `csv` for long lists. JSON
keys and states are English and stable; headings and states of a table follow
the language.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from shutil import get_terminal_size
from typing import IO, Any

from tools.errors import OutputLost, ReaderGone

FORMATS = ("table", "json", "jsonl", "csv")
LANGS = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Output:
    """How a verb shows what it has; got from click's context by `out`."""

    format: str = "table"
    lang: str = "en"
    stream: IO[str] | None = None

    @property
    def _to(self) -> IO[str]:
        return self.stream if self.stream is not None else sys.stdout

    def one(self, record: Mapping[str, Any]) -> None:
        """Show one record: as two columns, or as one JSON object."""
        if self.format == "json":
            self._line(json_text(record, indent=2))
        elif self.format == "jsonl":
            self._line(json_text(record))
        elif self.format == "csv":
            self.many([record])
        else:
            pairs = [{"": self.word(key), " ": self._cell(value)} for key, value in record.items()]
            self._table(pairs, ["", " "], head=False)

    def many(self, records: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
        """Show records: a table, a JSON array, JSON lines, or CSV."""
        if self.format == "jsonl":
            for record in records:
                self._line(json_text(record))
            return
        rows = list(records)
        if self.format == "json":
            self._line(json_text(rows, indent=2))
            return
        names = list(columns) if columns is not None else columns_of(rows)
        if self.format == "csv":
            self._csv(rows, names)
        else:
            self._table(rows, names, head=True)

    def fitting(self, records: Iterable[Mapping[str, Any]], columns: int) -> None:
        """As `many`; a table that is wider than `columns` is turned: a line a figure, a column a record."""
        rows = list(records)
        if self.format != "table" or len(rows) == 0 or self._width(rows) <= columns:
            self.many(rows)
            return
        beside = next((n for n in range(len(rows), 1, -1) if max(map(self._turned_width, _chunks(rows, n))) <= columns), 1)
        for place, chunk in enumerate(_chunks(rows, beside)):
            if place:
                self._line("")
            self._table(self._turned(chunk), ["", *map(str, range(len(chunk)))], head=False)

    def listed(self, records: Iterable[Mapping[str, Any]], spare: Sequence[str], columns: int | None = None) -> None:
        """As `many`, a line a record; a table gives up columns of `spare`, the first one first, to fit.

        `columns`: the terminal's; without a terminal nothing is given up.
        """
        rows = list(records)
        if columns is None and self._to.isatty():
            columns = get_terminal_size().columns
        names = columns_of(rows)
        for name in spare:
            if self.format != "table" or columns is None or self._width(rows, names) <= columns:
                break
            names = [each for each in names if each != name]
        self.many(rows, names)

    def word(self, text: str) -> str:
        """The text in the language of the screen, from the glossary."""
        if self.lang != "zh":
            return text
        from config.glossary import zh

        return zh(text)

    def line(self, text: str) -> None:
        """A line of a drawing, where there is no table. Raises: OutputLost."""
        self._line(text)

    def sentence(self, text: str) -> str:
        """A message in the language of the screen; see `config.messages`."""
        return spoken(text, self.lang)

    def say(self, text: str) -> None:
        """A message for whoever watches: to stderr, never among data."""
        sys.stderr.write(self.sentence(text) + "\n")
        sys.stderr.flush()

    def _line(self, text: str) -> None:
        self._put(text + "\n")

    def _put(self, text: str) -> None:
        """Write data, to the last byte. Raises: OutputLost."""
        try:
            self._to.write(text)
            self._to.flush()
        except OSError as error:
            raise lost(error) from None

    def _csv(self, rows: list[Mapping[str, Any]], names: list[str]) -> None:
        import csv

        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow([csv_cell(row.get(name)) for name in names])
        self._put(text.getvalue())

    def _cell(self, value: Any) -> str:
        if value is None:
            return "-"
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        if isinstance(value, str):
            return self.word(value)
        if isinstance(value, (Mapping, list, tuple)):
            return json_text(value)
        return str(value)

    def _turned(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        """A line for each figure of the records, a column for each record."""
        return [
            {"": self.word(name), **{str(place): self._cell(row.get(name)) for place, row in enumerate(rows)}}
            for name in columns_of(rows)
        ]

    def _width(self, rows: Sequence[Mapping[str, Any]], names: Sequence[str] | None = None) -> int:
        """How wide the rows are as a table."""
        names = columns_of(rows) if names is None else names
        cells = [[self.word(name), *(self._cell(row.get(name)) for row in rows)] for name in names]
        return sum(max(map(width, column)) for column in cells) + 2 * (len(cells) - 1)

    def _turned_width(self, rows: Sequence[Mapping[str, Any]]) -> int:
        lines = self._turned(rows)
        return sum(max(width(line[name]) for line in lines) for name in lines[0]) + 2 * len(rows)

    def _table(self, rows: list[Mapping[str, Any]], names: list[str], *, head: bool) -> None:
        cells = [[self._cell(row.get(name)) for name in names] for row in rows]
        numbers = [all(isinstance(row.get(name), (int, float, type(None))) for row in rows) for name in names]
        lines = [[self.word(name) for name in names], *cells] if head else cells
        widths = [max((width(line[i]) for line in lines), default=0) for i in range(len(names))]
        shown = [[pad(text, widths[i], right=numbers[i] and head) for i, text in enumerate(line)] for line in lines]
        self._put("".join("  ".join(line).rstrip() + "\n" for line in shown))


def lost(error: OSError) -> OutputLost:
    """What a failed write of data comes to."""
    kind = ReaderGone if isinstance(error, BrokenPipeError) else OutputLost
    return kind(f"the output can't be written: {error.strerror}")


def columns_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every key of the rows, in the order in which it first appears."""
    return list(dict.fromkeys(key for row in rows for key in row))


def _chunks(rows: Sequence[Any], most: int) -> list[Sequence[Any]]:
    return [rows[at : at + most] for at in range(0, len(rows), most)]


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON with our values in it: exact numbers as text, bytes as hex."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=plain, allow_nan=False)


def plain(value: Any) -> Any:
    """What JSON has no word for, as text or list (for json's `default`)."""
    if isinstance(value, bytes):
        return value.hex()
    if hasattr(value, "__struct_fields__"):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def csv_cell(value: Any) -> Any:
    """One cell: plain values as they are, nested ones as JSON."""
    if value is None:
        return ""
    return json_text(value) if isinstance(value, (Mapping, list, tuple)) else value


def width(text: str) -> int:
    """Columns on a terminal: a wide (CJK) character takes two."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text filled with blanks to `columns` on a terminal."""
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


def lang_of(environ: Mapping[str, str] | None = None) -> str:
    """zh where the locale is Chinese, en otherwise."""
    env = os.environ if environ is None else environ
    first = next((env[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if env.get(name)), "")
    return "zh" if first.lower().startswith("zh") else "en"


def spoken(text: str, lang: str) -> str:
    """A message in that language; nothing is loaded for English."""
    if lang != "zh":
        return text
    from config.messages import translated

    return translated(text)


def out_of(ctx: Any) -> Output:
    """The Output that the command line asked for, from a click context."""
    found = ctx.find_object(Output)
    return found if found is not None else Output(lang=lang_of())


def pass_out(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: adds `-o` and `--lang` to a verb, gives it `out` first."""
    from functools import wraps

    import click

    @click.option("-o", "--output", "format_", type=click.Choice(FORMATS), default=None, help="table | json | jsonl | csv")
    @click.option("--lang", type=click.Choice(LANGS), default=None, help="zh | en (default: from LANG)")
    @click.pass_context
    @wraps(verb)
    def with_out(ctx: click.Context, /, *args: Any, format_: str | None, lang: str | None, **kwargs: Any) -> Any:
        above = out_of(ctx)
        return verb(Output(format_ or above.format, lang or above.lang), *args, **kwargs)

    return with_out
