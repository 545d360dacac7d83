"""A report whose content is on record: would anybody do anything about it?

On record is not yet acted upon: a node may have ended between the two, or its reader may have failed on it. So
the pair is asked, as it stands, and only of orders that have ended. What it says nothing about need not be
put on record again.
"""

from __future__ import annotations

from collections.abc import Callable

from domain import orders, pairs
from domain.hedges import Hedge, order_of
from domain.ids import hedge_of, hedge_pair
from domain.pairs import MAX_PAST_HEDGES, Pair
from domain.reports import OrderReport

OUTSIDE = frozenset("XL")
"""Origins of trades that change what an account has."""


def identity_of(report: OrderReport) -> tuple[str, ...]:
    """The same as that of its OutsideTrade."""
    return (
        *(report.venue, report.trading_day, report.symbol or "", report.side or "", report.exec_type),
        report.exec_id or "",
    )


def says_nothing(pair_of: Callable[[str], Pair | None], report: OrderReport) -> bool:
    """True where its order has ended as its pair knows, or where its hedge is so old that the pair has forgotten it."""
    named = hedge_of(report.cl_ord_id or "")[0]
    pair = pair_of(hedge_pair(named))
    if pair is None:
        return False
    hedge = _hedge(pair, named)
    if hedge is None:
        return len(pair.past) >= MAX_PAST_HEDGES and _count(named) <= pair.hedge_count
    order = order_of(hedge, report.cl_ord_id)
    if order is None or order.live:
        return False
    heard = orders.decide(order, report)
    return not heard.facts and not heard.ask


def _hedge(pair: Pair, named: str) -> Hedge | None:
    """As `pairs.find`; looks first where it stands if none was ever reopened."""
    past = pair.past
    if past:
        at = len(past) - 1 - _count(past[-1].hedge_id) + _count(named)
        if 0 <= at < len(past) and past[at].hedge_id == named:
            return past[at]
    return pairs.find(pair, named)


def _count(hedge_id: str) -> int:
    return int(hedge_id.rpartition(".")[2])
