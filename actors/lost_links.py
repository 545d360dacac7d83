"""A broken link: which orders of a hedge are in doubt from then on."""

from __future__ import annotations

from typing import Any

from domain import orders
from domain.hedges import Hedge
from domain.pairspec import PairSpec
from domain.venue_news import VenueChanged


def view_lost(hedge: Hedge, spec: PairSpec, news: VenueChanged, now_ns: int) -> tuple:
    """A broken link: its orders that nothing settled are in doubt."""
    facts: list[Any] = []
    for leg in hedge.legs:
        if spec.legs[leg.plan.index].venue != news.venue or leg.mandate is not None:
            continue
        facts.extend(
            orders.OrderUnknown(order.cl_ord_id, f"link lost: {news.why}", now_ns)
            for order in leg.orders
            if order.live and order.status is not orders.OrdStatus.UNKNOWN
        )
    return tuple(facts)
