"""What a venue asks of an order's fields and price before it takes it."""

from __future__ import annotations

from exchange.codes import BUY, DAY, OFFSETS_OF_MODE, SELL, refusal
from exchange.listing import Listing
from exchange.values import Order


def check_fields(listing: Listing, order: Order) -> None:
    """Raises: Refusal (bad_field) that says which."""
    instrument = listing.instrument
    if not instrument.tradable:
        raise refusal("bad_field", f"{order.symbol} is not tradable")
    if order.side not in (BUY, SELL):
        raise refusal("bad_field", f"side {order.side!r}")
    if order.tif not in instrument.tifs:
        raise refusal("bad_field", f"tif {order.tif!r} is not one of {instrument.tifs}")
    if order.offset not in OFFSETS_OF_MODE[instrument.offset_mode]:
        raise refusal("bad_field", f"offset {order.offset!r} is not one of {OFFSETS_OF_MODE[instrument.offset_mode]}")
    if not instrument.min_lots <= order.qty <= instrument.max_lots:
        raise refusal("bad_field", f"qty {order.qty} is not within {instrument.min_lots} to {instrument.max_lots}")


def check_price(listing: Listing, order: Order) -> None:
    """A market order becomes a limit at the day's far limit.

    Raises: Refusal (bad_field, bad_price).
    """
    limits = listing.limits
    if order.px is None:
        if not listing.instrument.market_orders or limits is None or order.tif == DAY:
            raise refusal("bad_field", "no market orders here, or not with this tif")
        order.px = limits[1] if order.side == BUY else limits[0]
    if limits is not None and not limits[0] <= order.px <= limits[1]:
        raise refusal("bad_price", f"{order.px} is not within {limits[0]} to {limits[1]}")
    if listing.instrument.kind in ("inverse", "spot") and order.px <= 0:
        raise refusal("bad_price", f"{order.px} is not above 0")
