"""A pair as the board shows it: what changes from one look to the next.

A board asks for every pair several times a second, so that nothing is made
here that only a pair's own page shows: no orders, no books, no money by leg.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from actors.session_show import show_session
from domain import cover, guards, unit_lots
from domain.formula_view import ratios
from domain.hedges import Hedge
from domain.market import Quote
from domain.pairs import Pair
from domain.pairspec import LegSpec
from domain.prices import tradable_units
from domain.profit import total_of


def board_row(view: Any, pair: Pair, now_ns: int) -> dict[str, Any]:
    """The board's keys of `show_pair`. Units: ticks, pair units, ms of age."""
    spec, desk = view.spec, view.desk
    lots = unit_lots.now(spec, view.quotes)
    payups = [leg.payup_ticks for leg in spec.legs] if spec.counts_payup else ()
    desk.ledgers.settle()
    ledger = desk.ledgers.of.get(pair.name)
    wall_ns = desk.clock.wall_ns()
    why_closed = view.hours.why_not(wall_ns)
    return {
        "pair": pair.name,
        "state": str(pair.status),
        "mode": str(pair.mode),
        "units": pair.units,
        "max_units": spec.max_position_units,
        "naked_qty": sum(abs(lots) for lots in pair.naked),
        "buy": _number(view.price.buy),
        "sell": _number(view.price.sell),
        "tradable_buy": tradable_units(view.quotes, lots, 1, payups),
        "tradable_sell": tradable_units(view.quotes, lots, -1, payups),
        "reason": why_closed or view.reason or view.over.opens,
        "session": show_session(view.hours, wall_ns, why_closed) if why_closed else None,
        "held": desk.holds[pair.name].why if pair.name in desk.holds else "",
        "hedge": None if pair.hedge is None else _hedge(pair.hedge, now_ns),
        "cover": None if spec.cover is None else {"lots": cover.wanted_lots(cover.left(pair, spec.cover, pair.units), spec.cover)},
        "ratio": {
            basis: {"buy": _number(buy), "sell": _number(sell)}
            for basis, (buy, sell) in ratios([leg.price for leg in spec.legs], view.quotes, view.rates).items()
        },
        "rates": [_number(rate) for rate in view.rates],
        "fx": [{"symbol": key[1], "age_ms": _age_ms(quote, now_ns)} for key, quote in view.fx_quotes.items()],
        "currency": spec.currency,
        "legs": [_leg(leg, quote, now_ns) for leg, quote in zip(spec.legs, view.quotes, strict=True)],
        "money": None if ledger is None else {"profit": total_of(ledger, view.quotes, view.rates)},
    }


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def _age_ms(quote: Quote, now_ns: int) -> int:
    return (now_ns - quote.changed_mono_ns) // 1_000_000


def _leg(leg: LegSpec, quote: Quote | None, now_ns: int) -> dict[str, Any]:
    return {
        "venue": leg.venue,
        "symbol": leg.symbol,
        "tick_size": str(leg.instrument.tick_size),
        "bid_px": None if quote is None else quote.bid_px,
        "ask_px": None if quote is None else quote.ask_px,
        "age_ms": None if quote is None else _age_ms(quote, now_ns),
        "why_not": guards.why_not(quote, True, True, now_ns, leg.quote_limits),
    }


def _hedge(hedge: Hedge, now_ns: int) -> dict[str, Any]:
    naked_ns = now_ns - hedge.naked_ns if hedge.naked_ns and not hedge.final else 0
    return {
        "hedge": hedge.hedge_id,
        "state": str(hedge.status),
        "naked_qty": sum(abs(lots) for lots in hedge.naked),
        "naked_ms": naked_ns // 1_000_000,
    }
