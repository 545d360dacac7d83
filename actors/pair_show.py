"""A pair and its hedges as plain values, for tools."""

from __future__ import annotations

from math import isfinite
from typing import Any

from domain import guards
from domain.hedges import Hedge
from domain.pairs import Pair
from domain.prices import tradable_units


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def show_pair(view: Any, pair: Pair, now_ns: int) -> dict[str, Any]:
    """One pair. Units: ticks, lots, pair units, ms of age."""
    spec = view.spec
    legs = []
    for leg, quote, book in zip(spec.legs, view.quotes, pair.books, strict=True):
        why = guards.why_not(quote, True, True, now_ns, leg.quote_limits)
        legs.append(
            {
                "venue": leg.venue,
                "symbol": leg.symbol,
                "lots": leg.lots,
                "bid_px": None if quote is None else quote.bid_px,
                "bid_qty": 0 if quote is None else quote.bid_qty,
                "ask_px": None if quote is None else quote.ask_px,
                "ask_qty": 0 if quote is None else quote.ask_qty,
                "tick_size": str(leg.instrument.tick_size),
                "age_ms": None if quote is None else (now_ns - quote.changed_mono_ns) // 1_000_000,
                "why_not": why,
                "net_lots": book.net,
                "today_lots": book.today,
                "cash_ticks": book.cash,
            }
        )
    hedge = pair.hedge
    return {
        "pair": pair.name,
        "state": str(pair.status),
        "mode": str(pair.mode),
        "units": pair.units,
        "max_units": spec.max_position_units,
        "naked": list(pair.naked),
        "buy": _number(view.price.buy),
        "sell": _number(view.price.sell),
        "tradable_buy": tradable_units(view.quotes, spec.lots, 1),
        "tradable_sell": tradable_units(view.quotes, spec.lots, -1),
        "reason": view.reason,
        "holds": dict(view.holds),
        "fires": view.fires,
        "hedges": pair.hedge_count,
        "failures": pair.failures,
        "hedge": None if hedge is None else show_hedge(hedge, now_ns),
        "past": [show_hedge(h, now_ns) for h in pair.past],
        "rates": list(view.rates),
        "currency": spec.currency,
        "legs": legs,
    }


def show_hedge(hedge: Hedge, now_ns: int) -> dict[str, Any]:
    """One hedge. Times in ms since it was opened."""
    naked_ns = now_ns - hedge.naked_ns if hedge.naked_ns and not hedge.final else 0
    return {
        "hedge": hedge.hedge_id,
        "kind": hedge.kind,
        "direction": hedge.direction,
        "trigger": hedge.trigger,
        "state": str(hedge.status),
        "qty": hedge.units,
        "covered": hedge.covered,
        "naked": list(hedge.naked),
        "naked_ms": naked_ns // 1_000_000,
        "why": hedge.why,
        "stranded_why": hedge.stranded_why,
        "repairs": list(hedge.repairs),
        "orders_sent": hedge.orders_sent,
        "retries": hedge.retries,
        "took_ms": round((hedge.ended_ns - hedge.opened_ns) / 1e6, 3) if hedge.ended_ns else None,
        "legs": [
            {
                "venue": leg.plan.venue,
                "symbol": leg.plan.symbol,
                "side": leg.plan.side,
                "target": leg.plan.target,
                "filled": leg.net,
                "state": str(leg.status),
                "touch_px": leg.plan.touch_px,
                "mandate": None if leg.mandate is None else leg.mandate.mandate_id,
                "orders": [
                    {
                        "cl_ord_id": o.cl_ord_id,
                        "side": o.side,
                        "qty": o.qty,
                        "px": o.px,
                        "tif": o.tif,
                        "offset": o.offset,
                        "state": str(o.status),
                        "cum_qty": o.cum_qty,
                        "trades": [list(t) for t in o.trades],
                        "reject": o.reject_code,
                    }
                    for o in leg.orders
                ],
            }
            for leg in hedge.legs
        ],
    }
