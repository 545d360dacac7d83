"""The replay venue's own book on disk: what it did, in order.

Written by the venue alone, before it tells anybody, and read by whoever wants
to hold somebody's journal against it. JSON lines, one a record: its name under
"t", then its fields. A torn last line is what a crash leaves; it is cut when
the venue starts again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from domain.errors import VenueError


class TruthRecord(Struct, frozen=True, tag_field="t"):
    """Base of what a venue writes down. Units: ticks, lots, ns (UTC)."""


class OrderPlaced(TruthRecord, tag="order"):
    """An order that the venue took; `px` None is a market order."""

    trading_day: str
    order_id: str
    venue_ref: str
    symbol: str
    side: str
    qty: int
    px: int | None
    tif: str
    at_ns: int
    offset: str = "N"


class OrderTraded(TruthRecord, tag="trade"):
    """A part of an order that traded, and what it cost."""

    trading_day: str
    exec_id: str
    order_id: str
    symbol: str
    side: str
    qty: int
    px: int
    fee: str
    at_ns: int


class OrderEnded(TruthRecord, tag="end"):
    """The order's end without a trade: FIX OrdStatus 4, 8 or C, and why."""

    order_id: str
    ord_status: str
    reason: int | None
    text: str
    at_ns: int


AnyRecord = OrderPlaced | OrderTraded | OrderEnded


class TruthLog:
    """The file, open for appending; each line is handed to the system whole."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole_bytes = sum(len(line) for line in _whole_lines(path)) if path.exists() else 0
        self._file = path.open("ab", buffering=0)
        self._file.truncate(whole_bytes)

    def append(self, record: AnyRecord) -> None:
        """Write one record; it is in the system's hands when this returns."""
        self._file.write(json.dumps(msgspec.to_builtins(record), separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Close the file; nothing is appended after it."""
        self._file.close()


def read_truth(path: Path) -> Iterator[AnyRecord]:
    """Every whole record of a truth log, in order.

    Raises: VenueError where a line is whole but no record of a truth log.
    """
    for number, line in enumerate(_whole_lines(path), 1):
        try:
            yield msgspec.convert(json.loads(line), AnyRecord)
        except (ValueError, msgspec.ValidationError) as error:
            raise VenueError(f"{path}:{number}: not a record of a replay venue's truth log: {error}") from error


def _whole_lines(path: Path) -> Iterator[bytes]:
    """The lines up to the first that has no end."""
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield line
