"""Whether a quote counts, or the name of the reason why it does not.

Every check says "accept if": a None, a NaN or a nonsense value fails it. The
reason is what the board shows and what a denied hedge carries.
"""

from __future__ import annotations

import msgspec

from domain.market import BUY, SELL, STATUS_OPEN, Quote
from domain.opening import SESSION_CLOSED
from domain.units import NS_PER_S

COUNTS = ""
LEG_STALE = "LEG_STALE"
LEG_CROSSED = "LEG_CROSSED"
LEG_LIMIT_LOCKED = "LEG_LIMIT_LOCKED"
LIQUIDITY = "LIQUIDITY"
FX_STALE = "FX_STALE"
FX_JUMP = "FX_JUMP"

STATUS_MAX_AGE_NS = 3 * NS_PER_S


class QuoteLimits(msgspec.Struct, frozen=True, gc=False):
    """How old a leg's quote may be; `needs_open` off for a reference price."""

    max_silence_ns: int = 3 * NS_PER_S
    max_unchanged_ns: int = 2 * NS_PER_S
    status_max_age_ns: int = STATUS_MAX_AGE_NS
    needs_open: bool = True


class FxLimits(msgspec.Struct, frozen=True, gc=False):
    """How old an FX quote may be, and how far it may jump at once."""

    max_silence_ns: int = 3 * NS_PER_S
    max_unchanged_ns: int = 60 * NS_PER_S
    max_jump: float = 0.01


def why_not(
    quote: Quote | None,
    need_bid: bool,
    need_ask: bool,
    now_mono_ns: int,
    limits: QuoteLimits,
) -> str:
    """Empty when the quote counts, else the name of the first reason.

    A side is needed when an order would take it: to sell needs the bid. The
    session comes first, so that a closed market is not called stale.
    """
    if quote is None:
        return LEG_STALE
    if limits.needs_open and not (
        quote.status == STATUS_OPEN and 0 <= now_mono_ns - quote.status_mono_ns <= limits.status_max_age_ns
    ):
        return SESSION_CLOSED
    lag_ns = quote.lag_ns
    if not (
        lag_ns >= 0
        and 0 <= now_mono_ns - quote.recv_mono_ns + lag_ns <= limits.max_silence_ns
        and 0 <= now_mono_ns - quote.changed_mono_ns + lag_ns <= limits.max_unchanged_ns
    ):
        return LEG_STALE
    bid, ask = quote.bid_px, quote.ask_px
    has_bid = type(bid) is int and quote.bid_qty > 0
    has_ask = type(ask) is int and quote.ask_qty > 0
    if (need_bid and not has_bid) or (need_ask and not has_ask):
        return _why_empty(quote, has_bid, has_ask)
    if has_bid and has_ask and not bid < ask:
        return LEG_CROSSED
    down, up = quote.limit_down, quote.limit_up
    if down is None and up is None:
        return COUNTS
    inside = (not need_bid or _is_inside(bid, down, up)) and (not need_ask or _is_inside(ask, down, up))
    return COUNTS if inside else LEG_LIMIT_LOCKED


def is_open(quote: Quote, now_mono_ns: int, max_age_ns: int = STATUS_MAX_AGE_NS) -> bool:
    """Whether its market is known to be open: status 17, and lately."""
    return quote.status == STATUS_OPEN and 0 <= now_mono_ns - quote.status_mono_ns <= max_age_ns


def fx_why_not(quote: Quote | None, last_rate: float, rate: float, now_mono_ns: int, limits: FxLimits) -> str:
    """Empty when an FX quote may be used, else FX_STALE or FX_JUMP.

    `last_rate` is the last that counted, 0.0 where there is none yet.
    """
    if quote is None or quote.bid_px is None or quote.ask_px is None:
        return FX_STALE
    lag_ns = quote.lag_ns
    if not (
        lag_ns >= 0
        and 0 <= now_mono_ns - quote.recv_mono_ns + lag_ns <= limits.max_silence_ns
        and 0 <= now_mono_ns - quote.changed_mono_ns + lag_ns <= limits.max_unchanged_ns
        and quote.bid_px <= quote.ask_px
        and 0.0 < rate < float("inf")
    ):
        return FX_STALE
    if last_rate == 0.0 or abs(rate - last_rate) <= limits.max_jump * last_rate:
        return COUNTS
    return FX_JUMP


def usable_for_repair(quote: Quote | None, now_mono_ns: int, max_age_ns: int) -> bool:
    """Whether a repair may be priced from the last quote that counted."""
    return quote is not None and 0 <= now_mono_ns - quote.recv_mono_ns + quote.lag_ns <= max_age_ns


def _is_inside(px: int, down: int | None, up: int | None) -> bool:
    return (down is None or px >= down) and (up is None or px <= up)


def _why_empty(quote: Quote, has_bid: bool, has_ask: bool) -> str:
    """A side is missing: locked at the day's limit, or just no liquidity."""
    at_up = has_bid and not has_ask and is_locked(quote, BUY)
    at_down = has_ask and not has_bid and is_locked(quote, SELL)
    return LEG_LIMIT_LOCKED if at_up or at_down else LIQUIDITY


def is_locked(quote: Quote, side: int) -> bool:
    """Whether nobody trades against `side`, its own price at the day's limit."""
    if quote.touch_px(side) is not None:
        return False
    own = quote.touch_px(-side)
    limit = quote.limit_up if side == BUY else quote.limit_down
    return own is not None and limit is not None and (own - limit) * side >= 0
