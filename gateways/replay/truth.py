"""The replay venue's own book on disk: what it did, in the order it did it.

Written by the venue alone, before it tells anybody, and read by whoever wants
to hold somebody's journal against it. Each record is its length and its
CRC-32, four bytes each (big-endian), and a MessagePack array: the record's
name, then its fields. A torn last record is what a crash leaves; it is cut
when the venue starts again.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from domain.errors import VenueError, WireError
from wire.codec import pack, unpack

HEAD = struct.Struct(">II")


class TruthRecord(Struct, frozen=True, array_like=True):
    """Base of what a venue writes down; the tag is the record's name."""


class OrderPlaced(TruthRecord, tag="placed"):
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


class OrderTraded(TruthRecord, tag="traded"):
    """A part of an order that traded, and what it cost."""

    exec_id: str
    order_id: str
    qty: int
    px: int
    fee: str
    at_ns: int


class OrderEnded(TruthRecord, tag="ended"):
    """The order's end without a trade: FIX OrdStatus 4, 8 or C, and why."""

    order_id: str
    ord_status: str
    reason: int | None
    text: str
    at_ns: int


AnyRecord = OrderPlaced | OrderTraded | OrderEnded


class TruthLog:
    """The file, open for appending; each record is handed to the system whole."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole_bytes = sum(HEAD.size + size for _, size in _framed(path)) if path.exists() else 0
        self._file = path.open("ab", buffering=0)
        self._file.truncate(whole_bytes)

    def append(self, record: AnyRecord) -> None:
        """Write one record; it is in the system's hands when this returns."""
        body = pack([record.__struct_config__.tag, *msgspec.structs.astuple(record)])
        self._file.write(HEAD.pack(len(body), zlib.crc32(body)) + body)

    def close(self) -> None:
        """Close the file; nothing is appended after it."""
        self._file.close()


def read_truth(path: Path) -> Iterator[AnyRecord]:
    """Every whole record of a truth log, in order.

    Raises: VenueError where a record is whole but not one of a truth log.
    """
    for body, _ in _framed(path):
        try:
            yield msgspec.convert(unpack(body), AnyRecord)
        except (WireError, msgspec.ValidationError) as error:
            raise VenueError(f"{path} is not a replay venue's truth log: {error}") from error


def _framed(path: Path) -> Iterator[tuple[Any, int]]:
    """The bodies of whole records, each with its length."""
    with path.open("rb") as file:
        while len(head := file.read(HEAD.size)) == HEAD.size:
            size, crc = HEAD.unpack(head)
            body = file.read(size)
            if len(body) < size or zlib.crc32(body) != crc:
                return
            yield body, size
