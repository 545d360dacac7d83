"""What a venue said of an order, as its owner receives it."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct


class OrderReport(Struct, frozen=True, gc=False):
    """An `8`, `9` or `j` of the gateway protocol, recorded as `seq`.

    Units: prices in ticks, quantities in lots; `recv_mono_ns` is when its
    frame was read. `kind` is the message type; `ref_type` that of what a `j`
    refuses; side, exec_type and ord_status are the FIX characters.
    """

    lane: ClassVar[int] = 1

    venue: str
    seq: int
    recv_mono_ns: int
    kind: str
    cl_ord_id: str | None
    exec_type: str = ""
    ord_status: str = ""
    last_qty: int = 0
    last_px: int | None = None
    cum_qty: int = 0
    leaves_qty: int = 0
    order_id: str | None = None
    exec_id: str | None = None
    symbol: str | None = None
    side: str | None = None
    reason: int | None = None
    text: str = ""
    exch_ns: int | None = None
    gw_ns: int = 0
    poss_resend: bool = False
    exec_ref: str | None = None
    trading_day: str = ""
    origin: str = "O"
    offset: str | None = None
    fee: str | None = None
    fee_currency: str | None = None
    cxl_id: str | None = None
    ref_type: str = ""
