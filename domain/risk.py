"""Limits on orders, and the table of what every live order may become.

A position is judged as if every live and every unknown order fills: what has
been sent counts until evidence ends it. The table is read, claimed and booked
by direct calls in the lane:

    check_order  before an order is recorded; claim  in the same turn, once it was sent
    book_fill    a trade; release  the order has ended

All first orders of a hedge are checked and claimed in one turn of the lane, so
that no other pair can take their room in between.

An order that reduces is bound by the price band and by the exposure that it
reduces, never by size, position or count: rollback has the right of way.

A reason reads `CODE: key=value ...`. Source: RTS 6 Art. 15.
"""

from __future__ import annotations

import msgspec

from domain.errors import require
from domain.market import BUY, Quote

OK = ""


class Limits(msgspec.Struct, frozen=True, gc=False):
    """Limits of one symbol at one venue's account. Units: lots, ticks."""

    order_lots: int
    price_collar_ticks: int
    position_lots: int


class Live:
    """One own order that may still fill. `rests`: it can stay in the book."""

    __slots__ = ("left", "px", "rests", "side")

    def __init__(self, side: int, left: int, px: int | None, rests: bool) -> None:
        self.side = side
        self.left = left
        self.px = px
        self.rests = rests


class Exposure:
    """What one symbol's account holds and has live."""

    __slots__ = ("buying", "limits", "live", "position", "resting", "selling")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.position = 0
        self.buying = 0
        self.selling = 0
        self.live: dict[str, Live] = {}
        self.resting = 0

    def room(self, side: int) -> int:
        """Lots that may still be ordered on a side."""
        limit = self.limits.position_lots
        if side == BUY:
            return limit - self.position - self.buying
        return limit + self.position - self.selling


class RiskTable:
    """Every limited symbol of this shard's accounts. Thread: the lane."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Exposure] = {}

    def add(self, key: tuple[str, str], limits: Limits) -> Exposure:
        """Take a symbol in; the same limits again change nothing."""
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = Exposure(limits)
        require(row.limits == limits, f"{key[1]} at {key[0]} has two different sets of limits")
        return row

    def limits(self, key: tuple[str, str]) -> Limits | None:
        """A symbol's, None where it has none."""
        row = self._rows.get(key)
        return None if row is None else row.limits

    def limit(self, key: tuple[str, str], limits: Limits) -> Limits | None:
        """Other limits from now on; what is held and live stays. Those before."""
        row = self._rows.get(key)
        if row is None:
            self.add(key, limits)
            return None
        before, row.limits = row.limits, limits
        return before

    def drop(self, key: tuple[str, str]) -> None:
        """A symbol that no pair trades any more. Nothing of it may be live."""
        self._rows.pop(key, None)

    def row(self, key: tuple[str, str]) -> Exposure:
        """The symbol's exposure. Raises: InvariantViolation when unknown."""
        row = self._rows.get(key)
        if row is None:
            require(False, f"no risk limits for {key[1]} at {key[0]}")
        return row

    def check_order(
        self,
        key: tuple[str, str],
        side: int,
        qty: int,
        px: int | None,
        quote: Quote | None,
        *,
        reduces_lots: int | None = None,
    ) -> str:
        """Empty when the order may leave, else `CODE: key=value ...`.

        `quote` is the last that counted; `reduces_lots`, for an order that
        only reduces, the exposure that is left to reduce.
        """
        row = self._rows.get(key)
        if row is None:
            return f"INSTRUMENT_NOT_FOUND: venue={key[0]} symbol={key[1]}"
        if not qty > 0:
            return f"QUANTITY_BELOW_MINIMUM: qty={qty} min=1"
        limits = row.limits
        touch = None if quote is None else quote.ask_px if side == BUY else quote.bid_px
        plain = px is not None and touch is not None and quote.limit_down is None and quote.limit_up is None
        if not (plain and side * (px - touch) <= limits.price_collar_ticks):
            why = band(side, px, quote, limits.price_collar_ticks)
            if why:
                return why
        room = limits.position_lots - (row.position + row.buying if side == BUY else row.selling - row.position)
        if reduces_lots is not None:
            if not qty <= reduces_lots:
                return f"REDUCE_ONLY_WOULD_INCREASE_POSITION: qty={qty} exposure={reduces_lots}"
        elif not qty <= limits.order_lots:
            return f"QUANTITY_EXCEEDS_MAXIMUM: qty={qty} max={limits.order_lots}"
        elif not qty <= room:
            return (
                f"POSITION_LIMIT: side={side} qty={qty} position={row.position} buying={row.buying}"
                f" selling={row.selling} max={row.limits.position_lots}"
            )
        return self_trade(row, side, px) if row.resting else OK

    def claim(self, key: tuple[str, str], cl_ord_id: str, side: int, qty: int, px: int | None, *, rests: bool) -> None:
        """Count an order that is about to leave."""
        row = self.row(key)
        if cl_ord_id in row.live:
            require(False, f"order {cl_ord_id} is claimed twice")
        row.live[cl_ord_id] = Live(side, qty, px, rests)
        if rests:
            row.resting += 1
        if side == BUY:
            row.buying += qty
        else:
            row.selling += qty

    def book_fill(self, key: tuple[str, str], cl_ord_id: str, side: int, qty: int) -> None:
        """Move lots into the position; a bust takes them off with qty < 0.

        A late fill, an overfill or an outside one meets no live lots: the
        position is the truth, and moves all the same.
        """
        row = self.row(key)
        row.position += side * qty
        order = row.live.get(cl_ord_id)
        if order is None or qty <= 0:
            return
        off = min(qty, order.left)
        order.left -= off
        _take_off(row, side, off)

    def release(self, key: tuple[str, str], cl_ord_id: str) -> None:
        """The order has ended: what is left of it fills no more."""
        row = self._rows.get(key) or self.row(key)
        order = row.live.pop(cl_ord_id, None)
        if order is None:
            return
        if order.rests:
            row.resting -= 1
        if order.side == BUY:
            row.buying -= order.left
        else:
            row.selling -= order.left

    def set_position(self, key: tuple[str, str], lots: int) -> None:
        """The position as the venue, or the journal, has it at the start."""
        self.row(key).position = lots


def band(side: int, px: int | None, quote: Quote | None, collar_ticks: int) -> str:
    """Empty when the price is inside the collar and the day's limits.

    The collar is on the side that costs: a buy above the ask, a sell below the
    bid. Where that side is empty, the other side is the reference.
    """
    if px is None or quote is None:
        return f"PRICE_COLLAR: px={px} reference=none"
    touch = quote.ask_px if side == BUY else quote.bid_px
    if touch is None:
        touch = quote.bid_px if side == BUY else quote.ask_px
        if touch is None:
            return f"PRICE_COLLAR: px={px} reference=none"
    if not side * (px - touch) <= collar_ticks:
        return f"PRICE_COLLAR: px={px} reference={touch} collar={collar_ticks}"
    down, up = quote.limit_down, quote.limit_up
    if (down is None or px >= down) and (up is None or px <= up):
        return OK
    return f"PRICE_BAND: px={px} limit_down={down} limit_up={up}"


def self_trade(row: Exposure, side: int, px: int | None) -> str:
    """Empty unless the order would meet one of the account's own."""
    met = own_resting(row, side, px)
    return f"SELF_TRADE: side={side} px={px} against={met[0]} resting_px={row.live[met[0]].px}" if met else OK


def own_resting(row: Exposure, side: int, px: int | None) -> list[str]:
    """Own orders in the book that an order would meet; they give way first."""
    return [
        cl_ord_id
        for cl_ord_id, order in row.live.items()
        if order.side != side
        and order.rests
        and order.left > 0
        and (px is None or order.px is None or side * (px - order.px) >= 0)
    ]


def _take_off(row: Exposure, side: int, lots: int) -> None:
    if side == BUY:
        row.buying -= lots
    else:
        row.selling -= lots
