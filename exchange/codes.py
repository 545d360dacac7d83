"""The codes that orders and refusals carry, as the field knows them.

Source: FIX 4.4 Side (54), TimeInForce (59), OrdStatus (39), OrdRejReason
(103), CxlRejReason (102), SecurityTradingStatus (326); CTP's error.xml for
the venue's own numbers. Offsets T and Y are the gateway protocol's.
"""

from __future__ import annotations

from exchange.errors import Refusal

BUY = "1"
SELL = "2"
SIGN = {BUY: 1, SELL: -1}
OTHER_SIDE = {BUY: SELL, SELL: BUY}

DAY = "0"
IOC = "3"
FOK = "4"

OPEN = "O"
CLOSE = "C"
CLOSE_TODAY = "T"
CLOSE_YESTERDAY = "Y"
NONE = "N"
OFFSETS_OF_MODE = {"net": NONE, "oc": OPEN + CLOSE, "octy": OPEN + CLOSE_TODAY + CLOSE_YESTERDAY}

NEW = "0"
PARTIAL = "1"
FILLED = "2"
CANCELED = "4"
REJECTED = "8"
EXPIRED = "C"
WORKING = frozenset({NEW, PARTIAL})

# What the venue says: (FIX reason, its own number, words).
REFUSALS: dict[str, tuple[int, int, str]] = {
    "bad_field": (11, 15, "bad field"),
    "no_instrument": (1, 16, "no such instrument"),
    "duplicate_ref": (6, 22, "duplicate order ref"),
    "unknown_order": (1, 25, "order not found"),
    "too_late": (0, 26, "already traded or cancelled"),
    "over_close": (99, 30, "over close position"),
    "no_money": (99, 31, "insufficient money"),
    "over_close_today": (99, 50, "over close today's position"),
    "over_close_yesterday": (99, 51, "over close yesterday's position"),
    "closed": (2, 91, "the exchange's present state forbids it"),
    "bad_price": (99, 95, "price outside the day's limits"),
    "rate_limit": (99, 116, "order rate limit"),
}
BY_CODE = {code: (reason, text) for reason, code, text in REFUSALS.values()}


def refusal(name: str, more: str = "") -> Refusal:
    """The venue's refusal of that name, with `more` words where they help."""
    reason, code, text = REFUSALS[name]
    return Refusal(reason, code, f"{text}: {more}" if more else text)
