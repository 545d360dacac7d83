"""The board of a terminal; a plain line every 5 s without one.

Whoever has a snapshot of the node may show it (`Board.show`); `follow` takes
it from a running node, at most once a second.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any, TextIO

from msgspec.structs import replace

from tools.board_table import BOLD, DIM, RED, Choice, chosen, cut, styled, table
from tools.board_text import head_text, outcomes_text, plain_line, row_of
from tools.output import Output

ALARM = f"{BOLD};{RED}"
EVERY_S = 1.0
PLAIN_EVERY = 5
"""Looks between two plain lines."""


class Board:
    """Shows snapshots; use it as a context manager."""

    def __init__(
        self,
        lang: str = "en",
        stream: TextIO | None = None,
        *,
        live: bool | None = None,
        green_up: bool = False,
        keys: bool = False,
    ) -> None:
        import os

        self.stream = sys.stdout if stream is None else stream
        self.live = self.stream.isatty() if live is None else live
        self.word = Output(lang=lang).word
        self.choice = Choice(green_up=green_up, colour="NO_COLOR" not in os.environ)
        self.foot = self.lost = ""
        self.top = 0
        self.widths: dict[str, int] = {}
        self._keys = keys
        self._before: dict[str, dict[str, Any]] = {}
        self._shown = 0
        self.screen: Any = None

    def __enter__(self) -> Board:
        if self.live:
            from tools.screen import Screen

            self.screen = Screen(self.stream, keys=self._keys)
            self.screen.__enter__()
        return self

    def __exit__(self, *_error: object) -> None:
        if self.screen is not None:
            self.screen.__exit__()

    def show(self, status: dict[str, Any], pairs: list[dict[str, Any]]) -> None:
        """Show the node as it is now; a plain line only each fifth time."""
        if self.screen is not None:
            self.screen.draw(self.lines(status, pairs, *self.screen.size))
        elif self._shown % PLAIN_EVERY == 0:
            rows = [row_of(told, self._before.get(told["pair"])) for told in pairs]
            self.stream.write(plain_line(status, rows, self.word) + "\n")
            self.stream.flush()
        self._before = {told["pair"]: told for told in pairs}
        self._shown += 1

    def lines(self, status: dict[str, Any], pairs: list[dict[str, Any]], columns: int, rows: int) -> list[str]:
        """The node's lines above its pairs, as many as there is room for."""
        found = chosen(pairs, self.choice)
        head = [cut(head_text(status, self.word), columns), cut(outcomes_text(status, self.word), columns)]
        if self.lost:  # all below is what it said last
            return [styled(cut(self.lost, columns), ALARM, self.choice), *self._last_known(head, found, columns, rows)]
        heading, *groups = table(found, self._before, self.choice, columns, self.word, self.widths)
        room = rows - len(head) - 2 - bool(self.foot)
        self.top = _scrolled(self.top, groups, self.choice, room)
        shown: list[str] = []
        last = self.top
        for group in groups[self.top :]:
            if len(shown) + len(group) > room:
                break
            shown.extend(group)
            last += 1
        left = len(groups) - last
        more = [styled(f"… {left}", DIM, self.choice)] if left or self.top else []
        foot = [styled(cut(self.foot, columns), DIM, self.choice)] if self.foot else []
        return [*head, *heading, *shown, *more, *foot]


    def _last_known(self, head: list[str], found: list[dict[str, Any]], columns: int, rows: int) -> list[str]:
        plain = replace(self.choice, colour=False)
        heading, *groups = table(found, {}, plain, columns, self.word, self.widths)
        lines = [*head, *heading, *(line for group in groups for line in group)][: rows - 2 - bool(self.foot)]
        return [*(styled(line, DIM, self.choice) for line in lines), *([styled(cut(self.foot, columns), DIM, self.choice)] if self.foot else [])]


def _scrolled(top: int, groups: list[list[str]], choice: Choice, room: int) -> int:
    """The first pair to show, so that the selected one is on the screen."""
    choice.selected = max(0, min(choice.selected, len(groups) - 1))
    if not choice.selects or choice.selected < top:
        return min(top, choice.selected) if choice.selects else 0
    while top < choice.selected and sum(len(group) for group in groups[top : choice.selected + 1]) > room:
        top += 1
    return top


def snapshot(client: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The node and its pairs, as they are now. Raises: NotConnected."""
    return client.ask("status"), list(client.rows("board", "pair"))


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
    with quiet_interrupt(), Board(lang, stream) as board:
        while ended is None or not ended():
            board.show(*snapshot(client))
            pause.wait(every_s)


@contextmanager
def quiet_interrupt() -> Iterator[None]:
    """Ctrl-C is a good end of a look."""
    try:
        yield
    except KeyboardInterrupt:
        return
