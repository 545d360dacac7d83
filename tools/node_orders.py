"""Orders as a node has them at hand, a row each. Thread: the lane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def order_rows(node: Any, pair: str | None, every: bool, after: str | None) -> Iterator[dict[str, Any]]:
    """Orders at hand, oldest hedge first; `every`: also those that have ended.

    Units: lots, ticks; ages in ms. `after`: the last one seen.
    """
    now_ns = node.clock.mono_ns()
    begun = after is None
    for name in [pair] if pair is not None else list(node.by_name):
        state = node.pair(name)
        hedges = () if state is None else (*(state.past if every else _late(state.past)), *((state.hedge,) if state.hedge is not None else ()))
        for hedge in hedges:
            for leg in hedge.legs:
                for order in leg.orders:
                    if begun and (every or order.live):
                        yield _row(name, hedge.hedge_id, leg, order, now_ns)
                    begun = begun or order.cl_ord_id == after


def _late(past: tuple) -> tuple:
    """Ended hedges that have an order in doubt all the same."""
    return tuple(hedge for hedge in past[-8:] if any(order.live for leg in hedge.legs for order in leg.orders))


def _row(pair: str, hedge_id: str, leg: Any, order: Any, now_ns: int) -> dict[str, Any]:
    return {
        "order": order.cl_ord_id,
        "pair": pair,
        "hedge": hedge_id,
        "venue": leg.plan.venue,
        "symbol": leg.plan.symbol,
        "side": "buy" if order.side > 0 else "sell",
        "qty": order.qty,
        "cum_qty": order.cum_qty,
        "leaves_qty": order.leaves_qty,
        "px_ticks": order.px,
        "tif": order.tif,
        "status": str(order.status),
        "cancels": order.cancels,
        "age_ms": (now_ns - order.sent_ns) // 1_000_000,
    }
