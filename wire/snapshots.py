"""A snapshot's bytes: what folding a journal up to one record has come to.

A cache, never evidence: it says up to which record (number and hash) it was
folded, by code of which shape, and is thrown away where anything differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, get_args

import msgspec
from msgspec import Struct

from domain.books import LegBook
from domain.controls import Controls
from domain.errors import WireError
from domain.ledger import FeeDiffers, Ledger
from domain.mandates import MandateState
from domain.outside import OutsideTrade
from domain.pairs import Pair

MAGIC = b"HRSNAP01"
_DIGEST_BYTES = 32


class ChildState(Struct):
    """A repair child's mandates, by id."""

    states: dict[str, MandateState]
    books: dict[str, tuple[LegBook, ...]]
    opens: dict[str, bool]


class ToldDay(Struct):
    """One trading day of a venue as reported: by order (where it stands, its last state's words), and trades."""

    orders: dict[str, tuple[str, int]] = {}
    trades: dict[int, None] = {}


class VenueSeen(Struct):
    """How far a venue's numbering has been read; the present day and the one before it."""

    epoch: int
    seq: int
    trading_day: str
    pending: tuple[int, ...]
    day: ToldDay
    day_before: ToldDay


class Snapshot(Struct):
    """All that a start takes from records up to `seq`, whose hash is `hash`."""

    shape: str
    seq: int
    hash: bytes
    pairs: dict[str, Pair]
    legs: dict[str, tuple[tuple[str, str, int], ...]]
    children: dict[str, ChildState]
    owners: dict[str, str]
    venues: dict[str, VenueSeen]
    controls: Controls
    known: set[tuple[str, ...]]
    waiting: list[tuple[str, str, list[OutsideTrade]]]
    ledgers: dict[str, Ledger]
    past_ledgers: list[Ledger]
    differences: list[tuple[str, FeeDiffers]]
    changed: dict[str, tuple[Any, Any]]


def _structs(kind: Any, found: dict[str, type]) -> Iterator[type]:
    """Every struct class that a type holds, itself included; each once."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        if kind.__qualname__ in found:
            return
        found[kind.__qualname__] = kind
        yield kind
        for field in msgspec.structs.fields(kind):
            yield from _structs(field.type, found)
    for inner in get_args(kind):
        yield from _structs(inner, found)


def _shape() -> str:
    """Names of all fields that a snapshot is made of: other code, another shape."""
    lines = sorted(f"{each.__qualname__}({','.join(each.__struct_fields__)})" for each in _structs(Snapshot, {}))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


SHAPE = _shape()


def _plain(value: Any) -> str:
    """A fraction as text. Raises: NotImplementedError for anything else."""
    if isinstance(value, Fraction):
        return str(value)
    raise NotImplementedError(type(value).__name__)


def _typed(kind: type, value: Any) -> Any:
    if kind is Fraction:
        return Fraction(value)
    raise NotImplementedError(kind.__name__)


_encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode
_decode = msgspec.msgpack.Decoder(Snapshot, dec_hook=_typed).decode


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Magic, SHA-256 of what follows, then all of it."""
    body = _encode(snapshot)
    return MAGIC + hashlib.sha256(body).digest() + body


def decode_snapshot(data: bytes) -> Snapshot:
    """The snapshot. Raises: WireError where it is damaged or of other code."""
    start = len(MAGIC) + _DIGEST_BYTES
    body = data[start:]
    if data[: len(MAGIC)] != MAGIC or hashlib.sha256(body).digest() != data[len(MAGIC) : start]:
        raise WireError("a snapshot is damaged, or of another format")
    try:
        snapshot = _decode(body)
    except (msgspec.MsgspecError, ValueError) as error:
        raise WireError(f"a snapshot can't be read: {error}") from error
    if snapshot.shape != SHAPE:
        raise WireError("a snapshot was made by other code")
    return snapshot
