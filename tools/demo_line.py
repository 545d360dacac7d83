"""The board while a demo runs; silent where the node does not answer."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.board_line import EVERY_S, Board, snapshot
from tools.client import Client, reach
from tools.errors import NotConnected

EVERY_NS = int(EVERY_S * 1_000_000_000)


class DemoBoard:
    """A live board on a terminal, else a plain line every five looks.

    On stderr, since stdout is for the summary. Use it as a context manager.
    """

    def __init__(self, node_dir: Path, lang: str) -> None:
        self._node_dir = node_dir
        self._board = Board(lang, sys.stderr)
        self._open = ExitStack()
        self._client: Client | None = None
        self._due_ns: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def look(self, left_ns: int) -> None:
        """Called often, with the time left; shows when a second is over."""
        if self._due_ns is not None and left_ns > self._due_ns:
            return
        self._due_ns = left_ns - EVERY_NS
        try:
            if self._client is None:
                self._client = self._open.enter_context(reach(self._node_dir))
                self._open.enter_context(self._board)
            self._board.show(*snapshot(self._client))
        except NotConnected:
            return  # the run itself says whether the node lives
