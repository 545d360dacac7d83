"""What a gateway says of an instrument, against what is configured.

An instrument whose definition differs is not traded: a wrong tick or
multiplier would turn every price and size into another one. The text names
the fields, both values, and so what to change.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from domain.market import Instrument

NOT_ANNOUNCED = "its gateway has not announced it"
NOT_TRADABLE = "its gateway says it can't be traded now"

_NUMBERS = ("tick_size", "lot_size", "multiplier")
_WORDS = ("currency", "kind", "offset_mode")
_WHERE_BOTH_SAY = ("base", "expiry", "last_open_day")
_MARGINS = ("margin_rate_long", "margin_rate_short", "margin_lot_long", "margin_lot_short")


def differences(configured: Instrument, announced: Any) -> list[str]:
    """Each field that differs, with both values; empty where none does.

    `announced` has the protocol page's field names as attributes; decimal
    numbers are compared by value, so that 0.10 is 0.1.
    """
    found = [name for name in _NUMBERS if not _same_number(getattr(configured, name), getattr(announced, name))]
    found += [name for name in _WORDS if getattr(configured, name) != getattr(announced, name)]
    found += [name for name in _WHERE_BOTH_SAY if _both_differ(getattr(configured, name), getattr(announced, name))]
    found += [name for name in _MARGINS if _margin_differs(getattr(configured, name), getattr(announced, name))]
    texts = [f"{n}: gateway {getattr(announced, n)}, configured {getattr(configured, n)}" for n in found]
    missing = "".join(sorted(set(configured.tifs) - set(announced.tifs)))
    if missing:
        texts.append(f"tifs: gateway {announced.tifs!r} lacks the configured {missing!r}")
    if configured.market_orders and not announced.market_orders:
        texts.append("market_orders: gateway False, configured True")
    return texts + _lots(configured, announced)


def why_blocked(configured: Instrument, announced: Any | None) -> str:
    """Empty where the instrument may be traded, else the reason."""
    if announced is None:
        return NOT_ANNOUNCED
    texts = differences(configured, announced)
    if texts:
        return "definition differs: " + "; ".join(texts)
    return "" if announced.tradable else NOT_TRADABLE


def _lots(configured: Instrument, announced: Any) -> list[str]:
    """Our limits on an order's size may be narrower, never wider."""
    texts = []
    least, most = announced.min_lots_int, announced.max_lots_int
    if announced.min_lots is not None and configured.min_lots < least:
        texts.append(f"min_lots: gateway {least}, configured {configured.min_lots}")
    if most is not None and configured.max_lots is not None and configured.max_lots > most:
        texts.append(f"max_lots: gateway {most}, configured {configured.max_lots}")
    return texts


def _both_differ(ours: str, theirs: str | None) -> bool:
    return bool(ours and theirs and ours != theirs)


def _margin_differs(ours: Decimal, theirs: str | None) -> bool:
    """Margins are 0 where nobody configured them."""
    return bool(ours) and theirs is not None and not _same_number(ours, theirs)


def _same_number(ours: Decimal, theirs: str) -> bool:
    try:
        return Decimal(ours) == Decimal(theirs)
    except InvalidOperation:
        return False
