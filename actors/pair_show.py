"""A pair and its hedges as plain values, for tools."""

from __future__ import annotations

from typing import Any

from actors.pair_board import brief, ledger_of, number, show_brief, show_fx, show_touch
from actors.session_show import show_session
from domain import unit_lots
from domain.books import LegBook, sides_of
from domain.hedges import Hedge
from domain.market import Quote
from domain.pairs import Pair
from domain.pairspec import LegSpec
from domain.prices import line_of
from domain.profit import profit_of
from domain.residual import left_over

SIDES = {1: "buy", -1: "sell"}
MAX_TRADES_SHOWN = 32


def show_leg(leg: LegSpec, quote: Quote | None, book: LegBook, lots: int, now_ns: int) -> dict[str, Any]:
    """One leg: what it is, its touch and age, what is held. `lots`: of a unit, at the present price."""
    return {
        **show_touch(leg, quote, now_ns),
        "lots": lots,
        "bid_qty": 0 if quote is None else quote.bid_qty,
        "ask_qty": 0 if quote is None else quote.ask_qty,
        "net_lots": book.net,
        "long_lots": sides_of(book).long,
        "short_lots": sides_of(book).short,
        "today_lots": book.today,
        "cash_ticks": book.cash,
    }


def show_comparable(leg: LegSpec, quote: Quote | None, rate: float) -> dict[str, Any]:
    """The leg's touch in the pair's currency and unit, by its own formula."""
    slope, rest = line_of(leg.price.formula).coefficients(rate)
    bid = None if quote is None or quote.bid_px is None else number(slope * quote.bid_px + rest)
    ask = None if quote is None or quote.ask_px is None else number(slope * quote.ask_px + rest)
    return {"comparable_bid": bid, "comparable_ask": ask}


def show_pair(view: Any, pair: Pair, now_ns: int) -> dict[str, Any]:
    """One pair: what the board has of it, and all else. Units: ticks, lots, pair units, ms of age."""
    spec, hedge = view.spec, pair.hedge
    found, ledger = brief(view, pair), ledger_of(view, pair)
    lots = unit_lots.now(spec, view.quotes)
    return {
        **found,
        "naked": list(pair.naked),
        "session": show_session(view.hours, view.desk.clock.wall_ns(), found["session"]),
        "holds": dict(view.holds),
        "fires": view.fires,
        "hedges": pair.hedge_count,
        "failures": pair.failures,
        "hedge": None if hedge is None else show_hedge(hedge, now_ns),
        "cover": None if spec.cover is None else view.show_cover(pair),
        "residual": float(left_over(pair, spec.held, view.fee_lots())) if spec.held else None,
        "odd": list(pair.odd),
        "fx": show_fx(view, now_ns),
        "legs": [
            {**show_leg(leg, quote, book, now, now_ns), **show_comparable(leg, quote, rate)}
            for leg, quote, book, now, rate in zip(spec.legs, view.quotes, pair.books, lots, view.rates, strict=True)
        ],
        "money": None if ledger is None else profit_of(ledger, view.quotes, view.rates),
    }


PAIR_KEYS = (
    "pair", "state", "mode", "units", "max_units", "naked_qty", "value", "buy", "sell", "tradable_buy", "tradable_sell", "reason",
    "session", "held", "ratio", "rates", "currency", "naked", "holds", "fires", "hedges", "failures", "hedge", "cover", "residual", "odd",
    "fx", "legs", "money",
)  # fmt: skip
"""The keys of `show_pair`, for a pair that nothing can be asked of."""


def show_down(name: str) -> dict[str, Any]:
    """A pair whose actor is down: the same keys, null where none can say."""
    return {**dict.fromkeys(PAIR_KEYS), "pair": name, "state": "DOWN", "reason": "it is being raised again"}


def show_hedge(hedge: Hedge, now_ns: int) -> dict[str, Any]:
    """One hedge. Times in ms since it was opened."""
    return {
        **show_brief(hedge, now_ns),
        "kind": hedge.kind,
        "direction": SIDES[hedge.direction],
        "trigger": hedge.trigger,
        "qty": hedge.units,
        "covered": hedge.covered,
        "naked": list(hedge.naked),
        "why": hedge.why,
        "repairs": list(hedge.repairs),
        "orders_sent": hedge.orders_sent,
        "retries": hedge.retries,
        "denials": hedge.denials,
        "sent_back": hedge.sent_back,
        "claimed": list(hedge.claimed),
        "joined": list(hedge.joined),
        "passed_to": list(hedge.passed_to),
        "took_ms": round((hedge.ended_ns - hedge.opened_ns) / 1e6, 3) if hedge.ended_ns else None,
        "legs": [
            {
                "venue": leg.plan.venue,
                "symbol": leg.plan.symbol,
                "side": SIDES[leg.plan.side],
                "target": leg.plan.target,
                "filled": leg.net,
                "state": str(leg.status),
                "touch_px": leg.plan.touch_px,
                "mandate": None if leg.mandate is None else leg.mandate.mandate_id,
                "orders": [
                    {
                        "cl_ord_id": o.cl_ord_id,
                        "side": SIDES[o.side],
                        "qty": o.qty,
                        "px": o.px,
                        "tif": o.tif,
                        "offset": o.offset,
                        "state": str(o.status),
                        "cum_qty": o.cum_qty,
                        "trades": [list(t) for t in o.trades[:MAX_TRADES_SHOWN]],
                        "reject": o.reject_code,
                    }
                    for o in leg.orders
                ],
            }
            for leg in hedge.legs
        ],
    }
