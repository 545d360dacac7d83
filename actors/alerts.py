"""Alerts: a record first, then a file that people and programs follow.

A file that can't be written takes nobody with it: what it lacks is kept, the
latest of it, and written as soon as that goes.
"""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any, ClassVar

from loguru import logger
from msgspec import Struct

from actors.base import Actor
from actors.mailbox import Lane

AGAIN_NS = 1_000_000_000
MOST_WAITING = 10_000
"""Lines that wait for their file; the records have every one."""


class Alert(Struct, frozen=True):
    """`severity`: info, warning, critical. `seq`: its record's number."""

    severity: str
    code: str
    seq: int
    wall_ns: int
    details: dict[str, Any]


class WriteAgain(Struct, frozen=True):
    lane: ClassVar[int] = int(Lane.TIMERS)


class AlertSink(Actor):
    """Appends each alert to a file as a JSON line, and logs it.

    Thread: its own; a slow disk delays alerts, never the lane.
    """

    PINNED: ClassVar[bool] = True
    HANDLERS: ClassVar[dict[type, str]] = {Alert: "on_alert", WriteAgain: "on_again"}

    def __init__(self, runtime: Any, name: str, path: Path) -> None:
        super().__init__(runtime, name)
        self._path = path
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)

    def on_alert(self, alert: Alert) -> None:
        """One line, flushed before the next is read; logged in any case."""
        row = {"severity": alert.severity, "code": alert.code, "seq": alert.seq, "wall_ns": alert.wall_ns}
        is_late = bool(self._waiting)
        self._waiting.append(json.dumps(row | alert.details, ensure_ascii=False) + "\n")
        if not is_late:
            self._write()
        logger.bind(**alert.details).log("CRITICAL" if alert.severity == "critical" else "WARNING", alert.code)

    def on_again(self, _again: WriteAgain) -> None:
        """What the file lacks."""
        self._write()

    def _write(self) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(self._waiting))
        except OSError as error:
            logger.bind(file=str(self._path), waiting=len(self._waiting)).error("alerts can't be written: {}", error.strerror)
            self.after_ns(AGAIN_NS, WriteAgain())
        else:
            self._waiting.clear()
