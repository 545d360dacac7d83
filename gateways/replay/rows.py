"""What a recording is made of, row by row, once it has been read.

Units: ns since the epoch (UTC), ticks, lots. None is what was not recorded.
"""

from __future__ import annotations

from msgspec import Struct


class QuoteRow(Struct, frozen=True, gc=False):
    """The recorded book; bids and asks flat (px, qty, ...), best first."""

    recv_ns: int
    exch_ns: int | None
    bids: tuple[int, ...]
    asks: tuple[int, ...]
    last: int | None = None
    volume: int | None = None
    limits: tuple[int | None, int | None] | None = None


class TradeRow(Struct, frozen=True, gc=False):
    """A trade of the recorded market; no part of it is ours."""

    recv_ns: int
    exch_ns: int | None
    px: int
    qty: int


class StatusRow(Struct, frozen=True, gc=False):
    """From now on the market's status is this (FIX 326), maybe with limits."""

    recv_ns: int
    status: int
    limits: tuple[int | None, int | None] | None = None
    exch_ns: int | None = None


Row = QuoteRow | TradeRow | StatusRow
