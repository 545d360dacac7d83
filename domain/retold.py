"""A report whose content is on record: would anybody do anything about it?

On record is not yet acted upon: a node may have ended between the two, or its reader may have failed on it. So
the pair is asked, as it stands, and only of orders that have ended. What it says nothing about need not be
put on record again.
"""

from __future__ import annotations

from collections.abc import Callable

from domain import orders
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


class Past:
    """Pairs' past hedges by id, looked up again and again while a day is told."""

    def __init__(self) -> None:
        self._by_id: dict[str, tuple[tuple[Hedge, ...], dict[str, Hedge]]] = {}

    def find(self, pair: Pair, hedge_id: str) -> Hedge | None:
        """As `pairs.find`."""
        if pair.hedge is not None and pair.hedge.hedge_id == hedge_id:
            return pair.hedge
        kept = self._by_id.get(pair.name)
        if kept is None or kept[0] is not pair.past:
            kept = self._by_id[pair.name] = (pair.past, {each.hedge_id: each for each in pair.past})
        return kept[1].get(hedge_id)

    def forget(self) -> None:
        """The day is told."""
        self._by_id.clear()


def says_nothing(pair_of: Callable[[str], Pair | None], past: Past, report: OrderReport) -> bool:
    """True where its order has ended as its pair knows, or where its hedge is so old that the pair has forgotten it."""
    named = hedge_of(report.cl_ord_id or "")[0]
    pair = pair_of(hedge_pair(named))
    if pair is None:
        return False
    hedge = past.find(pair, named)
    if hedge is None:
        return len(pair.past) >= MAX_PAST_HEDGES and int(named.rpartition(".")[2]) <= pair.hedge_count
    order = order_of(hedge, report.cl_ord_id)
    if order is None or order.live:
        return False
    heard = orders.decide(order, report)
    return not heard.facts and not heard.ask
