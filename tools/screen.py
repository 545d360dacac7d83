"""A terminal as lines: only those that have changed are written again.

`keys` makes it whole: an alternate screen, and keys one at a time. Without it
the lines stand where the cursor was and stay there afterwards.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import sys
from threading import Event
from typing import Any, TextIO

ALTERNATE, NORMAL = "\x1b[?1049h", "\x1b[?1049l"
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
TO_END, REST = "\x1b[K", "\x1b[J"

KEYS = {"\x1b[A": "up", "\x1b[B": "down", "\x1b[5~": "page up", "\x1b[6~": "page down", "\r": "enter", "\n": "enter"}
KEYS |= {"\x1b": "escape", "\x7f": "back", "\x08": "back", "\x1bOA": "up", "\x1bOB": "down"}
KEY = re.compile(r"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|.", re.DOTALL)
MAX_KEY_BYTES = 256


class Screen:
    """Use it as a context manager; what it changed of the terminal it undoes."""

    def __init__(self, stream: TextIO | None = None, *, keys: bool = False) -> None:
        self.stream = sys.stdout if stream is None else stream
        self.keys = keys and sys.stdin.isatty()
        self._whole = keys
        self._lines: list[str] = []
        self._size: tuple[int, int] = (0, 0)
        self._before: Any = None
        self._pause = Event()
        self._typed: list[str] = []

    def __enter__(self) -> Screen:
        if self.keys:
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        self.stream.write((ALTERNATE if self._whole else "") + HIDE)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._before is not None:
            import termios

            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
        self.stream.write(SHOW + (NORMAL if self._whole else ""))
        self.stream.flush()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines, as they are now."""
        return tuple(shutil.get_terminal_size((80, 24)))

    def draw(self, lines: list[str]) -> None:
        """Show these lines, as many as there is room for."""
        size = self.size
        lines = lines[: size[1] - (0 if self._whole else 1)]
        if size != self._size:
            self._size, self._lines = size, [] if self._whole else self._lines
        self.stream.write(self._from_top(lines) if self._whole else self._from_here(lines))
        self.stream.flush()
        self._lines = lines

    def _from_top(self, lines: list[str]) -> str:
        old = self._lines
        parts = ["\x1b[H\x1b[2J"] if not old else []
        for place, line in enumerate(lines):
            if place >= len(old) or old[place] != line:
                parts.append(f"\x1b[{place + 1};1H{line}{TO_END}")
        if len(old) > len(lines):
            parts.append(f"\x1b[{len(lines) + 1};1H{REST}")
        return "".join(parts)

    def _from_here(self, lines: list[str]) -> str:
        up = f"\x1b[{len(self._lines)}F" if self._lines else ""
        return up + "".join(f"{line}{TO_END}\n" for line in lines) + REST

    def key(self, wait_s: float) -> str:
        """The next key by name, a letter as itself; "" after `wait_s` without."""
        if not self.keys:
            self._pause.wait(wait_s)
            return ""
        if not self._typed:
            found, _, _ = select.select([sys.stdin], [], [], wait_s)
            if not found:
                return ""
            raw = os.read(sys.stdin.fileno(), MAX_KEY_BYTES)
            self._typed = KEY.findall(raw.decode("utf-8", "replace")) or ["q"]  # nothing: its other end is gone
        text = self._typed.pop(0)
        return KEYS.get(text, text if text.isprintable() else "")
