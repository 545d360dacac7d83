"""A pair with its repair children on two small venues, in virtual time.

It does what the actors do (decide, adopt, perform), without them; what it
checks at each step are the invariants of the machines. The venues keep the
protocol and no more: answers may be late, repeated, out of order or missing.
"""

from dataclasses import dataclass, field

from msgspec.structs import replace

from domain import advance, late, mandates, orders, pairs, watch
from domain.books import LegBook
from domain.hedges import HedgeStatus, order_of
from domain.mandates import MandateGiven, MandateState
from domain.orders import CancelSubmitted, OrderDenied, OrderQueried, OrderSubmitted, TradeBusted, TradeCorrected
from domain.repair import Policy
from tests.domain.making import MS, Market, opening, report

H = HedgeStatus
MARKET_RETRY_NS = 200 * MS
MAX_EVENTS = 4000


@dataclass
class Real:
    """An order as its venue knows it."""

    ref: str
    leg: int
    side: int
    qty: int
    px: int
    tif: str
    status: str = "0"
    cum: int = 0
    trades: list = field(default_factory=list)
    deaf: int = 0


class Venues:
    """Both venues: what they hold, and the reports that are on the way."""

    def __init__(self, rng, trouble):
        self.rng, self.trouble = rng, trouble
        self.real, self.way, self.count = {}, [], 0

    def happens(self, what):
        return self.rng.random() < self.trouble.get(what, 0.0)

    def positions(self):
        return [sum(o.side * o.cum for o in self.real.values() if o.leg == leg) for leg in (0, 1)]

    def tell(self, real, exec_type, status, lost=False, **values):
        """A report that leaves the venue; a lost one waits for a query."""
        if lost or real.deaf:
            return
        told = report(exec_type, status, cl_ord_id=real.ref, cum_qty=real.cum, side=_side(real), **values)
        self.way.append(told)
        if self.happens("repeat"):
            self.way.append(told)

    def take(self, sent):
        """An order arrives, or does not; what is sent at once comes back."""
        if self.happens("deny"):
            self.way.append(report(kind="j", cl_ord_id=sent.cl_ord_id, ref_type="D", reason=8))
            return
        if self.happens("vanish"):
            return
        real = Real(sent.cl_ord_id, sent.leg, sent.side, sent.qty, sent.px, sent.tif)
        self.real[real.ref] = real
        real.deaf = self.rng.randrange(1, 4) if self.happens("silence") else 0
        self.tell(real, "A", "A", self.happens("lose"))
        if self.happens("reject"):
            real.status = "8"
            self.tell(real, "8", "8", self.happens("lose"), reason=99, text=self.rng.choice(("margin", "closed")))
            return
        self.tell(real, "0", "0", self.happens("lose"))
        self.fill(real)
        if real.tif != "0" and real.cum < real.qty:
            self.end(real, "C")

    def fill(self, real):
        left = real.qty - real.cum
        while left > 0 and not self.happens("dry"):
            lots = self.rng.randrange(1, left + 1)
            self.trade(real, lots)
            left -= lots

    def trade(self, real, lots):
        self.count += 1
        real.cum += lots
        if real.cum >= real.qty and real.status in "01":
            real.status = "2"
        elif real.status == "0":
            real.status = "1"
        real.trades.append([str(self.count), lots, real.px, False])
        self.tell_trade(real, real.trades[-1], self.happens("lose"))

    def tell_trade(self, real, trade, lost=False):
        ident, lots, px, _ = trade
        self.tell(real, "F", real.status, lost, exec_id=ident, last_qty=lots, last_px=px)

    def end(self, real, status):
        real.status = status
        self.tell(real, status, status, self.happens("lose"))

    def cancel(self, ref, cxl_id):
        real = self.real.get(ref)
        if real is None:
            self.way.append(report(kind="9", cl_ord_id=ref, ord_status="8", reason=1, cxl_id=cxl_id))
        elif real.status in "01" and not self.happens("refuse_cancel"):
            self.end(real, "4")
        elif not real.deaf and not self.happens("lose"):
            self.way.append(report(kind="9", cl_ord_id=ref, ord_status=real.status, reason=1, cxl_id=cxl_id))

    def answer(self, ref):
        """A query's answer: the trades, then the state; or none yet."""
        real = self.real.get(ref)
        if real is None:
            self.way.append(report("I", "8", cl_ord_id=ref, reason=5, side=None))
            return
        if real.deaf:
            real.deaf -= 1
            self.way.append(report(kind="j", cl_ord_id=ref, ref_type="H", reason=4))
            return
        for trade in real.trades:
            self.tell_trade(real, trade)
            if trade[3]:
                self.tell_bust(real, trade)
        self.tell(real, "I", real.status)

    def tell_bust(self, real, trade, lost=False):
        ident, lots, px, _ = trade
        values = {"exec_id": f"b{ident}", "exec_ref": ident, "last_qty": lots, "last_px": px}
        self.tell(real, "H", real.status, lost, **values)

    def late_truth(self):
        """A fill after the end, one too many, or a bust."""
        real = self.rng.choice(list(self.real.values()))
        if real.deaf:
            return
        if real.status in "4C" and real.cum < real.qty:
            self.trade(real, 1)
        elif real.status == "2" and self.happens("overfill"):
            self.trade(real, 1)
        elif real.trades and not real.trades[-1][3] and self.happens("bust"):
            real.trades[-1][3] = True
            real.cum -= real.trades[-1][1]
            self.tell_bust(real, real.trades[-1])


class Rig:
    """`records`: (hedge_id, facts) in order, as a journal would hold them."""

    def __init__(self, rng, trouble=None, *, units=5, per_unit=(1, 1), kind="open", tif="3", policy=None):
        self.rng, self.now_ns = rng, 0
        self.venues = Venues(rng, trouble or {})
        self.market = Market()
        self.rules = advance.HedgeRules(policy=policy or Policy())
        self.children, self.revoked, self.records, self.used = {}, set(), [], set()
        self.pair = pairs.new("cu", (per_unit[0], -per_unit[1]))
        if kind == "close":  # what was sold is bought back
            books = tuple(LegBook(-n * units) for n in (per_unit[0], -per_unit[1]))
            self.pair = replace(self.pair, status=pairs.P.HOLDING, books=books)
        self.first = self.pair
        self.hedge_id = "cu.1.1"
        self.moved = {}
        fact = opening(units, per_unit, kind=kind, tif=tif)
        self.adopt((fact,))
        self.send(fact.orders)

    @property
    def hedge(self):
        return self.pair.hedge or pairs.find(self.pair, self.hedge_id)

    def opens_another(self, hedge_id, **shape):
        """The one before has ended, and its cooldown is over."""
        fact = opening(hedge_id=hedge_id, at_ns=self.now_ns, **shape)
        self.pair = pairs.evolve(self.pair, pairs.PairReady(self.now_ns))
        self.records.append((None, (pairs.PairReady(self.now_ns),)))
        self.hedge_id = hedge_id
        self.records.append((hedge_id, (fact,)))
        self.pair = pairs.evolve(self.pair, fact, hedge_id)
        self.send(fact.orders)

    # ------------------------------------------------ as the actors do it

    def adopt(self, facts):
        before = {o.cl_ord_id: o for leg in self.hedge.legs for o in leg.orders} if self.records else {}
        self.records.append((self.hedge_id, facts))
        undone = any(isinstance(fact, (TradeBusted, TradeCorrected)) for fact in facts)
        for fact in facts:
            self.pair = pairs.evolve(self.pair, fact, self.hedge_id)
        for ref, was in before.items():
            now = order_of(self.hedge, ref)
            assert undone or now.cum_qty >= was.cum_qty, "I6"
            assert was.live or not now.live, "I5"

    def send(self, facts):
        denied = {f.cl_ord_id for f in facts if isinstance(f, OrderDenied)}
        for fact in facts:
            if isinstance(fact, OrderSubmitted) and fact.cl_ord_id not in denied:
                self.check_send(fact)
                self.venues.take(fact)
            elif isinstance(fact, CancelSubmitted):
                self.venues.cancel(fact.cl_ord_id, fact.cxl_id)
            elif isinstance(fact, OrderQueried):
                self.venues.answer(fact.cl_ord_id)

    def turn(self, facts=()):
        """A turn of the pair."""
        pair = self.pair
        for fact in facts:
            pair = pairs.evolve(pair, fact, self.hedge_id)
        hedge = pair.hedge or pairs.find(pair, self.hedge_id)
        after, following = advance.advance(hedge, self.rules, self.market, self.now_ns)
        grafted = pairs.grafted(pair, after, following) if pair.hedge is not None and following else None
        every = (*facts, *following)
        if every:
            self.adopt(every)
            assert grafted in (None, self.pair), "grafted"
            self.send(every)
        for fact in following:
            if isinstance(fact, MandateGiven):
                self.children[fact.mandate.mandate_id] = MandateState(fact.mandate)
                self.go(fact.mandate.mandate_id)
        for mandate in advance.overrun(self.hedge):
            if mandate.mandate_id in self.children and mandate.mandate_id not in self.revoked:
                self.revoked.add(mandate.mandate_id)
                self.go(mandate.mandate_id)
        self.check()

    def go(self, mandate_id, facts=()):
        """A turn of a child, and the pair's that follows of it."""
        state = self.children[mandate_id]
        for fact in facts:
            state = mandates.evolve(state, fact)
        following = self.child_follows(state, mandate_id in self.revoked)
        for fact in following:
            state = mandates.evolve(state, fact)
        every = (*facts, *following)
        if not every:
            return
        self.children[mandate_id] = state
        if state.status is mandates.M.RETURNED:
            del self.children[mandate_id]
        self.adopt(every)
        self.send(every)
        self.turn()

    def child_follows(self, state, revoked):
        if state.live is not None:
            return (watch.cancel(state.live, self.now_ns),) if revoked and not state.live.cancels else ()
        if revoked:
            return (mandates.returned(state, "revoked"),)
        nxt = mandates.next_order(state, self.market.leg(state.mandate.leg, state.mandate.side), self.now_ns)
        if isinstance(nxt, str):
            return (mandates.returned(state, nxt),) if nxt else ()
        denied = OrderDenied(nxt.cl_ord_id, "NOT_SENT", "rate")
        return (nxt, denied) if self.venues.happens("local") else (nxt,)

    def hear(self, told):
        for mandate_id, state in self.children.items():
            if any(o.cl_ord_id == told.cl_ord_id for o in state.orders):
                facts = self.with_query(mandates.hear(state, told), told)
                if facts:
                    self.go(mandate_id, facts)
                return
        hedge, order = pairs.place_of(self.pair, told.cl_ord_id)
        facts = self.with_query(orders.decide(order, told), told)
        if facts and self.pair.hedge not in (None, hedge):
            self.joins(hedge.hedge_id, facts)
        elif facts:
            self.hedge_id = hedge.hedge_id
            self.turn(facts)

    def joins(self, old_id, facts):
        """Late truth about an ended hedge while another is in flight."""
        pair = self.pair
        for fact in facts:
            pair = pairs.evolve(pair, fact, old_id)
        joined = late.joining(pairs.find(pair, old_id), pair.hedge, self.now_ns)
        self.records.append((old_id, (*facts, *joined)))
        for fact in joined:
            pair = pairs.evolve(pair, fact, old_id)
            for leg, lots in enumerate(fact.lots):
                for hedge_id, moved in ((old_id, -lots), (fact.into, lots)):
                    self.moved[hedge_id, leg] = self.moved.get((hedge_id, leg), 0) + moved
        self.pair = pair
        self.send(facts)
        old = pairs.find(pair, old_id)
        assert advance.holds_true(old, advance.standing(old)), "an ended hedge is whole"
        follows = late.follows(pair.hedge, joined[0], self.rules.max_retries, frozen=False) if joined else ()
        self.turn(follows)

    def with_query(self, heard, told):
        return (*heard.facts, OrderQueried(told.cl_ord_id, self.now_ns)) if heard.ask else heard.facts

    # ------------------------------------------------ time

    def next_ns(self):
        times = [advance.next_ns(self.pair.hedge, self.rules)] if self.pair.hedge else []
        times += [mandates.next_ns(state, self.rules.watch) for state in self.children.values()]
        if self.hedge.status is H.STRANDED and self.hedge.stranded_why == "MARKET":
            times.append(self.now_ns + MARKET_RETRY_NS)
        return min((at for at in times if at is not None), default=None)

    def tick(self):
        """Jump to the next timer; False where none is set."""
        at = self.next_ns()
        if at is None:
            return False
        self.now_ns = max(self.now_ns, at)
        rules = self.rules.watch
        for mandate_id, state in list(self.children.items()):
            live = state.live
            due = watch.due(live, self.now_ns, rules, rules.repair_order_ns) if live is not None else ()
            if mandate_id in self.children:
                self.go(mandate_id, due)
        if self.pair.hedge is not None:
            self.turn(advance.timed(self.hedge, self.rules, self.now_ns))
        return True

    def deliver(self, index=0):
        """Hear one report; those that it overtakes will be sent again."""
        way = self.venues.way
        told = way.pop(index)
        way[:index] = [replace(older, poss_resend=True) for older in way[:index]]
        self.hear(told)

    def run(self, until_ns, *, shuffled=False):
        """Reports and timers until `until_ns`, or until nothing is left."""
        for _ in range(MAX_EVENTS):
            if self.venues.way:
                self.deliver(self.rng.randrange(len(self.venues.way)) if shuffled else 0)
            elif (at := self.next_ns()) is None or at > until_ns or not self.tick():
                return
        raise AssertionError("events without end")

    def reconcile(self):
        """The whole day is asked for, and answered, until no trouble is left."""
        self.venues.trouble = {}
        for _ in range(3):
            for ref, real in self.venues.real.items():
                real.deaf = 0
                self.venues.answer(ref)
            self.run(self.now_ns + 60_000 * MS)

    # ------------------------------------------------ what must hold

    def check_send(self, sent):
        assert sent.cl_ord_id not in self.used, "I4"
        self.used.add(sent.cl_ord_id)
        leg = self.hedge.legs[sent.leg]
        live = sum(o.leaves_qty for o in leg.orders if o.side == sent.side)
        if sent.side == leg.plan.side:
            assert leg.net + live <= leg.plan.target, "I1"
        else:
            assert leg.net - live >= 0, "I1: more is reversed than was filled"
        cap = self.rules.policy.max_orders + self.hedge.retries * self.rules.policy.orders_a_retry
        assert self.hedge.orders_sent <= cap, "I1: orders"

    def check(self):
        hedge = self.hedge
        if hedge.final:
            assert hedge.settled and not any(hedge.naked), "naked and final"
        elif hedge.status is not H.STRANDED and hedge.naked_ns:
            assert self.now_ns <= hedge.naked_ns + self.rules.policy.naked_budget_ns, "I2"
        sums = [0] * len(self.pair.books)
        for each in (self.pair.hedge, *self.pair.past):
            for leg in each.legs if each is not None else ():
                index, side = leg.plan.index, leg.plan.side
                moved = self.moved.get((each.hedge_id, index), 0)
                assert leg.net * side == sum(o.cum_qty * o.side for o in leg.orders) + moved, "net"
                sums[index] += side * leg.net
        held = tuple(was.net + more for was, more in zip(self.first.books, sums, strict=True))
        assert tuple(b.net for b in self.pair.books) == held, "I3"


def _side(real):
    return "1" if real.side > 0 else "2"
