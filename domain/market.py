"""Instruments and quotes: what the market is, as values.

Prices are whole ticks, quantities whole lots, times ns. A side is the sign of
what it adds: +1 buys, -1 sells; FIX's characters stay on the wire. A side of a
book that is empty is None at the top and an empty sequence below it, never 0.

Source: FIX SecurityTradingStatus (326), TimeInForce (59).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

import msgspec

from domain.errors import require

BUY = 1
SELL = -1

OPEN = "O"
CLOSE = "C"
CLOSE_TODAY = "T"
CLOSE_YESTERDAY = "Y"
LOCK = "L"
UNLOCK = "U"
"""Ours alone: an open that reduces (锁仓), and a close of older lots that opens (解锁).

They leave as O, and as Y (or C, where the venue keeps no days apart).
"""

STATUS_HALT = 2
STATUS_OPEN = 17
STATUS_CLOSED = 18
STATUS_AUCTION = 21

QUOTES_LANE = 4

ZERO = Decimal(0)


class FeeSchedule(msgspec.Struct, frozen=True, gc=False):
    """Fees by turnover and by lot, in the instrument's currency."""

    open_rate: Decimal = ZERO
    open_lot: Decimal = ZERO
    close_rate: Decimal = ZERO
    close_lot: Decimal = ZERO
    close_today_rate: Decimal = ZERO
    close_today_lot: Decimal = ZERO
    later: tuple[DatedFees, ...] = ()
    """Schedules that have been announced, oldest first."""

    def on(self, day: str) -> FeeSchedule:
        """What holds on a trading day, YYYYMMDD; "" before all that is announced."""
        found = self
        for each in self.later:
            if day and each.valid_from <= day:
                found = each.fees
        return found


class DatedFees(msgspec.Struct, frozen=True, gc=False):
    """A schedule that holds from a trading day on."""

    valid_from: str
    fees: FeeSchedule


NO_FEES = FeeSchedule()


class Instrument(msgspec.Struct, frozen=True, gc=False):
    """One tradable (or merely quoted) thing at one venue.

    Units: value = px x tick_size x qty x lot_size x multiplier (inverse: qty x
    lot_size x multiplier / price, in base).
    """

    venue: str
    symbol: str
    tick_size: Decimal
    lot_size: Decimal
    multiplier: Decimal
    currency: str
    kind: str = "linear"
    offset_mode: str = "net"
    tifs: str = "034"
    market_orders: bool = False
    tradable: bool = True
    base: str = ""
    min_lots: int = 1
    max_lots: int | None = None
    expiry: str = ""
    last_open_day: str = ""
    margin_rate_long: Decimal = ZERO
    margin_rate_short: Decimal = ZERO
    margin_lot_long: Decimal = ZERO
    margin_lot_short: Decimal = ZERO
    fees: FeeSchedule = NO_FEES
    digits: int = 2
    base_digits: int = 8
    """Decimals of the currency's money, and of the base asset's."""
    larger_side: bool = False
    """Margin is asked for the larger of long and short alone (单向大边)."""

    @property
    def key(self) -> tuple[str, str]:
        """What identifies it everywhere: (venue, symbol)."""
        return (self.venue, self.symbol)

    @property
    def is_inverse(self) -> bool:
        """Whether a lot is a fixed sum of money, settled in the base."""
        return self.kind == "inverse"

    def units_per_lot(self) -> Fraction:
        """What one lot holds: base units, or money where inverse."""
        return Fraction(self.lot_size) * Fraction(self.multiplier)

    def value(self, px_ticks: int, qty_lots: int) -> Fraction:
        """Turnover of a trade, exactly; in base where inverse."""
        if not self.is_inverse:
            return px_ticks * Fraction(self.tick_size) * qty_lots * self.units_per_lot()
        require(px_ticks > 0, f"{self.symbol}: an inverse contract has no value at {px_ticks} ticks")
        return qty_lots * self.units_per_lot() / (px_ticks * Fraction(self.tick_size))


class Quote(msgspec.Struct, frozen=True, gc=False):
    """One book of one instrument, as the node had it; a new one per `W`.

    Shape: bids and asks are flat (px, qty, px, qty, ...), best first.
    Units: ticks, lots, ns. `*_mono_ns` are the node's monotonic clock, `lag_ns`
    how long the frame lay between gateway and node by the wall clock.
    `recv_mono_ns` moves with each `W`, `changed_mono_ns` with a new one only.
    """

    lane: ClassVar[int] = QUOTES_LANE

    key: tuple[str, str]
    bid_px: int | None = None
    bid_qty: int = 0
    ask_px: int | None = None
    ask_qty: int = 0
    bids: Sequence[int] = ()
    asks: Sequence[int] = ()
    exch_ns: int | None = None
    gw_ns: int = 0
    recv_mono_ns: int = 0
    lag_ns: int = 0
    changed_mono_ns: int = 0
    status: int | None = None
    limit_down: int | None = None
    limit_up: int | None = None
    status_mono_ns: int = 0
    last_px: int | None = None

    @property
    def venue(self) -> str:
        """The venue that it came from."""
        return self.key[0]

    @property
    def symbol(self) -> str:
        """The instrument's symbol at that venue."""
        return self.key[1]

    def levels(self, side: int) -> Sequence[int]:
        """The levels that an order of `side` would take, best first."""
        return self.asks if side == BUY else self.bids

    def touch_px(self, side: int) -> int | None:
        """The price that an order of `side` meets first."""
        return self.ask_px if side == BUY else self.bid_px

    def touch_qty(self, side: int) -> int:
        """The lots that an order of `side` meets at the touch."""
        return self.ask_qty if side == BUY else self.bid_qty


def quote_of(
    key: tuple[str, str],
    bids: Sequence[int],
    asks: Sequence[int],
    *,
    exch_ns: int | None = None,
    gw_ns: int = 0,
    recv_mono_ns: int = 0,
    lag_ns: int = 0,
    changed_mono_ns: int | None = None,
    status: int | None = STATUS_OPEN,
    limit_down: int | None = None,
    limit_up: int | None = None,
    status_mono_ns: int | None = None,
    last_px: int | None = None,
) -> Quote:
    """A quote from its levels; convenient, where a call's cost is not.

    The feed builds `Quote(...)` itself, by position. Times that are left out
    are those of the receipt.
    """
    return Quote(
        key,
        bids[0] if bids else None,
        bids[1] if bids else 0,
        asks[0] if asks else None,
        asks[1] if asks else 0,
        bids,
        asks,
        exch_ns,
        gw_ns,
        recv_mono_ns,
        lag_ns,
        recv_mono_ns if changed_mono_ns is None else changed_mono_ns,
        status,
        limit_down,
        limit_up,
        recv_mono_ns if status_mono_ns is None else status_mono_ns,
        last_px,
    )


def depth(levels: Sequence[int], worst_px: int, side: int) -> int:
    """Lots that an order of `side` can take at `worst_px` or better."""
    lots = 0
    for index in range(0, len(levels), 2):
        px = levels[index]
        if px > worst_px if side == BUY else px < worst_px:
            break
        lots += levels[index + 1]
    return lots
