"""Whether a new order may leave: the `j` reasons of the protocol page.

Nothing is split, substituted or inferred: an order leaves as it came, or is
refused with the field that is wrong.
"""

from __future__ import annotations

from collections import deque

from gateways.adapter import Refused
from wire.instrument import InstrumentDef
from wire.messages import NewOrder

OTHER, UNSUPPORTED, SESSION_DOWN, FIELD, NOT_AUTHORISED, THROTTLED = 0, 3, 4, 5, 6, 8
PAST_NOT_AFTER, UNKNOWN_SYMBOL, OFFSET_TIF_QTY = 100, 101, 102

OFFSETS = {"net": "N", "oc": "OC", "octy": "OTY"}
SECOND_NS = 1_000_000_000


def why_not(order: NewOrder, instrument: InstrumentDef | None, wall_ns: int) -> Refused | None:
    """The reason why an order can't leave by its own fields, if any."""
    if instrument is None:
        return Refused(UNKNOWN_SYMBOL, f"symbol {order.symbol} is not known here")
    if not instrument.tradable:
        return Refused(UNSUPPORTED, f"symbol {order.symbol} is not tradable here")
    if order.side not in ("1", "2"):
        return Refused(FIELD, f"side {order.side!r}: allowed: 1, 2")
    if order.hedge_flag not in (None, "S", "A", "H"):
        return Refused(FIELD, f"hedge_flag {order.hedge_flag!r}: allowed: S, A, H, nil")
    offsets = OFFSETS[instrument.offset_mode]
    if order.offset not in offsets:
        return Refused(OFFSET_TIF_QTY, f"offset {order.offset!r} on {instrument.offset_mode}: allowed: {offsets}")
    if order.tif not in instrument.tifs:
        return Refused(OFFSET_TIF_QTY, f"tif {order.tif!r}: allowed: {instrument.tifs}")
    if order.qty < max(1, instrument.min_lots_int):
        return Refused(OFFSET_TIF_QTY, f"qty {order.qty}: at least {max(1, instrument.min_lots_int)}")
    most = instrument.max_lots_int
    if most is not None and order.qty > most:
        return Refused(OFFSET_TIF_QTY, f"qty {order.qty}: at most {most}")
    if order.px is None and not instrument.market_orders:
        return Refused(UNSUPPORTED, f"{order.symbol} takes no market orders: give a px")
    if wall_ns > order.not_after_ns:
        return Refused(PAST_NOT_AFTER, f"{(wall_ns - order.not_after_ns) // 1000} us past not_after_ns")
    return None


class Throttle:
    """At most `max_per_s` orders in any second; 0: no limit."""

    def __init__(self, max_per_s: int) -> None:
        self._max_per_s = max_per_s
        self._sent: deque[int] = deque(maxlen=max_per_s or None)

    def full(self, now_ns: int) -> bool:
        if not self._max_per_s or len(self._sent) < self._max_per_s:
            return False
        return now_ns - self._sent[0] < SECOND_NS

    def count(self, now_ns: int) -> None:
        if self._max_per_s:
            self._sent.append(now_ns)
