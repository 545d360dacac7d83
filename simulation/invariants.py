"""The judge: a hedge's invariants, after every event of a run.

It sees the frames that the node sends and reads, the records that it writes,
and the venues' truth. It uses nothing of the engine: records and frames are
plain MessagePack here, and what a fact means is read from its name.

    I1  each send stays within the leg's target, or reverses what was filled
    I2  naked at most for the budget, or STRANDED and alerted
    I3  no fill on record that the venue doesn't have
    I4  an id is used once; its intent is on record before it leaves
    I5  a terminal state ends a life, but for busts and corrections
    I6  cum_qty never falls but for those; a trade is booked once
    I9  a record about a hedge comes after the one that opened it
    MARGIN money is held for what opens, until its venue has told anew; see holds.py
    I7  no order that a kill, a mode, a limit or a price bound forbids
    I12 cancels are bounded; a virtual second has an end
    I13 no opening order from a quote that does not count
    JOURNAL no opening order once a sync of the journal has failed
    DOUBT an order whose link is lost is UNKNOWN at once; see lost_links.py
    AGAIN what is tried again by itself is a close, seldom, and told; see own_tries.py
    HAND what a person did by hand holds, over a start too; see by_hand.py
    CHOICE which way out is taken, and what it may use; see choices.py
    RETOLD what is passed over is on record, its numbers noted; see retold.py
    GATE no order before its venue has told what it needs; see gates.py

By the world, at a stop or kill, at rest or after a run without faults:

    I3  at rest: fills by record, by book and by venue are the same
    I8  where nothing went wrong nobody is alerted
    I10 the journal's chain verifies
    I11 the state folded from the journal is the one that lived
    I14 at rest: money, fees and lots by our ledgers = by the venues' accounts
    I15 with healthy venues each hedge ends, each pair trades or says why not
    CRASH no actor of a life that ends was raised again, but those meant to be
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.errors import WireError
from simulation.agenda import MS, Agenda
from simulation.by_hand import HandJudge
from simulation.choices import Choices
from simulation.closes import Mismatches
from simulation.exposure import SLACK_NS, Exposure
from simulation.gates import Gates
from simulation.holds import Holds
from simulation.knowledge import Knowledge, SentOrder, pair_of, units_of
from simulation.lost_links import LostLinks
from simulation.own_tries import LET, OwnTries
from simulation.retold import Retold
from simulation.seen import (
    ABOUT_ORDERS,
    CUM_FACTS,
    HEARD_FACTS,
    LAST_FACTS,
    LIVE_FACTS,
    STATES,
    TRADE_FACTS,
    UNDOING_FACTS,
    RecordedOrder,
)
from simulation.settings import NAMES, Shape
from simulation.shown import Shown
from simulation.targets import Targets
from simulation.venue import VirtualVenue
from wire.codec import unpack

SIDES = {"1": 1, "2": -1}
MOST_VIOLATIONS = 50
MOST_TRIES = 40
"""Orders of a hedge with those that its gateways denied: those cost none of its cap."""
CAP_TICKS = 20
"""The configuration's default."""
BROKEN_FRAMES = (WireError, ValueError, KeyError, IndexError, TypeError)


class Judge:
    """Collects violations: (virtual ns, invariant, what)."""

    def __init__(self, agenda: Agenda, shape: Shape, venues: dict[str, VirtualVenue]) -> None:
        self.agenda, self.shape, self.venues = agenda, shape, venues
        self.knowledge = Knowledge(shape.signed_lots)
        self.on_state: Callable[[str, str], None] = lambda _ref, _state: None
        """An order has come into a state, by the records."""
        self.violations: list[tuple[int, str, str]] = []
        self.records: dict[str, RecordedOrder] = {}
        self.out: dict[str, dict[str, None]] = {name: {} for name in NAMES}
        """By venue: the orders that have not ended by the records, those on their way too."""
        self.commanded: set[bytes] = set()
        self.targets = Targets(agenda, self.knowledge, shape.min_lots, self.broken)
        self.retries: dict[str, int] = {}
        self.outcomes: dict[str, str] = {}
        self.moved_otherwise: set[str] = set()
        """Hedges of which lots were moved by no order of theirs."""
        self.repairs = self.frames = 0
        self.kinds: dict[str, int] = {}
        self.alerts: list[str] = []
        self.alerted_ns: list[int] = []
        self.alert_seqs: list[int] = []
        self.shown = Shown(shape, self.broken)
        self.by_hand = HandJudge(self.broken)
        self.own_tries = OwnTries(self.broken)
        self.gates = Gates(self.broken, NAMES[: 1 if shape.kind == "cover" else None])
        self.kind_of: dict[str, str] = {}
        self.tries: dict[str, int] = {}
        self.first: set[str] = set()
        """Orders that left in the turn of a trigger."""
        self.touches: dict[tuple[str, int], int] = {}
        self.holds = Holds(self.broken)
        self.choices = Choices(shape, self.records, self.touches, self.broken)
        self.rolled: list[tuple[str, int]] = []
        """Pairs' legs whose day has rolled in this turn."""
        self.todays: Callable[[str, int], int] = lambda _pair, _leg: 0
        """Today's lots of a pair's leg, as its node has them."""
        self._reports: set[int] = set()
        self._disk_failed = False
        d = shape.value
        bound_ns = (d("hedge_deadline_ms") + d("naked_budget_ms")) * MS + SLACK_NS
        self.exposure = Exposure(agenda, self.knowledge, bound_ns, self.broken)
        self.lost_links = LostLinks(self.records, self.broken)
        self.retold = Retold(self.records, self.broken)
        self.closes = Mismatches(self.broken, bound_ns)
        self._cap = shape.defaults.get("max_orders_per_hedge", 12)

    def broken(self, invariant: str, what: str) -> None:
        """An invariant does not hold."""
        if len(self.violations) < MOST_VIOLATIONS:
            self.violations.append((self.agenda.now_ns, invariant, what))

    def state_of(self, ref: str) -> str:
        """An order's state by the records; NONE where it is on none."""
        record = self.records.get(ref)
        return "NONE" if record is None else record.state

    def leg_of(self, ref: str) -> str:
        """The venue of an order on record."""
        return NAMES[self.records[ref].intent[1]]

    # ------------------------------------------------ frames

    def sent(self, venue: str, body: bytes) -> None:
        """A frame left the node."""
        self.frames += 1
        m = unpack(body)
        self.kinds[m[0]] = self.kinds.get(m[0], 0) + 1
        if m[0] == "D":
            self._order_sent(venue, body, m)
        else:
            self.gates.sent(venue, m, self.agenda.now_ns)
            self.holds.sent(venue, m, self.agenda.now_ns)

    def _order_sent(self, venue: str, body: bytes, m: list[Any]) -> None:
        ref, side, qty, px = m[1], SIDES[m[3]], m[4], m[5]
        record = self.records.get(ref)
        if ref in self.knowledge.orders:
            self.broken("I4", f"{ref} left twice")
            return
        if record is None or body not in self.commanded:
            self.broken("I4", f"{ref} left before its intent was on record")
            return
        hedge, leg, *intended = record.intent
        if venue != NAMES[leg]:
            self.broken("I4", f"{ref} is of leg {leg} and left to {venue}")
        if intended != [side, qty, px]:
            self.broken("I4", f"{ref}: {intended} on record, {[side, qty, px]} left")
        order = SentOrder(hedge, leg, side, qty, record)
        self.targets.check(ref, order)
        kind, opens = self.kind_of[hedge], self.kind_of[hedge] == "open" and ref in self.first
        self.gates.order(venue, ref, pair_of(hedge), kind, self.agenda.now_ns, opens=opens)
        if opens and self._disk_failed:
            self.broken("JOURNAL", f"{ref} opens though the journal's disk has failed")
        if opens and self.knowledge.changed_ns != self.agenda.now_ns:
            most = self.knowledge.most(order)
            if most > self.shape.position_lots:
                self.broken("I7", f"{ref}: may make {most} lots of {self.shape.position_lots}")
            if qty > self.shape.order_lots:
                self.broken("I7", f"{ref}: {qty} lots, an order may have {self.shape.order_lots}")
        self.knowledge.sent(ref, order, self.agenda.now_ns)
        if kind == "close" and side == self.targets.plans[hedge, leg][0] and m[7] == "O" and not (self.shape.locks and record.offset == "L" and "h" in ref.rpartition(".")[2]):
            self.broken("I7", f"{ref}: a close leaves as an open")
        tries = self.tries[hedge] = self.tries.get(hedge, 0) + 1
        if tries > MOST_TRIES * (1 + self.retries.get(hedge, 0) + self.own_tries.denied.get(hedge, 0)):
            self.broken("I12", f"{hedge}: order {tries} left, denied ones counted")
        most = self._cap + 4 * self.retries.get(hedge, 0)
        sent = self.knowledge.sent_in(hedge)
        if sent > most:
            self.broken("I1", f"{hedge}: more than {most} orders left")
        if "p" in ref.rpartition(".")[2]:
            self.choices.completes(ref, most - sent)

    def told(self, venue: str, body: bytes) -> None:
        """The node read a frame of the trade socket."""
        self.frames += 1
        now_ns = self.agenda.now_ns
        try:
            m = unpack(body)
            self.knowledge.told(m, now_ns)
            self.gates.told(venue, m, now_ns)
            self.closes.told(venue, m, now_ns)
            self.holds.told(venue, m)
            self.retold.told(venue, m)
        except BROKEN_FRAMES:
            return  # junk that the venue sent on purpose

    def cut(self, venue: str) -> None:
        self.gates.cut(venue)

    def fed(self, venue: str, _topic: bytes, body: bytes) -> None:
        """The node read a frame of the feed."""
        self.frames += 1
        self.shown.fed(venue, unpack(body), self.agenda.now_ns, self.agenda.wall_ns)

    # ------------------------------------------------ records

    def recorded(self, kind: str, body: bytes, seq: int = 0, cause: int = 0) -> None:
        """The node wrote a record; one that can't be read is a violation."""
        try:
            self._read(kind, body, seq, cause)
        except BROKEN_FRAMES as error:
            self.broken("JUDGE", f"a {kind} record can't be judged: {error!r}")

    def _read(self, kind: str, body: bytes, seq: int, cause: int) -> None:
        if kind == "report":
            self._reports.add(seq)
            self.retold.report(unpack(body))
        elif kind == "known":
            self.retold.known(unpack(body))
        elif kind == "venue":
            told = unpack(body)
            self.lost_links.venue(told, self.agenda.now_ns)
            self.retold.venue(told)
        elif kind == "operator":
            self.choices.news("", self.agenda.now_ns)
            for fact in unpack(body).get("facts", ()):
                self.gates.words.take(fact)
        elif kind == "decision":
            told = unpack(body)
            for fact in told["facts"]:
                if fact[0] in HEARD_FACTS and cause not in self._reports:
                    self.broken("I9", f"{fact[0]} of {fact[1]} names record {cause} as its cause, which is no report")
                self._fact(told["hedge"], fact, told["pair"])
                if fact[0] == "HedgeOpened" and told["saw"]:
                    self.shown.claimed(fact[6], told["saw"][5])
                self.by_hand.fact(told["hedge"], fact)
            self.commanded.update(frame for _, frame in told["commands"] if frame[1:3] == b"\xa1D")
        elif kind == "alert":
            told = unpack(body)
            self.alerts.append(told["code"])
            if told["code"].startswith("JOURNAL"):
                self.choices.news("", self.agenda.now_ns)
            self.alerted_ns.append(self.agenda.now_ns)
            self.alert_seqs.append(seq)
            if told["code"] == "STRANDED":
                self.exposure.told(told["hedge"])
            elif told["code"] == "TRIED_AGAIN":
                self.own_tries.told(told["hedge"])

    def _fact(self, hedge: str | None, fact: list[Any], pair: str) -> None:
        name = fact[0]
        if name == "HedgeOpened":
            self._opened(fact)
        elif hedge is not None and hedge not in self.outcomes:
            self.broken("I9", f"{name} of {hedge}, which no record opened")
        elif name == "OrderSubmitted":
            self._intended(hedge, fact)
        elif name == "LateTruthJoined":
            self._joined(fact)
        elif name.startswith("Hedge") or name == "RepairChosen":
            self._hedge(hedge, name, fact)
            self.choices.fact(hedge, name, fact, self.agenda.now_ns)
        elif name == "MandateGiven":
            self.choices.mandate(hedge, self.kind_of[hedge], fact[1], self.agenda.now_ns)
        elif name == "MandateReturned":
            self.choices.returned(hedge, fact)
        elif name == "DayRolled":
            self.rolled.append((pair, fact[1]))
        elif name in ("MandateRevoked", "ModeSet"):
            self.choices.news(hedge or "", self.agenda.now_ns)
        elif name == "OutsideFilled":
            self.moved_otherwise.add(hedge)
            self.choices.news(hedge, self.agenda.now_ns)
        elif name == "MassCancelSubmitted":
            self.choices.mass_cancelled(fact[1])
        elif name.startswith(ABOUT_ORDERS) and fact[1] in self.records:
            self._order(name, fact, self.records[fact[1]])

    def _opened(self, fact: list[Any]) -> None:
        _, hedge, kind, _direction, units, legs, orders = fact[:7]
        self.outcomes[hedge] = ""
        self.kind_of[hedge] = kind
        self._check_units(hedge, kind, units, fact[9])
        for index, _venue, _symbol, side, per_unit, target, px in legs:
            self.targets.plans[hedge, index] = (side, target)
            self.touches[hedge, index] = px
            if kind == "close" and len(self.shape.names) == 1:
                mine = [order for order in orders if order[2] == index]
                self.closes.begins(self.venues[NAMES[index]], mine, self.knowledge, self.agenda.now_ns)
            self.targets.units[hedge, index] = per_unit
        if kind == "open":
            self.holds.opened(hedge, {venue: target for _, venue, _, _, _, target, _ in legs}, self.agenda.now_ns)
        for order in orders:
            self._intended(hedge, order)
            self.shown.check(order, self.agenda.now_ns)
            self.first.add(order[1])

    def _joined(self, fact: list[Any]) -> None:
        _, hedge, into, lots, outcome = fact[:5]
        if into not in self.outcomes or self.outcomes[into]:
            self.broken("I9", f"{hedge} joins {into}, which is not in flight")
        self.outcomes[hedge] = outcome
        self.choices.news(into, self.agenda.now_ns)
        self.targets.joins(hedge, into, lots)

    def _check_units(self, hedge: str, kind: str, units: int, trigger: str) -> None:
        """I7: as many as may be opened, and no more than there is to close."""
        pair = pair_of(hedge)
        self.exposure.begins_anew(hedge)
        why = self.gates.words.why_not_hedge(pair, kind, trigger)
        if why:
            self.broken("I7", f"{hedge}: a new {kind} under {why}")
        if self.knowledge.changed_ns == self.agenda.now_ns:
            return  # what was read at this instant may not have reached the pair
        held = units_of(self.knowledge.nets.get(pair, [0, 0]), self.shape.signed_lots)
        most = min(self.shape.units, self.shape.max_units - held if kind == "open" else held)
        if units > most and not trigger.startswith("outside"):
            self.broken("I7", f"{hedge}: a {kind} of {units} units, {most} may be")

    def _intended(self, hedge: str, fact: list[Any]) -> None:
        _, ref, leg, letter, side, qty, px = fact[:7]
        if ref in self.records:
            self.broken("I4", f"{ref}: intended twice")
        self.records[ref] = RecordedOrder((hedge, leg, side, qty, px), fact[8])
        self.out[NAMES[leg]][ref] = None
        self.on_state(ref, "SUBMITTED")
        plan = self.targets.plans.get((hedge, leg))
        if letter == "p" and plan is not None and (px - self.touches[hedge, leg]) * side > CAP_TICKS:
            self.broken("I7", f"{ref}: {px} is past the slippage cap from {self.touches[hedge, leg]}")

    def _hedge(self, hedge: str, name: str, fact: list[Any]) -> None:
        if name == "HedgeStranded":
            self.exposure.strands(hedge)
            self.own_tries.strands(hedge, fact[1], self.agenda.now_ns)
        elif name == "HedgeAimed":
            self.targets.plans[hedge, 0] = (self.targets.plans[hedge, 0][0], fact[1])
        elif name == "HedgeLeft":
            self.targets.leaves(hedge, fact[1])
        elif name == "HedgeEnded":
            self.outcomes[hedge] = fact[1]
            self.holds.ended(hedge, self.agenda.now_ns)
            self.exposure.stranded.discard(hedge)
        elif name == "HedgeRetried" or (name == "HedgeSentBack" and hedge in self.exposure.stranded):
            self.retries[hedge] = self.retries.get(hedge, 0) + (fact[1] != "doubt ended" and not fact[1].startswith(LET))
            if name == "HedgeRetried":
                self._tried(hedge, fact[1])
            else:
                self.choices.sent_back(hedge, fact[3])
            self.exposure.stranded.discard(hedge)
            self.exposure.begins_anew(hedge)
        elif name == "HedgeReopened":
            self.outcomes[hedge] = ""
            self.holds.goes_on(hedge)
            self.exposure.begins_anew(hedge)
        elif name == "RepairChosen":
            self.repairs += 1
            legs = self.targets.check_repair(hedge, self.kind_of[hedge], fact[1], to_units=fact[2])
            sides = [self.targets.plans[hedge, index][0] for index in range(len(legs))]
            self.choices.chosen(hedge, fact, legs, sides)

    def _tried(self, hedge: str, word: str) -> None:
        doubts = [ref for ref, order in self.records.items() if order.intent[0] == hedge and order.state == "UNKNOWN"]
        kills = self.gates.words.kills_of(pair_of(hedge))
        self.own_tries.tried(hedge, word, self.kind_of[hedge], self.agenda.now_ns, doubts, kills)

    def _order(self, name: str, fact: list[Any], order: RecordedOrder) -> None:
        ref = fact[1]
        if order.ended and (name in LIVE_FACTS or name in LAST_FACTS):
            self.broken("I5", f"{ref}: {name} after its end")
        order.ended = order.ended or name in LAST_FACTS
        if not order.ended or name in LAST_FACTS:
            before = order.state
            order.state = STATES.get((order.state, name)) or STATES.get(name, order.state)
            if order.state == "ENDED":
                self.out[NAMES[order.intent[1]]].pop(fact[1], None)
            if order.state != before:
                self.on_state(ref, order.state)
            if order.state == "UNKNOWN":
                self.gates.doubt(ref, NAMES[order.intent[1]], self.agenda.now_ns)
            else:
                self.gates.settled(ref)
        if (name in CUM_FACTS and fact[2] != order.cum) or name in UNDOING_FACTS:
            late = name == "OrderFilledLate" or name in UNDOING_FACTS
            self.choices.filled(ref, *order.intent[:2], self.agenda.now_ns, late=late)
        if name in CUM_FACTS:
            if fact[2] < order.cum:
                self.broken("I6", f"{ref}: {name} makes {fact[2]} of {order.cum}")
            order.cum = fact[2]
            self._check_truth(ref, order.cum)
        elif name in UNDOING_FACTS:
            order.cum, order.changed = fact[2], True
        at = TRADE_FACTS.get(name)
        if at is not None and fact[at] is not None:
            key, qty, px = fact[at]
            if key in order.trades:
                self.broken("I6", f"{ref}: trade {key} booked twice")
            order.trades[key] = qty, px

    def _check_truth(self, ref: str, cum: int) -> None:
        """I3: the journal never knows a fill that the venue does not."""
        venue = self.venues[NAMES[self.records[ref].intent[1]]]
        real = venue.orders.get(ref)
        if cum > (real.most if real is not None else 0):
            self.broken("I3", f"{ref}: {cum} on record, the venue has {real.most if real else None}")

    def mismatched(self, venue: VirtualVenue, order: Any) -> None:
        """A close of lots that are not there is at its venue."""
        self.closes.check(venue, order, self.knowledge, self.agenda.now_ns)

    # ------------------------------------------------ after each event

    def step(self) -> None:
        """After each turn of an actor."""
        self.exposure.step()
        if self.own_tries.untold:
            self.own_tries.step(self.agenda.now_ns)
        if self.gates.doubted:
            self.gates.step(self.agenda.now_ns)
        if self.rolled:
            self._check_rolled()
        if self.holds.is_due:
            self.holds.step(self.agenda.now_ns)
        if self.lost_links.owes:
            self.lost_links.step(self.agenda.now_ns)

    def _check_rolled(self) -> None:
        """I14: on a new trading day nothing of what was held is today's."""
        for pair, leg in self.rolled:
            lots = self.todays(pair, leg)
            if lots:
                self.broken("I14", f"{pair}: {lots} of today's lots of leg {leg}, whose day has just begun")
        self.rolled.clear()

    def stalled(self, for_ns: int) -> None:
        """The node's thread got no core for so long: it can't be blamed for that."""
        self.exposure.stalled(for_ns)
        self.gates.stalled(for_ns)
        self.lost_links.forget()

    def disk_failed(self, call: str) -> None:
        """A call on the journal's disk has failed under the node that runs."""
        self._disk_failed = self._disk_failed or call == "sync"
        self.retold.disk_failed()
        self.lost_links.forget()  # where no disk is left nothing is recorded any more

    def killed(self) -> None:
        """Its process is dead."""
        self.exposure.killed()
        self.holds.forget()
        self.rolled.clear()
        self.own_tries.killed()
        self.lost_links.forget()

    def started(self) -> None:
        """A node starts: its patience, and its budget, begin anew."""
        self._disk_failed = False
        self.holds.forget()
        self.exposure.started()
        self.retold.started()
        self.shown.started()
        self.gates.restarted(self.agenda.now_ns)
