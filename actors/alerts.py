"""Alerts: a record first, then a file that people and programs follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from loguru import logger
from msgspec import Struct

from actors.base import Actor


class Alert(Struct, frozen=True):
    """`severity`: info, warning, critical. `seq`: its record's number."""

    severity: str
    code: str
    seq: int
    wall_ns: int
    details: dict[str, Any]


class AlertSink(Actor):
    """Appends each alert to a file as a JSON line, and logs it.

    Thread: its own; a slow disk delays alerts, never the lane.
    """

    PINNED: ClassVar[bool] = True
    HANDLERS: ClassVar[dict[type, str]] = {Alert: "on_alert"}

    def __init__(self, runtime: Any, name: str, path: Path) -> None:
        super().__init__(runtime, name)
        self._path = path

    def on_alert(self, alert: Alert) -> None:
        """One line, flushed before the next is read."""
        row = {"severity": alert.severity, "code": alert.code, "seq": alert.seq, "wall_ns": alert.wall_ns}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row | alert.details, ensure_ascii=False) + "\n")
        logger.bind(**alert.details).log("CRITICAL" if alert.severity == "critical" else "WARNING", alert.code)
