"""Start-up: the journal's facts folded into what was true at its end.

Replay folds `evolve` over the recorded facts and never decides again, so
changed code or limits can't change what happened. What it leaves open (a live
order, a mandate that was not returned) is taken up by the actors: an order
that no fact settles is UNKNOWN, asked for, never sent again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import convert
from msgspec.structs import replace

from actors.controls import KIND as OPERATOR
from actors.controls import fold_word
from actors.hedge_show import legs_of, terms_of
from actors.known import KIND as KNOWN
from actors.repairer import RepairMemory
from actors.reports import KIND as REPORT
from actors.reports import SeenFold
from actors.trader import DECISION
from domain import mandates, pairs
from domain.controls import Controls
from domain.ledgers import Ledgers
from domain.mandates import MandateGiven, MandateReturned, MandateState
from domain.orders import OrderFact, OrderQueried, OrderSubmitted
from domain.outside import KIND as OUTSIDE
from domain.outside import Outside, OutsideTrade
from domain.pairs import Pair
from domain.terms import terms_of as money_terms
from wire.codec import unpack
from wire.records import Decision, decode_decision

START = "start"
CHANGE = "config"
"""Kind of the record of a configuration that was changed while it ran."""


class Recovered:
    """What the journal says: pairs, repair children, venues' numbering."""

    def __init__(self) -> None:
        self.pairs: dict[str, Pair] = {}
        self.legs: dict[str, tuple[tuple[str, str, int], ...]] = {}
        self.children: dict[str, RepairMemory] = {}
        self.owners: dict[str, str] = {}
        self.venues = SeenFold()
        self.controls = Controls()
        self.outside = Outside()
        self.ledgers = Ledgers()
        self.changed: dict[str, tuple[Any, Any]] = {}
        """Tables that were changed while running: as the files said them, and as they are."""

    def owner(self, cl_ord_id: str) -> str:
        """Who owned this order when the journal ended, or ""."""
        return self.owners.get(cl_ord_id, "")


def fold(records: Iterable[Any], lots: dict[str, tuple[int, ...]], found: Recovered | None = None) -> Recovered:
    """Fold a journal. `lots`: signed lots by pair, of those configured.

    `found`: what the records before these have come to; it is changed.

    What a pair holds is told by the lots that it had when it traded: a start
    record says them; one without them leaves the configured ones, or its hedges'.
    """
    found = found or Recovered()
    for record in records:
        if record.kind in (START, CHANGE):
            _started(found, unpack(record.body))
        elif record.kind == REPORT:
            found.venues.take(record.body)
        elif record.kind == KNOWN:
            found.venues.pass_over(record.body)
        elif record.kind == OPERATOR:
            found.controls = fold_word(found.controls, record.body)
        elif record.kind == OUTSIDE:
            found.outside.add(convert(unpack(record.body)["trade"], OutsideTrade))
        elif record.kind == DECISION:
            _take(found, decode_decision(record.body), lots)
    return found


def _take(found: Recovered, decision: Decision, lots: dict[str, tuple[int, ...]]) -> None:
    name = decision.pair
    pair = found.pairs.get(name)
    if pair is None:
        told = tuple(leg[2] for leg in found.legs.get(name, ()))
        pair = pairs.new(name, told or lots.get(name) or _lots_of(decision))
    child = decision.actor if decision.actor.endswith(("/replenish", "/rollback")) else ""
    for fact in decision.facts:
        if isinstance(fact, OrderSubmitted):
            found.owners[fact.cl_ord_id] = child or decision.actor
        elif isinstance(fact, pairs.hedges.HedgeOpened):
            found.owners.update({order.cl_ord_id: decision.actor for order in fact.orders})
        pair = pairs.evolve(pair, fact, decision.hedge)
        if isinstance(fact, MandateGiven):
            child = _given(found, decision, fact, pair)  # what follows in this record is its first order
        elif isinstance(fact, MandateReturned):
            _returned(found, decision.pair, fact.mandate_id)
        elif isinstance(fact, OrderFact):
            _spent(found, (child,) if child else _children(name), fact, own=bool(child))
    found.pairs[name] = pair
    found.ledgers.note(name, tuple(decision.facts))


def _started(found: Recovered, started: Any) -> None:
    if not isinstance(started, dict):
        return
    changed = started.get("changed") or {}
    found.changed = {str(key): (was, now) for key, (was, now) in changed.items()}
    terms, instruments = terms_of(started)
    for name, legs in legs_of(started).items():
        found.legs[name] = legs
        told = tuple(instruments[leg[:2]] for leg in legs if leg[:2] in instruments)
        if name in terms and len(told) == len(legs):
            found.ledgers.configure(name, terms[name].currency, tuple(money_terms(each) for each in told))
        pair = found.pairs.get(name)
        if pair is not None:
            found.pairs[name] = rebuilt(pair, tuple(leg[2] for leg in legs))


def rebuilt(pair: Pair, lots: tuple[int, ...]) -> Pair:
    """A pair that holds nothing, with other lots; with other legs its books begin again."""
    if len(lots) == len(pair.lots):
        return replace(pair, lots=lots)
    return replace(pair, lots=lots, books=pairs.new(pair.name, lots).books, past=())


def _lots_of(decision: Decision) -> tuple[int, ...]:
    for fact in decision.facts:
        if isinstance(fact, pairs.hedges.HedgeOpened):
            return tuple(leg.side * fact.direction * leg.per_unit for leg in fact.legs)
    return (1, -1)


def _given(found: Recovered, decision: Decision, fact: MandateGiven, pair: Pair) -> str:
    """The child whose it is."""
    mandate = fact.mandate
    child = f"{decision.actor}/{mandate.kind}"
    memory = found.children.setdefault(child, RepairMemory())
    memory.states[mandate.mandate_id] = MandateState(mandate)
    memory.books[mandate.mandate_id] = pair.books
    memory.opens[mandate.mandate_id] = pair.hedge is not None and pair.hedge.kind == "open"
    return child


def _children(pair: str) -> tuple[str, ...]:
    return f"{pair}/replenish", f"{pair}/rollback"


def _returned(found: Recovered, pair: str, mandate_id: str) -> None:
    """The leg is the pair's again: by its child's word, or by that of what stands in for a pair that was given up."""
    for child in _children(pair):
        memory = found.children.get(child)
        state = None if memory is None else memory.states.pop(mandate_id, None)
        if state is not None:
            memory.books.pop(mandate_id, None)
            memory.opens.pop(mandate_id, None)
            found.owners.update({order.cl_ord_id: pair for order in state.orders})


def _spent(found: Recovered, children: tuple[str, ...], fact: OrderFact, *, own: bool) -> None:
    """A fact of an order under a mandate; one that is not its child's own was heard by who stands in for its pair."""
    if not own and isinstance(fact, (OrderSubmitted, OrderQueried)):
        return
    for child in children:
        memory = found.children.get(child)
        for mandate_id, state in memory.states.items() if memory is not None else ():
            new = isinstance(fact, OrderSubmitted) and fact.leg == state.mandate.leg
            if new or any(o.cl_ord_id == fact.cl_ord_id for o in state.orders):
                memory.states[mandate_id] = mandates.evolve(state, fact)
                return
