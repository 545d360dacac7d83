"""The demo's line while it runs: what the venues have said so far.

On a terminal one line that renews itself; elsewhere a plain line every five
seconds. Read from the growing truth log, a few lines at a time.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any, TextIO

from exchange.codes import BUY, REJECTED
from tools.output import width

NS_PER_S = 1_000_000_000
PLAIN_NS = 5 * NS_PER_S
LIVE_NS = NS_PER_S // 4


class Tally:
    """Orders, trades and positions by the truth log, as it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self.orders: set[tuple[str, str]] = set()
        self.refused = 0
        self.trades = 0
        self.net: dict[str, int] = {}

    def read(self) -> None:
        """Take what is new; half a line waits for its rest."""
        with self._path.open("rb") as file:
            file.seek(self._at)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._at += len(line)
                self._take(json.loads(line))

    def _take(self, line: dict[str, Any]) -> None:
        if line["t"] == "order":
            self.orders.add((line["venue"], line["order_id"]))
            self.refused += line["status"] == REJECTED
        elif line["t"] == "trade" and not line["house"]:
            self.trades += 1
            qty = line["qty"] if line["side"] == BUY else -line["qty"]
            self.net[line["symbol"]] = self.net.get(line["symbol"], 0) + qty

    def text(self) -> str:
        held = "  ".join(f"{symbol} {qty:+d}" for symbol, qty in sorted(self.net.items()))
        return f"orders {len(self.orders)}  refused {self.refused}  trades {self.trades}  {held}".rstrip()


class LiveLine:
    """Shows the tally; `close` leaves the terminal on a new line."""

    def __init__(self, tally: Tally, stream: TextIO | None = None) -> None:
        self.tally = tally
        self.stream = sys.stderr if stream is None else stream
        self.live = self.stream.isatty()
        self._every_ns = LIVE_NS if self.live else PLAIN_NS
        self._due_ns: int | None = None
        self._shown = False

    def look(self, left_ns: int) -> None:
        """Called often, with the time left; shows when a line is due."""
        if self._due_ns is None:
            self._due_ns = left_ns - self._every_ns
        if left_ns > self._due_ns:
            return
        self._due_ns -= self._every_ns
        self.tally.read()
        self._show(f"demo: {-(-left_ns // NS_PER_S):3d} s to go  {self.tally.text()}")

    def _show(self, text: str) -> None:
        if not self.live:
            self.stream.write(text + "\n")
        else:
            columns = shutil.get_terminal_size().columns - 1
            while width(text) > columns:
                text = text[:-1]
            self.stream.write(f"\r{text}\x1b[K")
            self._shown = True
        self.stream.flush()

    def close(self) -> None:
        if self._shown:
            self.stream.write("\n")
            self.stream.flush()
            self._shown = False
