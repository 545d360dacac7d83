"""Stands in for a pair that was given up, under the pair's own name.

So that reports, late truth too, have an owner: nobody's exposure is left
alone. It runs none of the pair's code; what it does is decided in
`domain/flatten.py` from what is on record. A crash of its own raises it again,
without end.
"""

from __future__ import annotations

from typing import Any, ClassVar

from actors.amends import AMENDING, TRADES, Amending
from actors.controls import HoldChanged
from actors.desk import Desk
from actors.link import Purpose
from actors.notes import TREASURY, HedgeSettled, Operate, OutsideLoss, RepairFacts, Tick
from actors.pair import PairMemory
from domain import flatten, orders, pairs, watch
from domain.controls import FREE
from domain.firing import offsets, repair_lots, repair_offset
from domain.flatten import Reversal, Verdict
from domain.hedges import Hedge, HedgeEnded, HedgeOpened, HedgeRetried, HedgeStatus, HedgeStranded, order_of
from domain.mandates import LegMarket
from domain.market import Quote
from domain.orders import OrderDenied, OrderQueried, OrderSubmitted
from domain.pairs import DayRolled, Pair, PairFrozen
from domain.pairspec import PairSpec
from domain.reports import OrderReport
from domain.venue_news import CollateralTold, MassCancelTold, PositionsTold, StrayReport, VenueChanged, VenueTrouble

LOOK_NS = 20_000_000
"""How often it looks while something is at stake; fills and refusals wake it at once."""
CAP_TIMES = 2
"""It may pay so many times the pair's slippage cap, inside the price collar."""
CLOSE_AGAIN_NS = 250_000_000
"""How often it tries to close what is held, under a flattening kill."""
MOST_STEPS = 16


class Flattener(Amending):
    """Thread: the lane. `why`: why the pair was given up."""

    HANDLERS: ClassVar[dict[type, str]] = {
        Quote: "on_news",
        OrderReport: "on_report",
        RepairFacts: "on_repair_facts",
        VenueChanged: "on_venue",
        HoldChanged: "on_hold",
        OutsideLoss: "on_outside",
        Tick: "on_tick",
        **dict.fromkeys((PositionsTold, CollateralTold, MassCancelTold, StrayReport, VenueTrouble), "on_news"),
    }

    def __init__(self, runtime: Any, name: str, desk: Desk, spec: PairSpec, why: str) -> None:
        super().__init__(runtime, name, desk, spec)
        self.memory: PairMemory = desk.memories[name]
        self.why = why
        self._begun_ns = self.clock.mono_ns()
        self._looks = False
        self._is_told = False

    @property
    def pair(self) -> Pair:
        return self.memory.pair

    def on_start(self) -> None:
        """Take the pair's orders over; look once all that waits here is heard."""
        settled = self.memory.settle()
        if settled is not None:
            self._rebook(*settled)
        for venue in {leg.venue for leg in self.spec.legs}:
            self._roll(self.desk.links[venue].watch(self.name))
        for hedge in (self.pair.hedge, *self.pair.past):
            for leg in hedge.legs if hedge is not None else ():
                for order in leg.orders:
                    self.desk.links[leg.plan.venue].claim(order.cl_ord_id, self.name)
                    self.await_trades([order.cl_ord_id] if order.amends is not None else [])
            if hedge is not None:
                self.tell_claims(hedge)
        self._look_soon(0)

    # ------------------------------------------------ what is heard

    def on_report(self, report: OrderReport) -> None:
        """A venue's word on an order of the pair, or of its repairs."""
        hedge, order = pairs.place_of(self.pair, report.cl_ord_id)
        if order is None:
            self.runtime.log("report_without_hedge", pair=self.name, cl_ord_id=report.cl_ord_id, seq=report.seq)
            return
        heard = orders.decide(order, report)
        facts = (*heard.facts, OrderQueried(report.cl_ord_id, self.clock.mono_ns())) if heard.ask else heard.facts
        before = self.pair
        if facts:
            self._adopt(hedge.hedge_id, facts, report.seq)
            if facts[0].__class__ in AMENDING:
                self.look_at_trades(before, facts, report.seq)
        if report.exec_type == "I" and (self._untraded or report.cum_qty < order.cum_qty):
            self.answered(report)
        self._look_soon(0)

    def _follow(self, hedge_id: str, facts: tuple, cause: int) -> None:
        self._adopt(hedge_id, facts, cause)

    def on_repair_facts(self, told: RepairFacts) -> None:
        """What a repair had recorded before it went: adopted, not again recorded."""
        memory = self.memory
        if told.seq > memory.heard_seq:
            before = pair = memory.pair
            for fact in told.facts:
                pair = pairs.evolve(pair, fact, told.hedge_id)
            memory.pair, memory.heard_seq = pair, told.seq
            for order in _of(pair, told.hedge_id):
                if _same(before, told.hedge_id, order) is None:
                    self.desk.links[self.spec.legs[order.leg].venue].claim(order.cl_ord_id, self.name)
            self.look_at_trades(before, told.facts, told.seq)
        self._look_soon(0)

    def on_venue(self, news: VenueChanged) -> None:
        """A link that was lost: its live orders are in doubt."""
        self._roll(news)
        hedge = self.pair.hedge
        if hedge is not None and news.lost:
            bare = [leg.__class__(leg.plan, leg.status, leg.orders, None, leg.net) for leg in hedge.legs]  # their children are gone
            facts = watch.lost(bare, news.venue, news.why, self.clock.mono_ns())
            if facts:
                self._adopt(hedge.hedge_id, facts, 0)
        self._look_soon(0)

    def _roll(self, news: VenueChanged) -> None:
        if not (news.can_repair and news.trading_day):
            return
        for index, leg in enumerate(self.spec.legs):
            if leg.venue == news.venue and self.pair.books[index].day != news.trading_day:
                if self.comes_again(news):
                    return
                self._adopt(None, (DayRolled(index, news.trading_day),), 0)

    def on_hold(self, _word: HoldChanged) -> None:
        """A kill or a mode bars orders, or does no longer."""
        self._look_soon(0)

    def on_outside(self, loss: OutsideLoss) -> None:
        """Lots that the account lacks: a person's, with the rest of the pair."""
        self.desk.alert("critical", "EXTERNAL", pair=self.name, leg=loss.leg, fills=list(loss.fills), text="the pair is given up: nothing is booked", cause=loss.cause)

    def on_news(self, _news: Any) -> None:
        """Prices are asked for when an order is made; the rest is others'."""

    def on_operate(self, word: Operate) -> dict[str, Any]:
        """A person may have a STRANDED hedge tried again, with as many orders more."""
        if self.desk.journal.lost:
            return self.unrecordable()
        hedge = self.pair.hedge
        if word.verb == "retry" and hedge is not None and hedge.hedge_id == word.hedge and hedge.status is HedgeStatus.STRANDED:
            self._begun_ns = self.clock.mono_ns()
            seq = self._adopt(hedge.hedge_id, (HedgeRetried(f"operator {word.operator}", self._begun_ns),), 0)
            self._look_soon(0)
            return {"seq": seq, "hedge": hedge.hedge_id, "state": str(self.pair.hedge.status)}
        return {"error": f"{self.name} was given up ({self.why[:200]}): ./hedgerow pair enable {self.name} raises it anew once nothing is in flight"}

    # ------------------------------------------------ what is done

    def _look_soon(self, delay_ns: int) -> None:
        if not self._looks:
            self._looks = True
            self.after_ns(delay_ns, Tick("flatten"))

    def on_tick(self, tick: Tick) -> None:
        """Cancel, reverse, end; then frozen, and told once."""
        if tick.what == TRADES:
            if not self.desk.journal.lost:
                self.ask_trades()
            return
        self._looks = False
        if self.desk.journal.lost:
            return
        if not self._is_told:
            self._is_told = True
            self._tell()
        for _ in range(MOST_STEPS):
            frozen = self.desk.holds.get(self.name, FREE).frozen
            hedge_id, facts = flatten.step(self.pair, self.spec.rules.watch, self._look, self.clock.mono_ns(), self._begun_ns, frozen=frozen)
            facts = self.sendable(facts)
            if not facts:
                break
            self._adopt(hedge_id, self._refused(facts), 0)
        self._held = False
        self._close_if_killed()
        if self.pair.hedge is not None or any(self.pair.naked):
            self._look_soon(LOOK_NS)

    def _close_if_killed(self) -> None:
        """Under a flattening kill what it holds goes too, try after try."""
        if not self.desk.holds.get(self.name, FREE).flatten or self.pair.hedge is not None or not any(b.net for b in self.pair.books):
            return
        keys = tuple(leg.key for leg in self.spec.legs)
        opened = flatten.closing(self.pair, keys, self._look, self._split, self.desk.node_epoch, self.clock.mono_ns())
        if opened is not None:
            self._begun_ns = opened.at_ns
            self._adopt(opened.hedge_id, (opened,), 0)
        self._look_soon(CLOSE_AGAIN_NS)

    def _refused(self, facts: tuple) -> tuple:
        """With a Denied for each order that the price band refuses."""
        denied = []
        for fact in facts:
            why = self.refusal_of(fact, fact.qty) if fact.__class__ is OrderSubmitted else ""
            if why:
                denied.append(OrderDenied(fact.cl_ord_id, why.partition(":")[0], why))
        return (*facts, *denied)

    def _tell(self) -> None:
        """Once: it is off, what it has at stake, and what is done about that."""
        pair, word = self.pair, flatten.verdict(self.pair)
        if pair.status is not pairs.P.FROZEN:
            self._adopt(None, (PairFrozen(f"{flatten.GIVEN_UP}: {self.why[:400]}"),), 0)
        held = [book.net for book in pair.books]
        told = {"pair": self.name, "is": str(word), "why": self.why[:400], "held": held, "naked": list(pair.naked)}
        if word is Verdict.FLATTENED and pair.hedge is not None:
            told["hedge"] = pair.hedge.hedge_id
        self.desk.alert("critical", "PAIR_GIVEN_UP", **told, text=_TEXTS[word])

    def _look(self, index: int, side: int, lots: int) -> Reversal:
        """What an order that reduces a leg may be now."""
        leg, pair = self.spec.legs[index], self.pair
        book, hedge = pair.books[index], pair.hedge
        opens = hedge is not None and hedge.kind == "open"
        reverses = hedge is not None and any(each.plan.index == index and each.plan.side != side for each in hedge.legs)
        quote = self.desk.quote(leg.key)
        opposing = None if quote is None else quote.ask_px if side > 0 else quote.bid_px
        if quote is not None and quote.bid_px is not None and quote.ask_px is not None and quote.bid_px >= quote.ask_px:
            opposing = None  # crossed: no price of it is believed
        down, up = (None, None) if quote is None else (quote.limit_down, quote.limit_up)
        collar = self.desk.risk.row(leg.key).limits.price_collar_ticks
        most = min(lots, leg.instrument.max_lots or lots)
        if leg.instrument.offset_mode != "net":
            most = min(most, repair_lots(leg, book, side, most, opens, reverses))
        return Reversal(
            LegMarket(opposing, down, up, self.desk.can_repair(leg.key)),
            most,
            repair_offset(leg, book, side, most, opens, reverses),
            leg.tif,
            leg.payup_ticks,
            min(CAP_TIMES * leg.slippage_cap_ticks, collar),
        )

    def _split(self, index: int, side: int, lots: int) -> tuple[tuple[str, int], ...] | str:
        """The offsets of orders that close so many lots of a leg."""
        return offsets(self.spec.legs[index], self.pair.books[index], side, lots, False)

    def _adopt(self, hedge_id: str | None, facts: tuple, cause: int) -> int:
        """Record, adopt, send: one turn, as a pair's; the record."""
        before = pair = self.pair
        for fact in facts:
            pair = pairs.evolve(pair, fact, hedge_id)
        orders_of = facts[0].orders if facts[0].__class__ is HedgeOpened else facts
        commands = self.commands_of(orders_of, Purpose.REPAIR)
        seq = self.record(hedge_id, facts, commands, cause, None)
        self.memory.pair = pair
        denied = self.send(commands)
        self._rebook(before, pair, hedge_id)
        for fact in facts:
            self._perform(fact, seq)
        return self._adopt(hedge_id, denied, seq) if denied else seq

    def _rebook(self, before: Pair, after: Pair, hedge_id: str | None) -> None:
        """Tell the risk table what has become of the hedge's orders."""
        for order in _of(after, hedge_id):
            earlier = _same(before, hedge_id, order)
            if earlier is not order:
                self.rebook(earlier, order)

    def _perform(self, fact: Any, seq: int) -> None:
        kind = fact.__class__
        if kind is HedgeStranded and fact.why != "GIVEN_UP":
            hedge = self.pair.hedge
            self.desk.alert("critical", "STRANDED", pair=self.name, hedge=hedge.hedge_id, why=fact.why, naked=list(fact.naked), cause=seq)
        elif kind is HedgeEnded:
            ended = self.pair.past[-1]
            if self.desk.margin.ended(ended.hedge_id, self.clock.mono_ns(), self.clock.wall_ns()):
                self.tell(TREASURY, HedgeSettled(ended.hedge_id, tuple({leg.plan.venue: None for leg in ended.legs})))
            held = [book.net for book in self.pair.books]
            told = {"pair": self.name, "hedge": ended.hedge_id, "outcome": str(fact.outcome), "held": held, "naked": list(self.pair.naked)}
            self.desk.alert("warning", "FLATTENED", **told, cause=seq)


_TEXTS = {
    Verdict.STOPPED: "it holds nothing: stopped. ./hedgerow pair enable raises it anew",
    Verdict.FROZEN: "its legs cover each other: the position is kept, nothing is sent. Close it by hand, or ./hedgerow pair enable",
    Verdict.FLATTENED: "something is in flight or naked: cancelled and reversed from the record, then frozen",
}


def _of(pair: Pair, hedge_id: str | None) -> list[orders.Order]:
    """All orders of a hedge."""
    hedge: Hedge | None = None if hedge_id is None else pairs.find(pair, hedge_id)
    return [] if hedge is None else [order for leg in hedge.legs for order in leg.orders]


def _same(pair: Pair, hedge_id: str | None, order: orders.Order) -> orders.Order | None:
    """That order as it was in another state of the pair."""
    hedge = None if hedge_id is None else pairs.find(pair, hedge_id)
    return None if hedge is None else order_of(hedge, order.cl_ord_id)
