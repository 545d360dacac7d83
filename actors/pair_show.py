"""A pair and its hedges as plain values, for tools."""

from __future__ import annotations

from math import isfinite
from typing import Any

from actors.session_show import show_session
from domain import guards, unit_lots
from domain.books import LegBook, sides_of
from domain.formula_view import ratios
from domain.hedges import Hedge
from domain.market import Quote
from domain.pairs import Pair
from domain.pairspec import LegSpec
from domain.prices import Line, tradable_units
from domain.profit import profit_of
from domain.residual import left_over

SIDES = {1: "buy", -1: "sell"}
MAX_TRADES_SHOWN = 32


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def show_leg(leg: LegSpec, quote: Quote | None, book: LegBook, now_ns: int) -> dict[str, Any]:
    """One leg: what it is, its touch and age, what is held."""
    return {
        "venue": leg.venue,
        "symbol": leg.symbol,
        "lots": leg.lots,
        "bid_px": None if quote is None else quote.bid_px,
        "bid_qty": 0 if quote is None else quote.bid_qty,
        "ask_px": None if quote is None else quote.ask_px,
        "ask_qty": 0 if quote is None else quote.ask_qty,
        "tick_size": str(leg.instrument.tick_size),
        "age_ms": None if quote is None else (now_ns - quote.changed_mono_ns) // 1_000_000,
        "why_not": guards.why_not(quote, True, True, now_ns, leg.quote_limits),
        "net_lots": book.net,
        "long_lots": sides_of(book).long,
        "short_lots": sides_of(book).short,
        "today_lots": book.today,
        "cash_ticks": book.cash,
    }


def show_comparable(leg: LegSpec, quote: Quote | None, rate: float) -> dict[str, Any]:
    """The leg's touch in the pair's currency and unit, by its own formula."""
    slope, rest = Line(leg.price.formula).coefficients(rate)
    bid = None if quote is None or quote.bid_px is None else _number(slope * quote.bid_px + rest)
    ask = None if quote is None or quote.ask_px is None else _number(slope * quote.ask_px + rest)
    return {"comparable_bid": bid, "comparable_ask": ask}


def show_pair(view: Any, pair: Pair, now_ns: int) -> dict[str, Any]:
    """One pair. Units: ticks, lots, pair units, ms of age."""
    spec = view.spec
    legs = [
        {**show_leg(leg, quote, book, now_ns), **show_comparable(leg, quote, rate)}
        for leg, quote, book, rate in zip(spec.legs, view.quotes, pair.books, view.rates, strict=True)
    ]
    payups = [leg.payup_ticks for leg in spec.legs] if spec.counts_payup else ()
    view.desk.ledgers.settle()
    ledger = view.desk.ledgers.of.get(pair.name)
    hedge, lots = pair.hedge, unit_lots.now(spec, view.quotes)
    for leg, now in zip(legs, lots, strict=True):
        leg["lots"] = now  # of a sized leg: at the present price
    wall_ns = view.desk.clock.wall_ns()
    why_closed = view.hours.why_not(wall_ns)
    return {
        "pair": pair.name,
        "state": str(pair.status),
        "mode": str(pair.mode),
        "units": pair.units,
        "max_units": spec.max_position_units,
        "naked": list(pair.naked),
        "naked_qty": sum(abs(lots) for lots in pair.naked),
        "buy": _number(view.price.buy),
        "sell": _number(view.price.sell),
        "tradable_buy": tradable_units(view.quotes, lots, 1, payups),
        "tradable_sell": tradable_units(view.quotes, lots, -1, payups),
        "reason": why_closed or view.reason or view.over.opens,
        "session": show_session(view.hours, wall_ns, why_closed),
        "held": view.desk.holds[pair.name].why if pair.name in view.desk.holds else "",
        "holds": dict(view.holds),
        "fires": view.fires,
        "hedges": pair.hedge_count,
        "failures": pair.failures,
        "hedge": None if hedge is None else show_hedge(hedge, now_ns),
        "cover": None if spec.cover is None else view.show_cover(pair),
        "residual": float(left_over(pair, spec.held)) if spec.held else None,
        "odd": list(pair.odd),
        "ratio": {
            basis: {"buy": _number(buy), "sell": _number(sell)}
            for basis, (buy, sell) in ratios([leg.price for leg in spec.legs], view.quotes, view.rates).items()
        },
        "rates": [_number(rate) for rate in view.rates],
        "fx": [
            {"symbol": key[1], "age_ms": (now_ns - quote.changed_mono_ns) // 1_000_000}
            for key, quote in view.fx_quotes.items()
        ],
        "currency": spec.currency,
        "legs": legs,
        "money": None if ledger is None else profit_of(ledger, view.quotes, view.rates),
    }


PAIR_KEYS = (
    "pair", "state", "mode", "units", "max_units", "naked", "naked_qty", "buy", "sell", "tradable_buy", "tradable_sell", "reason",
    "session", "held", "holds", "fires", "hedges", "failures", "hedge", "cover", "residual", "odd", "ratio", "rates", "fx", "currency",
    "legs", "money",
)  # fmt: skip
"""The keys of `show_pair`, for a pair that nothing can be asked of."""


def show_down(name: str) -> dict[str, Any]:
    """A pair whose actor is down: the same keys, null where none can say."""
    return {**dict.fromkeys(PAIR_KEYS), "pair": name, "state": "DOWN", "reason": "it is being raised again"}


def show_hedge(hedge: Hedge, now_ns: int) -> dict[str, Any]:
    """One hedge. Times in ms since it was opened."""
    naked_ns = now_ns - hedge.naked_ns if hedge.naked_ns and not hedge.final else 0
    return {
        "hedge": hedge.hedge_id,
        "kind": hedge.kind,
        "direction": SIDES[hedge.direction],
        "trigger": hedge.trigger,
        "state": str(hedge.status),
        "qty": hedge.units,
        "covered": hedge.covered,
        "naked": list(hedge.naked),
        "naked_qty": sum(abs(lots) for lots in hedge.naked),
        "naked_ms": naked_ns // 1_000_000,
        "why": hedge.why,
        "stranded_why": hedge.stranded_why,
        "repairs": list(hedge.repairs),
        "orders_sent": hedge.orders_sent,
        "retries": hedge.retries,
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
