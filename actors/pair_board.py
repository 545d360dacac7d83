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
from domain.ledger import Ledger
from domain.market import Quote
from domain.pairs import Pair
from domain.pairspec import LegSpec
from domain.prices import tradable_units
from domain.profit import total_of
from domain.stranded import to_type, what_next


def board_row(view: Any, pair: Pair, now_ns: int) -> dict[str, Any]:
    """The board's keys of `show_pair`. Units: ticks, pair units, ms of age."""
    spec = view.spec
    found = brief(view, pair)
    why_closed, ledger = found["session"], ledger_of(view, pair)
    return {
        **found,
        "session": show_session(view.hours, view.desk.clock.wall_ns(), why_closed) if why_closed else None,
        "hedge": None if pair.hedge is None else show_brief(pair.hedge, now_ns),
        "cover": None if spec.cover is None else {"lots": cover.wanted_lots(cover.left(pair, spec.cover, pair.units), spec.cover)},
        "fx": show_fx(view, now_ns),
        "legs": [show_touch(leg, quote, now_ns) for leg, quote in zip(spec.legs, view.quotes, strict=True)],
        "money": None if ledger is None else {"profit": total_of(ledger, view.quotes, view.rates)},
    }


def brief(view: Any, pair: Pair) -> dict[str, Any]:
    """What board and page say alike of a pair; `session`: why its markets are closed, or ""."""
    spec, desk = view.spec, view.desk
    lots = unit_lots.now(spec, view.quotes)
    payups = [leg.payup_ticks for leg in spec.legs] if spec.counts_payup else ()
    why_closed = view.hours.why_not(desk.clock.wall_ns())
    return {
        "pair": pair.name,
        "state": str(pair.status),
        "mode": str(pair.mode),
        "units": pair.units,
        "max_units": spec.max_position_units,
        "naked_qty": sum(abs(lots) for lots in pair.naked),
        "value": spec.trigger.kind,
        "buy": number(view.price.buy),
        "sell": number(view.price.sell),
        "tradable_buy": tradable_units(view.quotes, lots, 1, payups),
        "tradable_sell": tradable_units(view.quotes, lots, -1, payups),
        "reason": why_closed or view.standing(pair) or view.over.opens,
        "session": why_closed,
        "held": desk.holds[pair.name].why if pair.name in desk.holds else "",
        "ratio": {
            basis: {"buy": number(buy), "sell": number(sell)}
            for basis, (buy, sell) in ratios([leg.price for leg in spec.legs], view.quotes, view.rates).items()
        },
        "rates": [number(rate) for rate in view.rates],
        "currency": spec.currency,
    }


def ledger_of(view: Any, pair: Pair) -> Ledger | None:
    """The pair's ledger with all that is on record."""
    view.desk.ledgers.settle()
    return view.desk.ledgers.of.get(pair.name)


def number(value: float) -> float | None:
    """As JSON has it: null where it is none."""
    return value if isfinite(value) else None


def show_fx(view: Any, now_ns: int) -> list[dict[str, Any]]:
    """The rates that are looked up, with their ages."""
    return [{"symbol": key[1], "age_ms": _age_ms(quote, now_ns)} for key, quote in view.fx_quotes.items()]


def _age_ms(quote: Quote, now_ns: int) -> int:
    return (now_ns - quote.changed_mono_ns) // 1_000_000


def show_touch(leg: LegSpec, quote: Quote | None, now_ns: int) -> dict[str, Any]:
    """One leg's touch: prices, age, and why it does not count."""
    return {
        "venue": leg.venue,
        "symbol": leg.symbol,
        "tick_size": str(leg.instrument.tick_size),
        "bid_px": None if quote is None else quote.bid_px,
        "ask_px": None if quote is None else quote.ask_px,
        "age_ms": None if quote is None else _age_ms(quote, now_ns),
        "why_not": guards.why_not(quote, True, True, now_ns, leg.quote_limits),
    }


def show_brief(hedge: Hedge, now_ns: int) -> dict[str, Any]:
    """How far a hedge is, and what of it is naked since when."""
    naked_ns = now_ns - hedge.naked_ns if hedge.naked_ns and not hedge.final else 0
    return {
        "hedge": hedge.hedge_id,
        "state": str(hedge.status),
        "stranded_why": hedge.stranded_why,
        "next": what_next(hedge),
        "to_type": list(to_type(hedge)),
        "naked_qty": sum(abs(lots) for lots in hedge.naked),
        "naked_ms": naked_ns // 1_000_000,
    }
