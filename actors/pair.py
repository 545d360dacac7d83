"""The pair: owns its legs, fires, and keeps each hedge whole.

Thin: what to do is decided in `domain`; here a message becomes a decision, a
record, an adopted state and frames, in one turn. A hedge's first orders leave
in the turn of the quote that fired it; a repair's mandate is given in the turn
of the report that settled the last leg.
"""

from __future__ import annotations

from typing import Any, ClassVar

from actors.amends import AMENDING, FILLS, TRADES
from actors.controls import HoldChanged
from actors.desk import Desk
from actors.link import Purpose
from actors.notes import Operate, OutsideLoss, RepairFacts, RepairTold, Show, Tick
from actors.pair_again import PairAgain
from actors.pair_view import PairView
from domain import advance, hedges, late, mandates, orders, pairs, watch
from domain.halt import held
from domain.hedges import Hedge, HedgeStranded
from domain.late import LateTruthJoined
from domain.mandates import Mandate, MandateGiven, MandateState
from domain.market import Quote
from domain.orders import OrderQueried
from domain.outlook import Outlook
from domain.pairs import DayRolled, Pair, PairFrozen, PairReady
from domain.pairspec import PairSpec
from domain.profit import mark_of
from domain.record_state import RecordState
from domain.reports import OrderReport
from domain.venue_news import CollateralTold, MassCancelTold, PositionsTold, StrayReport, VenueChanged, VenueTrouble

_SOONER = frozenset((orders.CancelSubmitted, orders.OrderUnknown, orders.OrderQueried, HedgeStranded))
"""Facts after which a hedge wants to be seen sooner than it did before."""

_ASKING = frozenset((MandateGiven, HedgeStranded, hedges.HedgeEnded, hedges.HedgeHandedOver))
"""Facts that ask for more than frames: see `_perform`."""

_SEEING = (hedges.RepairChosen, HedgeStranded)
"""Facts whose record says what was seen."""


class PairMemory:
    """What a pair's journal says of it; outlives its crash."""

    __slots__ = ("heard_seq", "owed", "pair", "waiting")

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.owed: tuple[str, tuple] | None = None
        """Facts of a hedge, on record and sent, that `pair` has not taken in: adopted after the sends, or by the next incarnation."""
        self.heard_seq = 0
        """The last record of a repair child that it has adopted."""
        self.waiting: Any = None
        """What was seen since a close is STRANDED: lost with the node, and begun anew."""

    def settle(self) -> tuple[Pair, Pair, str] | None:
        """Take in what is owed: the pair before, after all of it that no limit knows yet, and whose hedge it was.

        A repair's first order counts towards the limits since it was sent.
        Raises: IllegalTransition, with all as it was.
        """
        if self.owed is None:
            return None
        before, (hedge_id, facts) = self.pair, self.owed
        pair = unbooked = before
        for fact in facts:
            pair = pairs.evolve(pair, fact, hedge_id)
            unbooked = pair if fact.__class__ is not orders.OrderSubmitted else unbooked
        self.adopt(pair)
        return before, unbooked, hedge_id

    def adopt(self, pair: Pair) -> None:
        """The pair with nothing owed."""
        self.pair, self.owed = pair, None


class PairActor(PairAgain):
    """One hedged pair. Thread: the lane."""

    HANDLERS: ClassVar[dict[type, str]] = {
        Quote: "on_quote",
        OrderReport: "on_report",
        RepairFacts: "on_repair_facts",
        VenueChanged: "on_venue",
        PositionsTold: "on_positions",
        CollateralTold: "on_told",
        MassCancelTold: "on_told",
        StrayReport: "on_told",
        VenueTrouble: "on_told",
        Tick: "on_tick",
        Operate: "on_operate",
        HoldChanged: "on_hold",
        OutsideLoss: "on_outside",
        Show: "on_show",
    }

    def __init__(self, runtime: Any, name: str, desk: Desk, spec: PairSpec) -> None:
        super().__init__(runtime, name, desk, spec)
        self.memory: PairMemory = desk.memories.setdefault(name, PairMemory(pairs.new(spec.name, spec.lots)))
        self.view = PairView(spec, desk)
        self._timer: Any = None
        self._timer_ns = 0
        tifs = (*(leg.tif for leg in spec.legs), *spec.rules.policy.tifs)
        self._never_rests = "0" not in tifs  # only a day order can be one that a repair would meet

    @property
    def pair(self) -> Pair:
        return self.memory.pair

    def on_start(self) -> None:
        """Subscribe; take up a hedge that an earlier incarnation left."""
        settled = self.memory.settle()
        if settled is not None:
            self._book(*settled)
        address = self.runtime.address(self.name)
        for venue, symbol in self.view.keys:
            link = self.desk.links[venue]
            self._roll(link.watch(self.name))
            link.subscribe(symbol, address)
        if self.desk.journal.lost:
            if self.desk.record_state is RecordState.LOST:  # else the record's keeper comes to it
                self.on_hold(HoldChanged(0))
            return
        owed = self.pair.hedge is not None and self.pair.hedge.status is hedges.H.STRANDED
        if self.pair.hedge is not None and self.pair.hedge.hedge_id not in self.desk.margin.held:
            self.view.reserve_again(self.pair.hedge)
        for hedge in (self.pair.hedge, *self.pair.past):
            if hedge is not None:
                if not hedge.final or not advance.holds_true(hedge, advance.standing(hedge)):
                    self._follow(hedge.hedge_id, (), 0)
                self.await_trades([order.cl_ord_id for leg in hedge.legs for order in leg.orders])
                self.tell_claims(hedge)
        self._revoke_overrun()  # what was called back is on no record: of itself its child would go on
        if self.pair.status is pairs.P.COOLDOWN:
            self._cool(self.pair)
        self._arm()
        if owed:  # else its alert comes with the record, where it is stranded just now
            self.tell_if_stranded()
        if self.name in self.desk.holds:
            self.on_hold(HoldChanged(0))

    # ------------------------------------------------ market

    def on_quote(self, quote: Quote) -> None:
        """The hot path: most quotes decide nothing and leave no record."""
        view = self.view
        event = view.take(quote, self.memory.pair)
        if event:
            self._fire(event, quote.recv_mono_ns)

    def _fire(self, event: str, now_ns: int) -> None:
        pair, view = self.memory.pair, self.view
        opened = view.gate(event, pair, now_ns)
        if opened.__class__ is str:
            view.hold(opened)
            return
        desk, memory = self.desk, self.memory
        if (pair.status, opened.kind) not in pairs.TRANSITIONS:
            pairs.evolve(pair, opened)  # raises, with nothing recorded or sent
        commands = self.commands_of(opened.orders, Purpose.OPEN if opened.kind == "open" else Purpose.REPAIR)
        seq = self.record(opened.hedge_id, (opened,), commands, 0, view.saw(event, now_ns))
        memory.owed = (opened.hedge_id, (opened,))
        denied = self.send(commands)
        after = pairs.evolve(pair, opened)
        memory.adopt(after)
        if view.sums:  # room was found in this very turn: nobody else could take it in between
            desk.margin.reserve(opened.hedge_id, view.sums, opened.units)
        for order in opened.orders:
            self.rebook(None, orders.born(order))
            quote = view.quotes[order.leg]
            desk.claims.claim(quote, order.side, order.qty, opened.hedge_id)
        view.spend(event, now_ns)
        if denied:
            self._follow(opened.hedge_id, denied, seq)
        else:
            self._arm()
            view.outlook(after, after.hedge, now_ns).look_ahead(after.hedge)

    # ------------------------------------------------ truth

    def on_report(self, report: OrderReport) -> None:
        """A venue's word on an order of this pair."""
        before = self.memory.pair
        hedge, order = pairs.place_of(before, report.cl_ord_id)
        if order is None:
            self.runtime.log("report_without_hedge", pair=self.name, cl_ord_id=report.cl_ord_id, seq=report.seq)
            return
        heard = orders.decide(order, report)
        facts: tuple = heard.facts
        if heard.ask:
            facts = (*facts, OrderQueried(report.cl_ord_id, self.clock.mono_ns()))
        if facts:
            self.want_lots(facts)
            self._follow(hedge.hedge_id, facts, report.seq)
            if hedge.status is hedges.H.HANDED_OVER:
                self.tell_late_of_taken(hedge, report.seq)
            first = facts[0]
            kind = first.__class__
            if kind in FILLS:
                if first.trade is None or first.cum_qty > order.cum_qty + first.trade[1]:  # its count ran ahead of the trades
                    self.await_trades([report.cl_ord_id])
            elif kind in AMENDING:
                self.look_at_trades(before, facts, report.seq)
        if report.exec_type == "I" and (self._untraded or report.cum_qty < order.cum_qty):
            self.answered(report)

    def on_repair_facts(self, told: RepairFacts) -> None:
        """What a child has recorded of its orders: adopted, not again recorded."""
        self.want_lots(told.facts)
        memory = self.memory
        before = memory.pair
        if told.seq > memory.heard_seq:  # else it was adopted before a crash
            pair = memory.pair
            for fact in told.facts:
                pair = pairs.evolve(pair, fact, told.hedge_id)
            memory.pair, memory.heard_seq = pair, told.seq
        self._follow(told.hedge_id, (), told.seq)
        self.look_at_trades(before, told.facts, told.seq)

    def on_venue(self, news: VenueChanged) -> None:
        """A venue opened, closed or was lost: orders in doubt are asked for."""
        self._roll(news)
        hedge = self.pair.hedge
        if hedge is None:
            return
        facts = watch.lost(hedge.legs, news.venue, news.why, self.clock.mono_ns()) if news.lost else ()
        self._follow(hedge.hedge_id, facts, 0)

    def _roll(self, news: VenueChanged) -> None:
        """A new trading day, its old one reconciled: today's lots are yesterday's."""
        self.view.venue_changed()
        if self.desk.journal.lost or not (news.can_repair and news.trading_day):
            return
        for index, leg in enumerate(self.spec.legs):
            if leg.venue == news.venue and self.pair.books[index].day != news.trading_day:
                if self.comes_again(news):
                    return
                self._own(DayRolled(index, news.trading_day, mark_of(self.view.quotes[index], self.pair.books[index].net)))

    def on_told(self, _news: Any) -> None:
        """Accounts and strays: the risk manager's, not a pair's."""

    def on_tick(self, tick: Tick) -> None:
        """Deadlines of the hedge in flight, and the end of a cooldown."""
        if self.desk.journal.lost:
            return
        if tick.what == TRADES:
            self.ask_trades()
            return
        if tick.what == "lots":
            self.on_lots_tick()
            return
        if tick.what == "flatten":
            self.on_flatten_tick()
            return
        self._timer = None
        self._held = False
        now_ns = self.clock.mono_ns()
        pair = self.memory.pair
        if tick.what == "ready":
            if pair.status is pairs.P.COOLDOWN:
                self._ready(now_ns)
            return
        hedge = pair.hedge or self.taken_in_doubt()
        if hedge is not None:
            facts = self.sendable(advance.timed(hedge, self.spec.rules, now_ns))
            self.tell_silent(facts)
            self._follow(hedge.hedge_id, facts, 0)
            self.try_again(now_ns)
        self._arm()

    def _ready(self, now_ns: int) -> None:
        facts = (PairReady(now_ns),)
        after = pairs.evolve(self.memory.pair, facts[0])
        self.record(None, facts, [], 0, None)
        self.memory.pair = after
        self.view.units_of(after)  # now, not in the turn that fires

    # ------------------------------------------------ the turn

    def _follow(self, hedge_id: str, facts: tuple, cause: int) -> None:
        """Adopt facts and do all that follows of them, in this turn."""
        if self.desk.journal.lost:
            return  # what can't be recorded is not decided; a person was told
        now_ns = self.clock.mono_ns()
        before = self.memory.pair
        pair = before
        for fact in facts:
            pair = pairs.evolve(pair, fact, hedge_id)
        hedge = pair.hedge
        if hedge is None or hedge.hedge_id != hedge_id:
            hedge = pairs.find(pair, hedge_id)
        following: tuple = ()
        outlook = None
        if pair.hedge is None or pair.hedge is hedge:
            outlook = self.view.outlook(pair, hedge, now_ns)
            hold = self.desk.holds.get(self.name)
            if hold is None:
                after, following, given = advance.steps(hedge, self.spec.rules, outlook, now_ns)
                if given and self._never_rests:
                    self._repair(hedge_id, before, pair, after, facts, following, given, outlook, cause, now_ns)
                    return
                for fact in given:
                    after = hedges.evolve(after, fact)
            else:
                after, following = held(hedge, self.spec.rules, outlook, now_ns, hold)
            if following:
                pair = pairs.grafted(pair, after, following)
        else:
            following = late.joining(hedge, pair.hedge, now_ns)
            for fact in following:
                pair = pairs.evolve(pair, fact)
        every = facts + following
        if every:
            commands = self.commands_of(every, Purpose.REPAIR)
            cause = self.record(hedge_id, every, commands, cause, self._saw(following, now_ns))
            self.memory.pair = pair
            self._book(before, pair, hedge_id)
            denied = self.send(commands) if commands else ()
            for fact in following:
                if fact.__class__ in _ASKING:
                    self._perform(fact, pair, outlook, cause)
            if denied:
                self._follow(hedge_id, denied, cause)
                return
        if following and following[-1].__class__ is LateTruthJoined:
            self._take_over(following[-1], cause)
            return
        if facts and (not following or following[-1].__class__ is not MandateGiven):  # one just given is not too large
            self._revoke_overrun()
        if self._timer is None or not _SOONER.isdisjoint([fact.__class__ for fact in every]):
            self._arm()

    def _repair(
        self, hedge_id: str, before: Pair, pair: Pair, hedge: Hedge, heard: tuple, following: tuple, given: tuple,
        outlook: Outlook, cause: int, now_ns: int,
    ) -> None:
        """Give the mandate that `given` ends with: its first order leaves in the same record.

        `hedge` has taken in what is `heard` and `following`, but for `given`,
        its last step: that is adopted when the order has left and its child knows of it.
        The order is the child's from its birth: it hears of it, and goes on.
        Only where no order rests, so that the risk table may be told after it.
        """
        facts = heard + following
        mandate = given[-1].mandate
        seen = outlook.leg(mandate.leg, mandate.side)
        first = mandates.next_order(MandateState(mandate), seen, now_ns)
        if first.__class__ is str or self.refusal_of(first, first.qty):
            first = None  # the child says why
        else:
            facts = (*facts, first)
        child = f"{self.name}/{mandate.kind}"
        commands = self.commands_of(facts, Purpose.REPAIR)
        saw = self.view.saw(hedges.RepairChosen.__name__, now_ns)
        cause = self.record(hedge_id, facts, commands, cause, saw)
        self.memory.owed = (hedge_id, facts)
        denied = self.send(commands, child)
        if first is not None:
            self.rebook(None, orders.born(first))  # before its child knows of it, and books what it fills
        opens = hedge.kind == "open"
        for fact in given:
            if fact.__class__ is MandateGiven and fact.mandate is not mandate:
                self._hand(fact.mandate, outlook, pair.books, opens, cause)
        self._hand(mandate, outlook, pair.books, opens, cause, first, denied)
        for fact in given:
            hedge = hedges.evolve(hedge, fact)
        unbooked = pair = pairs.grafted(pair, hedge, following)
        if first is not None:
            pair = pairs.evolve(pair, first, hedge_id)
        self.memory.adopt(pair)
        self._book(before, unbooked, hedge_id)
        for fact in following:
            if fact.__class__ in _ASKING and fact.__class__ is not MandateGiven:
                self._perform(fact, pair, outlook, cause)
        self._arm()

    def _revoke_overrun(self) -> None:
        """What late truth has made too large is taken from the child."""
        hedge = self.memory.pair.hedge
        if hedge is not None and hedge.status is not hedges.H.WORKING:  # a mandate may be out in any other state
            for mandate in advance.overrun(hedge):
                self.call_back(mandate)

    def _take_over(self, joined: LateTruthJoined, cause: int) -> None:
        """Late truth about an ended hedge has joined the one in flight."""
        hedge, rules = self.memory.pair.hedge, self.spec.rules
        stranded = hedge.status is hedges.H.STRANDED
        facts = late.follows(hedge, joined, rules.max_retries, frozen=self.held.frozen)
        self._follow(hedge.hedge_id, facts, cause)
        self._revoke_overrun()
        self._arm()
        if stranded and any(joined.lots):  # a person may be at it, who must know that it is another amount now
            told = {"hedge": joined.hedge_id, "behind": joined.into, "lots": list(joined.lots)}
            naked = list(self.memory.pair.naked)
            self.desk.alert("critical", "LATE_TRUTH", pair=self.name, **told, naked=naked, cause=cause)

    def _saw(self, following: tuple, now_ns: int) -> tuple | None:
        for fact in following:
            if fact.__class__ in _SEEING:
                return self.view.saw(fact.__class__.__name__, now_ns)
        return None

    def _book(self, before: Pair, after: Pair, hedge_id: str) -> None:
        """Tell the risk table what has become of the hedge's orders."""
        was, now = before.hedge, after.hedge
        if was is None or now is None or was.hedge_id != hedge_id or now.hedge_id != hedge_id:
            was, now = pairs.find(before, hedge_id), pairs.find(after, hedge_id)
        if was is now:
            return
        if was is None:  # it began in a turn that ended in a crash
            for order in [order for leg in now.legs for order in leg.orders]:
                self.rebook(None, order)
            return
        for old, new in zip(was.legs, now.legs, strict=True):
            if old.orders is new.orders:
                continue
            known = len(old.orders)  # orders are added at the end and never leave
            for place, order in enumerate(new.orders):
                earlier = old.orders[place] if place < known else None
                if earlier is not order:
                    self.rebook(earlier, order)

    def _perform(self, fact: Any, pair: Pair, outlook: Outlook, seq: int) -> None:
        """What a fact asks for beside frames: mandates, alerts, cooldowns."""
        kind = fact.__class__
        if kind is MandateGiven:
            self._hand(fact.mandate, outlook, pair.books, pair.hedge.kind == "open", seq)
        elif kind is HedgeStranded:
            self.tell_stranded(fact.why, fact.naked, pair.hedge.hedge_id, seq)
        elif kind is hedges.HedgeEnded:
            self.settle_margin(pair.past[-1])
            self._cool(pair)
            self.owe_no_more()
            self.look_back(pair)
        elif kind is hedges.HedgeHandedOver:
            self.settle_margin(pair.past[-1])
            self.owe_no_more()
            self.tell_handed_over(pair, seq)

    def _hand(self, mandate: Mandate, outlook: Outlook, books: tuple, opens: bool, *rest: Any) -> None:
        """Tell a child of its mandate, and the order that has left under it."""
        told = RepairTold(mandate, outlook.leg(mandate.leg, mandate.side), books, opens, *rest)
        self.box.executor.hand_over(self.runtime.mailbox(f"{self.name}/{mandate.kind}"), told)

    def _cool(self, pair: Pair) -> None:
        spec = self.spec
        delay = spec.cooldown_ns
        if pair.failures:
            delay = min(spec.failure_cooldown_ns << min(pair.failures - 1, 20), spec.failure_cooldown_max_ns)
        if pair.failures >= spec.max_failures and pair.status is not pairs.P.FROZEN:
            self._own(PairFrozen(f"{pair.failures} failures in a row"))
            self.desk.alert("critical", "PAIR_OFF", pair=pair.name, failures=pair.failures)
            return
        self.after_ns(delay, Tick("ready"))

    def _arm(self) -> None:
        """One timer, at the next moment that the hedge wants to be seen."""
        hedge = self.memory.pair.hedge or self.taken_in_doubt()
        if hedge is None:
            return
        at = advance.next_ns(hedge, self.spec.rules)
        if hedge.status is hedges.H.STRANDED and (hedge.stranded_why in ("MARKET", "BUDGET", "UNKNOWN") or self.waits_again(hedge)):
            retry = self.clock.mono_ns() + self.view.retry_ns()
            at = retry if at is None else min(at, retry)
        if at is None or (self._timer is not None and self._timer_ns <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_ns = at
        self._timer = self.after_ns(max(self.least_delay_ns(), at - self.clock.mono_ns()), Tick())

    # ------------------------------------------------ people

    def on_show(self, _show: Show) -> dict[str, Any]:
        """A picture of the pair: plain values for the inspection socket."""
        return self.view.show(self.memory.pair, self.clock.mono_ns())
