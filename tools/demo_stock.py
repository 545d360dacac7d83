"""The stock that a demo's cover pair covers, and who writes it down.

A warehouse, in effect: at times it holds another quantity and writes so into
the pair's file. It ends early enough that the last one can be covered.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from domain.ports import Clock
from system.files import replace_file

TONS = (103, 62, 147, 23)
"""In turn. Nothing is a whole number of lots of 5 t: what is over stays open."""
EVERY_NS = 6_000_000_000
QUIET_NS = 9_000_000_000
"""Before the end: longer than a session break of the demo's trouble, and a hedge after it."""


class Stock:
    """Writes the file; `tons` is what the last record says."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self.file = file
        self.tons = 0
        self._clock = clock
        self._count = 0
        self._due_ns: int | None = None

    def open(self) -> None:
        """The first record, before anybody reads: no file is an alert."""
        self.write(TONS[0])

    def look(self, left_ns: int) -> None:
        """Called often, with the time left; writes when a turn is over."""
        ends = self._due_ns is not None and left_ns < QUIET_NS
        if ends or (self._due_ns is not None and left_ns > self._due_ns):
            return
        self._due_ns = left_ns - EVERY_NS
        self.write(TONS[self._count % len(TONS)])
        self._count += 1

    def write(self, tons: int) -> None:
        """One record: all of it, with a version that grows."""
        now_ns = self._clock.wall_ns()
        self.tons = tons
        as_of = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC).isoformat()
        told = {"version": now_ns // 1_000_000, "qty": str(tons), "as_of": as_of, "unit": "t"}
        replace_file(self.file, json.dumps(told).encode())
