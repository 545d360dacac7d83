"""The log's form: one line an event, stamped in UTC with its date.

A node runs for months and its log is read beside the journal, whose times are
UTC: a line without a date, or in the machine's own zone, can't be placed.
"""

from __future__ import annotations

from typing import Any

from loguru import logger

STAMP = "{time:YYYY-MM-DDTHH:mm:ss.SSS!UTC}Z"
LINE = STAMP + " {level} {message} {extra}"


def log_to(sink: Any, level: str = "INFO") -> None:
    """Send the log to `sink`, and nowhere else."""
    logger.remove()
    logger.add(sink, level=level.upper(), format=LINE)
