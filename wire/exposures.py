"""An exposure's record as it comes in: JSON, by a file or a ZeroMQ feed.

    {"version": 12, "qty": "-1250.5", "as_of": "2026-11-30T09:00:00+08:00",
     "unit": "t", "book": "smelter", "asset": "cu"}

`qty` is signed and absolute, as text so that it is exact. `as_of` has a zone;
`unit`, `book`, `asset` may be left out, and must be the pair's where given.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from domain.errors import WireError
from domain.exposures import Exposure
from domain.units import decimal_of

MAX_BYTES = 16 * 1024
Word = Annotated[str, Meta(max_length=64)]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Told(Struct, forbid_unknown_fields=True):
    """The record's own words."""

    version: Annotated[int, Meta(ge=0, le=2**53)]
    qty: Annotated[str, Meta(max_length=64)]
    as_of: Annotated[datetime, Meta(tz=True)]
    unit: Word = ""
    book: Word = ""
    asset: Word = ""


_reader = msgspec.json.Decoder(Told)


def decode_exposure(body: bytes, source: str) -> Exposure:
    """The record, typed. Raises: WireError, saying what is wrong."""
    if len(body) > MAX_BYTES:
        raise WireError(f"{source}: {len(body)} bytes, allowed: {MAX_BYTES}")
    try:
        told = _reader.decode(body)
        qty = decimal_of(told.qty)
    except (msgspec.MsgspecError, ValueError) as error:
        raise WireError(f"{source}: {error}") from None
    as_of_ns = (told.as_of - _EPOCH) // timedelta(microseconds=1) * 1000
    return Exposure(told.version, format(qty, "f"), as_of_ns, source, told.unit, told.book, told.asset)
