"""The repair children: replenish and rollback, each under mandates.

Made before they are needed, one of each kind a pair. A child sends on the
legs that it holds a mandate for, climbs the ladder, and gives each mandate
back when its last order has settled. What happens to its orders is recorded
here and told to the pair, which adopts it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from actors.desk import Desk
from actors.link import Purpose
from actors.notes import RepairFacts, RepairRevoked, RepairTold, Tick
from actors.trader import Trader
from domain import hedges, mandates, orders, pairs, watch
from domain.books import LegBook, caught_up
from domain.firing import as_held
from domain.mandates import LegMarket, Mandate, MandateState
from domain.orders import OrderDenied, OrderQueried, OrderSubmitted
from domain.outlook import Outlook
from domain.pairspec import PairSpec
from domain.reports import OrderReport


class RepairMemory:
    """What a child knows; outlives its crash."""

    __slots__ = ("books", "opens", "states")

    def __init__(self) -> None:
        self.states: dict[str, MandateState] = {}
        self.books: dict[str, tuple[LegBook, ...]] = {}
        self.opens: dict[str, bool] = {}


_UNTOLD = RepairMemory()
"""Of those that never had a mandate; nothing is put into it."""


class Repairer(Trader):
    """`NAME/replenish` or `NAME/rollback`. Thread: the lane."""

    HANDLERS: ClassVar[dict[type, str]] = {
        RepairTold: "on_told",
        OrderReport: "on_report",
        RepairRevoked: "on_revoked",
        Tick: "on_tick",
    }

    def __init__(self, runtime: Any, name: str, desk: Desk, spec: PairSpec, pair: str) -> None:
        super().__init__(runtime, name, desk, spec)
        self.pair = pair
        runtime.reserve(pair)  # the pair is started after its children: what they tell it meanwhile waits there
        self.memory: RepairMemory = desk.memories.get(name, _UNTOLD)
        self._timer: Any = None

    def on_start(self) -> None:
        """Take up what an earlier incarnation left."""
        for mandate_id in list(self.memory.states):
            self._go(mandate_id, (), 0)

    def on_told(self, told: RepairTold) -> None:
        """A new mandate: its first order leaves in this turn, or has left with the decision."""
        mandate = told.mandate
        mandate_id = mandate.mandate_id
        if mandate_id in self.memory.states:
            return
        if self.memory is _UNTOLD:
            self.memory = self.desk.memories[self.name] = RepairMemory()
        memory = self.memory
        state = MandateState(mandate)
        memory.states[mandate_id] = state if told.first is None else mandates.evolve(state, told.first)
        memory.books[mandate_id] = told.books
        memory.opens[mandate_id] = told.opens
        if told.first is None or told.denied:
            self._go(mandate_id, told.denied, told.cause, told.seen)
        else:
            self._arm()

    def on_revoked(self, revoked: RepairRevoked) -> None:
        """The pair wants it back: what works is cancelled, then returned."""
        if revoked.mandate_id in self.memory.states:
            self._go(revoked.mandate_id, (), 0)

    def on_report(self, report: OrderReport) -> None:
        """What a venue says of an order sent under a mandate."""
        for mandate_id, state in self.memory.states.items():
            if any(o.cl_ord_id == report.cl_ord_id for o in state.orders):
                heard = mandates.hear(state, report)
                facts: tuple = heard.facts
                if heard.ask:
                    facts = (*facts, OrderQueried(report.cl_ord_id, self.clock.mono_ns()))
                if facts:
                    self._go(mandate_id, facts, report.seq)
                return
        self.tell(self.pair, report)

    def on_tick(self, _tick: Tick) -> None:
        """Time-outs of live orders, and pauses that are over."""
        self._timer = None
        self._held = False
        if self.desk.journal.lost:
            return  # nothing is decided any more, so nothing is waited for
        now_ns = self.clock.mono_ns()
        rules = self.spec.rules.watch
        for mandate_id, state in list(self.memory.states.items()):
            live = state.live
            facts = self.sendable(watch.due(live, now_ns, rules, rules.repair_order_ns)) if live is not None else ()
            self.tell_silent(facts)
            self._go(mandate_id, facts, 0)
        self._arm()

    # ------------------------------------------------ the turn

    def _go(self, mandate_id: str, facts: tuple, cause: int, seen: LegMarket | None = None) -> None:
        """Adopt facts, then do what follows: the next try, or the return."""
        if self.desk.journal.lost:
            return
        state = self.memory.states[mandate_id]
        before = state.orders
        for fact in facts:
            state = mandates.evolve(state, fact)
        following = self._follow(state, seen)
        for fact in following:
            state = mandates.evolve(state, fact)
        every = facts + following
        if not every:
            self._arm()
            return
        commands = self.commands_of(every, Purpose.REPAIR)
        seq = self.record(state.mandate.hedge_id, every, commands, cause, None)
        self.memory.states[mandate_id] = state
        denied = self.send(commands)
        known = len(before)  # orders are added at the end and never leave
        for place, order in enumerate(state.orders):
            earlier = before[place] if place < known else None
            if earlier is not order:
                self._rebook(earlier, order)
        self.tell(self.pair, RepairFacts(state.mandate.hedge_id, every, seq))
        if state.status is mandates.M.RETURNED:
            self._hand_back(state)
        elif denied:
            self._go(mandate_id, denied, seq)
        self._arm()

    def _rebook(self, before: orders.Order | None, after: orders.Order) -> None:
        if before is None and not after.live:
            return
        self.rebook(before, after)

    def _follow(self, state: MandateState, seen: LegMarket | None) -> tuple:
        """The next order, a cancel, or the word that gives the leg back."""
        if state.status is mandates.M.RETURNED:
            return ()
        mandate = state.mandate
        live = state.live if state.orders else None
        revoked = mandate.mandate_id in self.desk.revoked or (self.desk.holds and self._is_barred(mandate))
        now_ns = self.clock.mono_ns()
        if live is not None:
            if revoked and live.cancels == 0:
                return (watch.cancel(live, now_ns),)
            return ()
        if revoked:
            return (mandates.returned(state, "revoked"),)
        nxt = mandates.next_order(state, seen or self._market(state), now_ns)
        if state.orders and nxt.__class__ is OrderSubmitted:
            nxt = self._as_held(state, nxt)
        if isinstance(nxt, str):
            return (mandates.returned(state, nxt),) if nxt else ()
        why = self.refusal_of(nxt, mandate.most_lots - state.filled if state.orders else nxt.qty)
        return (nxt, OrderDenied(nxt.cl_ord_id, why.partition(":")[0], why)) if why else (nxt,)

    def _is_barred(self, mandate: Mandate) -> bool:
        """A kill calls a mandate back in the moment in which it holds."""
        hold = self.desk.holds.get(self.pair)
        return hold is not None and hold.bars_repair(mandate.kind, opens=self.memory.opens[mandate.mandate_id])

    def _as_held(self, state: MandateState, order: OrderSubmitted) -> OrderSubmitted | str:
        """The order as the pair's lots are now: with what it has not heard yet of ours."""
        known = self.desk.memories.get(self.pair)
        hedge = pairs.find(known.pair, state.mandate.hedge_id) if known is not None else None
        if hedge is None:
            return order
        index = order.leg
        book = caught_up(known.pair.books[index], [(hedges.order_of(hedge, each.cl_ord_id), each) for each in state.orders])
        reverses = any(leg.plan.index == index and leg.plan.side != order.side for leg in hedge.legs)
        return as_held(order, self.spec.legs[index], book, hedge.kind == "open", reverses)

    def can_repair(self, index: int) -> bool:
        """Whether an order could leave for this leg now."""
        return self.desk.can_repair(self.spec.legs[index].key)

    def _market(self, state: MandateState) -> LegMarket:
        mandate = state.mandate
        quotes = tuple(self.desk.quote(leg.key) for leg in self.spec.legs)
        outlook = Outlook(
            self.spec,
            quotes,
            quotes,
            self.can_repair,
            self.memory.books[mandate.mandate_id],
            self.memory.opens[mandate.mandate_id],
            tuple(1.0 for _ in quotes),
            self.clock.mono_ns(),
        )
        return outlook.leg(mandate.leg, mandate.side)

    def _hand_back(self, state: MandateState) -> None:
        """Late truth about its orders goes to the pair from now on."""
        mandate = state.mandate
        link = self.desk.links[self.spec.legs[mandate.leg].venue]
        for order in state.orders:
            link.claim(order.cl_ord_id, self.pair)
        self.memory.states.pop(mandate.mandate_id, None)
        self.memory.books.pop(mandate.mandate_id, None)
        self.memory.opens.pop(mandate.mandate_id, None)
        self.desk.revoked.discard(mandate.mandate_id)

    def _arm(self) -> None:
        rules = self.spec.rules.watch
        times = [at for s in self.memory.states.values() if (at := mandates.next_ns(s, rules)) is not None]
        if not times:
            return
        delay = max(self.least_delay_ns(), min(times) - self.clock.mono_ns())
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.after_ns(delay, Tick())
