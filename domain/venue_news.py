"""What a venue tells the pairs that use it, besides quotes and reports.

All travel in the order-event lane, so that none overtakes a report that came
before it.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from domain.reports import OrderReport
from domain.venues import VenueStage

ORDERS_LANE = 1


class VenueChanged(Struct, frozen=True):
    """The venue's stage, or what may be traded there, is another now.

    `why`: what took it from OPEN (LINK, SESSION, EPOCH, GAP, ...), empty when
    open. `lost`: the link or session broke, so orders sent before and not
    reported are in doubt. `blocked`: (symbol, reason) of each instrument that
    may not be traded though the venue is up.
    """

    lane: ClassVar[int] = ORDERS_LANE

    venue: str
    stage: VenueStage
    can_open: bool
    can_repair: bool
    can_cancel: bool
    why: str = ""
    lost: bool = False
    epoch: int = 0
    trading_day: str = ""
    blocked: tuple[tuple[str, str], ...] = ()


class Position(Struct, frozen=True, gc=False):
    """One line of an `AN` answer. Units: lots; free: not frozen by closes."""

    symbol: str
    long_qty: int
    short_qty: int
    long_today: int
    short_today: int
    long_free: int
    short_free: int
    long_free_today: int
    short_free_today: int


class PositionsTold(Struct, frozen=True):
    """A whole `AN` answer; holds every trade up to `asof_seq`."""

    lane: ClassVar[int] = ORDERS_LANE

    venue: str
    trading_day: str
    positions: tuple[Position, ...]
    asof_ns: int
    asof_seq: int


class Collateral(Struct, frozen=True):
    """One currency of a `BB` answer; money as decimal strings."""

    currency: str
    equity: str
    available: str
    margin_used: str
    fees: str


class CollateralTold(Struct, frozen=True):
    """A whole `BB` answer."""

    lane: ClassVar[int] = ORDERS_LANE

    venue: str
    accounts: tuple[Collateral, ...]
    asof_ns: int


class MassCancelTold(Struct, frozen=True):
    """An `r`: what became of a `q`."""

    lane: ClassVar[int] = ORDERS_LANE

    venue: str
    req_id: str
    accepted: bool
    text: str


class StrayReport(Struct, frozen=True):
    """A report that nobody here owns: an event, never an error."""

    lane: ClassVar[int] = ORDERS_LANE

    report: OrderReport


class VenueTrouble(Struct, frozen=True):
    """Something a person should hear of: code, and text to act on."""

    lane: ClassVar[int] = ORDERS_LANE

    venue: str
    code: str
    text: str
