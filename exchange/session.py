"""What a symbol's trading status allows.

The states are FIX SecurityTradingStatus (326). In an auction orders rest and
don't trade; its end trades what crosses at one price. A halt takes cancels
only. Closed takes nothing, and ends the day's orders.
"""

from __future__ import annotations

from typing import NamedTuple

from exchange.codes import DAY, refusal

HALT = 2
READY = 17
CLOSED = 18
AUCTION = 21


class Allows(NamedTuple):
    """What may be done in a state. `matches`: at once, as orders come."""

    orders: bool
    cancels: bool
    matches: bool
    tifs: str


RULES: dict[int, Allows] = {
    READY: Allows(orders=True, cancels=True, matches=True, tifs="034"),
    AUCTION: Allows(orders=True, cancels=True, matches=False, tifs=DAY),
    HALT: Allows(orders=False, cancels=True, matches=False, tifs=""),
    CLOSED: Allows(orders=False, cancels=False, matches=False, tifs=""),
}
NAMES = {"open": READY, "halt": HALT, "closed": CLOSED, "auction": AUCTION}


def check_order(status: int, tif: str) -> None:
    """Raises: Refusal (closed) where this order can't be taken now."""
    rules = RULES[status]
    if not rules.orders or tif not in rules.tifs:
        raise refusal("closed", f"status {status}, tif {tif}")


def check_cancel(status: int) -> None:
    """Raises: Refusal (closed) where nothing can be cancelled now."""
    if not RULES[status].cancels:
        raise refusal("closed", f"status {status}")
