"""What is done about trades that are not told as they are counted.

A count that ran ahead of its trades, a bust that leaves more than the venue
counts, a trade that is told again with another quantity or price: the venue is
asked until it has said what holds, a few times at most. A restated trade is
told to people at once, and so is what becomes of it: meanwhile our books are
not the venue's.
"""

from __future__ import annotations

from typing import Any

from actors.notes import Tick
from actors.trader import Trader
from actors.venue import AskAgain
from domain import hedges, orders, pairs, watch
from domain.orders import Order, OrderQueried, TradeBusted, TradeCorrected, TradeRestated, TradeUpheld
from domain.pairs import Pair
from domain.reports import OrderReport
from domain.venues import POSITIONS

FORGOTTEN = 5
"""Why an order is told with nothing filled that its gateway has no more."""
MAX_FEWER = 1000
TRADES = "trades"
"""What its tick is for."""
RESTATED, SETTLED = "TRADE_RESTATED", "RESTATEMENT_SETTLED"
_ASKED = "the venue tells this trade otherwise than it is on record, and is asked which holds: until then the record does"
_LAST = "the venue tells this order's trades otherwise again and again, and is asked which holds: what it tells beyond this one is not recorded; compare its statement with ./hedgerow position statement"
_OPEN = "the venue has not said which holds, and is asked no more: compare its statement with ./hedgerow position statement, and what it holds with ./hedgerow position ls"
_FEWER = "the venue counts fewer lots of this order than the trades that it has told, and has taken none back: they stand; compare its statement with ./hedgerow position statement"
_OUTCOMES = {True: "the venue holds to it: booked so, and what it leaves naked is repaired", False: "the venue tells it as it is on record again"}
FILLS = frozenset((orders.OrderPartiallyFilled, orders.OrderFilled, orders.OrderFilledLate))
AMENDING = frozenset((TradeRestated, TradeUpheld, TradeBusted, TradeCorrected))


class Amending(Trader):
    """The part of a pair, or of what stands in for one, that asks for what its orders' trades lack. Thread: the lane."""

    memory: Any
    _follow: Any
    """(hedge_id, facts, cause): record, adopt, send."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._untraded: dict[str, int] = {}
        self._asks_soon = False
        self._fewer: dict[str, int] = {}
        """Orders of which the venue counts less than their trades: when it said so first; 0: a person was told."""

    def look_at_trades(self, before: Pair, facts: tuple, cause: int) -> None:
        """After facts of orders, adopted: what is told of it, and asked for in a while. `before`: the pair without them."""
        for fact in facts:
            kind = fact.__class__
            if kind in FILLS:
                if fact.trade is None:
                    self.await_trades([fact.cl_ord_id])
            elif kind in AMENDING:
                self.await_trades([fact.cl_ord_id])
                if kind is not TradeBusted:
                    self._tell_amended(fact, before, cause)

    def _tell_amended(self, fact: Any, before: Pair, cause: int) -> None:
        if fact.__class__ is TradeRestated:
            order = pairs.place_of(self.memory.pair, fact.cl_ord_id)[1]
            self._tell_restated(fact, _LAST if order.amends.count >= orders.MAX_RESTATED else _ASKED, cause)
            self._ask_positions(fact.cl_ord_id)
            return
        ref = fact.ref
        claim = next((each for each in _claims_of(pairs.place_of(before, fact.cl_ord_id)[1]) if each.trade[0] == ref), None)
        if claim is not None:
            is_taken = fact.__class__ is TradeCorrected
            told = {"outcome": "taken" if is_taken else "withdrawn", "text": _OUTCOMES[is_taken]}
            now = fact.trade[1:] if is_taken else claim.had
            self.desk.alert("warning", SETTLED, **self._about(fact.cl_ord_id, ref), qty=now[0], px=now[1], **told, cause=cause)

    def _tell_restated(self, claim: TradeRestated, text: str, cause: int) -> None:
        (had_qty, had_px), (ref, qty, px) = claim.had, claim.trade
        told = {"had_qty": had_qty, "had_px": had_px, "qty": qty, "px": px, "text": text}
        self.desk.alert("critical", RESTATED, **self._about(claim.cl_ord_id, ref), **told, cause=cause)

    def _about(self, cl_ord_id: str, ref: str) -> dict[str, Any]:
        hedge, order = pairs.place_of(self.memory.pair, cl_ord_id)
        counted = None if order is None else order.cum_qty
        named = None if hedge is None else hedge.hedge_id
        return {"pair": self.name, "hedge": named, "venue": self.link_of(cl_ord_id).name, "order": cl_ord_id, "trade": ref, "cum_qty": counted}

    def tell_claims(self, hedge: hedges.Hedge) -> None:
        """Tell again at a start: a kill may have come before the alert."""
        for leg in hedge.legs:
            for order in leg.orders:
                for claim in _claims_of(order):
                    self._tell_restated(claim, _ASKED, 0)

    # ------------------------------------------------ asking

    def await_trades(self, ids: list[str]) -> None:
        """What its order lacks is asked for in a while."""
        if ids and not self._asks_soon:
            self._asks_soon = True
            self.after_ns(watch.MISSING_TRADE_NS, Tick(TRADES))
        for cl_ord_id in ids:
            self._untraded.setdefault(cl_ord_id, 0)

    def answered(self, report: OrderReport) -> None:
        """Where an order stands was told: after its trades, so that what it lacks now comes by no more asking.

        That it has fewer lots than its trades come to is asked about once; so
        told again, it is a difference that a person must look at.
        """
        cl_ord_id = report.cl_ord_id
        hedge, order = pairs.place_of(self.memory.pair, cl_ord_id)
        if order is None or _claims_of(order):
            return
        if order.cum_qty <= order.traded_qty:
            self._untraded.pop(cl_ord_id, None)
        if report.cum_qty >= order.cum_qty or report.reason == FORGOTTEN:
            self._fewer.pop(cl_ord_id, None)
            return
        said = self._fewer.get(cl_ord_id)
        if said is None and not report.poss_resend and len(self._fewer) < MAX_FEWER:
            self._fewer[cl_ord_id] = report.gw_ns
            self._follow(hedge.hedge_id, self.sendable((OrderQueried(cl_ord_id, self.clock.mono_ns()),)), report.seq)
        elif said and report.gw_ns > said:
            self._fewer[cl_ord_id] = 0  # told
            told = {"pair": self.name, "hedge": hedge.hedge_id, "venue": report.venue, "order": cl_ord_id, "cum_qty": order.cum_qty}
            self.desk.alert("critical", "COUNT_LESS", **told, qty=report.cum_qty, text=_FEWER, cause=report.seq)
            self._ask_positions(cl_ord_id)

    def ask_trades(self) -> None:
        """One question for each order that lacks something still."""
        self._asks_soon = False
        waiting, self._untraded = self._untraded, {}
        for cl_ord_id, asked in waiting.items():
            hedge = pairs.hedge_of(self.memory.pair, cl_ord_id)
            order = None if hedge is None else hedges.order_of(hedge, cl_ord_id)
            if order is None or not watch.lacks_trades(order):
                continue
            claims = _claims_of(order)
            if asked >= watch.MAX_TRADE_QUERIES:
                for claim in claims:
                    self._tell_restated(claim, _OPEN, 0)
                continue
            facts = self.sendable((OrderQueried(cl_ord_id, self.clock.mono_ns()),))
            if facts:
                self._follow(hedge.hedge_id, facts, 0)
                if claims:
                    self._ask_positions(cl_ord_id)
            self.await_trades([cl_ord_id])
            self._untraded[cl_ord_id] = asked + len(facts)

    def _ask_positions(self, cl_ord_id: str) -> None:
        """What the account holds: where that is not what our trades come to, it is told and opens stop."""
        link = self.link_of(cl_ord_id)
        if link.capabilities.get("positions"):
            self.tell(f"venue/{link.name}", AskAgain(POSITIONS))


def _claims_of(order: Order | None) -> tuple[TradeRestated, ...]:
    """Restatements of its trades that nothing has settled."""
    return () if order is None or order.amends is None else order.amends.claims
