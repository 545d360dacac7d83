"""A live board for a terminal; a plain line every 5 s without one.

Whoever has a snapshot of the node may show it (`Board.show`); `follow` takes
it from a running node, at most once a second.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any, TextIO

from tools.board_text import COLUMNS, DOWN, NARROW, UP, WIDE_ONLY, Row, head_text, plain_line, reason_text, row_of
from tools.output import Output

EVERY_S = 1.0
PLAIN_EVERY = 5
"""Looks between two plain lines."""

MAX_ROWS = 40
WIDE = 116
"""Columns that the whole table needs; below, it is drawn narrow."""

COLOURS = {UP: "red", DOWN: "green"}
"""涨红跌绿; `green_up` switches them."""

ALARMS = ("STRANDED", "UNKNOWN", "FROZEN", "DOWN", "IMBALANCED")
REPAIRS = ("REPLENISHING", "ROLLING_BACK", "SETTLING")


class Board:
    """Shows snapshots; use it as a context manager."""

    def __init__(
        self, lang: str = "en", stream: TextIO | None = None, *, live: bool | None = None, green_up: bool = False
    ) -> None:
        self.stream = sys.stdout if stream is None else stream
        self.live = self.stream.isatty() if live is None else live
        self.word = Output(lang=lang).word
        self._colours = {UP: "green", DOWN: "red"} if green_up else COLOURS
        self._before: dict[str, dict[str, Any]] = {}
        self._shown = 0
        self._screen: Any = None

    def __enter__(self) -> Board:
        if self.live:
            from rich.console import Console
            from rich.live import Live

            self._screen = Live(console=Console(file=self.stream), auto_refresh=False, transient=False)
            self._screen.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._screen is not None:
            self._screen.stop()

    def show(self, status: dict[str, Any], pairs: list[dict[str, Any]]) -> None:
        """Show the node as it is now; a plain line only each fifth time."""
        rows = [row_of(told, self._before.get(told["pair"])) for told in pairs]
        self._before = {told["pair"]: told for told in pairs}
        if self._screen is not None:
            self._screen.update(self.render(status, rows), refresh=True)
        elif self._shown % PLAIN_EVERY == 0:
            self.stream.write(plain_line(status, rows, self.word) + "\n")
            self.stream.flush()
        self._shown += 1

    def render(self, status: dict[str, Any], rows: list[Row]) -> Any:
        """The node's line above a table of its pairs."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        narrow = self._width() < WIDE
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1 if narrow else 2, 0, 0))
        shown = [name for name in COLUMNS if not (narrow and name in WIDE_ONLY)]
        for name in shown:
            heading = self.word(NARROW.get(name, name) if narrow else name)
            table.add_column(heading, no_wrap=True, justify="left" if name in ("pair", "state", "reason") else "right")
        for row in rows[:MAX_ROWS]:
            cells = zip(COLUMNS, self._cells(row), strict=True)
            table.add_row(*[cell for name, cell in cells if name in shown])
        below = [Text(f"… {len(rows) - MAX_ROWS}", style="dim")] if len(rows) > MAX_ROWS else []
        if narrow:
            below.extend(
                Text(f"{row.pair}: {self._reason(row.reason)} {self.word('age_ms')} {row.ages}", style="dim")
                for row in rows[:MAX_ROWS]
            )
        return Group(Text(head_text(status, self.word), no_wrap=True, overflow="ellipsis"), table, *below)

    def _width(self) -> int:
        return WIDE if self._screen is None else self._screen.console.width

    def _cells(self, row: Row) -> Iterator[Any]:
        from rich.text import Text

        stale = "dim" if "~" in row.ages else ""
        state = " ".join(self.word(part) for part in row.state.split(" "))
        yield Text(row.pair)
        yield Text(state, style="bold red" if row.state.startswith(ALARMS) else "yellow" if row.state.startswith(REPAIRS) else "")
        for value, moved in ((row.buy, row.buy_move), (row.sell, row.sell_move)):
            yield Text(f"{value}{moved or ' '}", style=stale or self._colours.get(moved, ""))
        yield Text(row.units)
        for count in (row.hedges, row.done, row.replenished, row.rolled_back):
            yield Text(str(count))
        yield Text(row.naked, style="" if row.naked == "0" else "bold reverse")
        yield Text(row.ages, style=stale)
        yield Text(self._reason(row.reason))

    def _reason(self, why: str) -> str:
        """A reason in the language of the board."""
        return reason_text(why, self.word)


def snapshot(client: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The node and its pairs, as they are now. Raises: NotConnected."""
    return client.ask("status"), list(client.rows("pairs", "pair"))


def follow(
    client: Any,
    lang: str = "en",
    *,
    stream: TextIO | None = None,
    ended: Callable[[], bool] | None = None,
    every_s: float = EVERY_S,
) -> None:
    """Show a running node until `ended()`, Ctrl-C, or it is gone.

    Raises: NotConnected when it is gone.
    """
    pause = Event()
    with _quiet_interrupt(), Board(lang, stream) as board:
        while ended is None or not ended():
            board.show(*snapshot(client))
            pause.wait(every_s)


@contextmanager
def _quiet_interrupt() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        return
