"""What the judge keeps of orders, and what facts mean by name.

Nothing of the engine: a fact is its name and its fields.
"""

from __future__ import annotations

from typing import Any

LIVE_FACTS = frozenset(("OrderPending", "OrderAccepted", "OrderPartiallyFilled", "OrderUnknown", "CancelSubmitted"))
LAST_FACTS = frozenset(("OrderFilled", "OrderCanceled", "OrderExpired", "OrderRejected", "OrderDenied", "OrderAbsent"))
CUM_FACTS = frozenset(
    ("OrderPartiallyFilled", "OrderFilled", "OrderFilledLate", "OrderCanceled", "OrderExpired", "OrderRejected")
)
TRADE_FACTS = {"OrderPartiallyFilled": 3, "OrderFilled": 3, "OrderFilledLate": 3, "TradeBooked": 2}
UNDOING_FACTS = frozenset(("TradeBusted", "TradeCorrected"))
HEARD_FACTS = frozenset(
    (
        *("OrderAccepted", "OrderPartiallyFilled", "OrderFilled", "OrderFilledLate", "OrderRejected", "TradeBooked"),
        *("TradeRestated", "TradeUpheld", *UNDOING_FACTS),
    )
)
"""Facts that only a report can be the cause of."""
ABOUT_ORDERS = ("Order", "Cancel", "Trade")


STATES: dict[Any, str] = {
    "OrderPending": "PENDING_NEW",
    "OrderAccepted": "NEW",
    "OrderPartiallyFilled": "PARTIALLY_FILLED",
    "OrderUnknown": "UNKNOWN",
    "CancelSubmitted": "PENDING_CANCEL",
    ("UNKNOWN", "CancelSubmitted"): "UNKNOWN",
    ("PENDING_CANCEL", "OrderPartiallyFilled"): "PENDING_CANCEL",
    **dict.fromkeys(LAST_FACTS, "ENDED"),
}
"""What a fact makes of an order's state, for the table of faults and states."""


class RecordedOrder:
    """An order by its records."""

    __slots__ = ("changed", "cum", "ended", "intent", "offset", "state", "trades")

    def __init__(self, intent: tuple, offset: str = "") -> None:
        self.intent = intent
        self.offset = offset
        self.state = "SUBMITTED"
        self.ended = False
        self.cum = 0
        self.trades: dict[str, tuple[int, int]] = {}
        """(lots, px) by key."""
        self.changed = False
        """A trade of it was taken back or corrected."""
