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
    I13 no opening order from a quote that does not count

By the world, at a stop or kill, at rest or after a run without faults:

    I3  at rest: fills by record, by book and by venue are the same
    I8  where nothing went wrong nobody is alerted
    I10 the journal's chain verifies
    I11 the state folded from the journal is the one that lived
    I15 with healthy venues each hedge ends, each pair trades or says why not
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.errors import WireError
from simulation.agenda import MS, Agenda
from simulation.knowledge import Knowledge, SentOrder, naked
from simulation.settings import NAMES, Shape
from simulation.venue import VirtualVenue
from wire.codec import unpack

SLACK_NS = 600 * MS
SIDES = {"1": 1, "2": -1}
MOST_VIOLATIONS = 50
LIVE_FACTS = frozenset(("OrderPending", "OrderAccepted", "OrderPartiallyFilled", "OrderUnknown", "CancelSubmitted"))
LAST_FACTS = frozenset(("OrderFilled", "OrderCanceled", "OrderExpired", "OrderRejected", "OrderDenied", "OrderAbsent"))
CUM_FACTS = frozenset(
    ("OrderPartiallyFilled", "OrderFilled", "OrderFilledLate", "OrderCanceled", "OrderExpired", "OrderRejected")
)
TRADE_FACTS = {"OrderPartiallyFilled": 3, "OrderFilled": 3, "OrderFilledLate": 3, "TradeBooked": 2}
UNDOING_FACTS = frozenset(("TradeBusted", "TradeCorrected"))
ABOUT_ORDERS = ("Order", "Cancel", "Trade")
BROKEN_FRAMES = (WireError, ValueError, KeyError, IndexError, TypeError)


STATES: dict[Any, str] = {
    "OrderPending": "PENDING_NEW",
    "OrderAccepted": "NEW",
    "OrderPartiallyFilled": "PARTIALLY_FILLED",
    "OrderUnknown": "UNKNOWN",
    "CancelSubmitted": "PENDING_CANCEL",
    ("UNKNOWN", "CancelSubmitted"): "UNKNOWN",
    ("PENDING_CANCEL", "OrderPartiallyFilled"): "PENDING_CANCEL",
    **dict.fromkeys(LAST_FACTS, "ENDED"),
}
"""What a fact makes of an order's state, for the table of faults and states."""


class RecordedOrder:
    """An order by its records."""

    __slots__ = ("cum", "ended", "intent", "state", "trades")

    def __init__(self, intent: tuple) -> None:
        self.intent = intent
        self.state = "SUBMITTED"
        self.ended = False
        self.cum = 0
        self.trades: set[str] = set()


class Book:
    """The last frames of one symbol that the node read."""

    __slots__ = ("ask", "asks", "bid", "bids", "changed_ns", "gw_ns", "heard_ns", "status", "status_ns")

    def __init__(self) -> None:
        self.bid = self.ask = self.status = self.gw_ns = None
        self.heard_ns = self.changed_ns = self.status_ns = -(10**15)


class Judge:
    """Collects violations: (virtual ns, invariant, what)."""

    def __init__(self, agenda: Agenda, shape: Shape, venues: dict[str, VirtualVenue]) -> None:
        self.agenda, self.shape, self.venues = agenda, shape, venues
        self.knowledge = Knowledge()
        self.is_dead: Callable[[], bool] = lambda: False
        self.violations: list[tuple[int, str, str]] = []
        self.records: dict[str, RecordedOrder] = {}
        self.commanded: set[bytes] = set()
        self.plans: dict[tuple[str, int], tuple[int, int]] = {}
        self.units: dict[tuple[str, int], int] = {}
        self.moved: dict[tuple[str, int], int] = {}
        self.retries: dict[str, int] = {}
        self.stranded: set[str] = set()
        self.outcomes: dict[str, str] = {}
        self.repairs = self.frames = 0
        self.kinds: dict[str, int] = {}
        self.alerts: list[str] = []
        self.books = {name: Book() for name in NAMES}
        self._untold: set[str] = set()
        self._owed: set[str] = set()
        self._open_ns: int | None = None
        self._told_i2 = False
        d = shape.value
        self._bound_ns = (d("hedge_deadline_ms") + d("naked_budget_ms")) * MS + SLACK_NS
        self._cap = shape.defaults.get("max_orders_per_hedge", 12)

    def broken(self, invariant: str, what: str) -> None:
        """An invariant does not hold."""
        if len(self.violations) < MOST_VIOLATIONS:
            self.violations.append((self.agenda.now_ns, invariant, what))

    def state_of(self, ref: str) -> str:
        """An order's state by the records; NONE where it is on none."""
        record = self.records.get(ref)
        return "NONE" if record is None else record.state

    # ------------------------------------------------ frames

    def sent(self, venue: str, body: bytes) -> None:
        """A frame left the node."""
        self.frames += 1
        m = unpack(body)
        self.kinds[m[0]] = self.kinds.get(m[0], 0) + 1
        if m[0] == "D":
            self._order_sent(venue, body, m)

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
        order = SentOrder(hedge, leg, side, qty)
        self._check_target(ref, order)
        self.knowledge.sent(ref, order)
        most = self._cap + 4 * self.retries.get(hedge, 0)
        if self.knowledge.sent_in(hedge) > most:
            self.broken("I1", f"{hedge}: more than {most} orders left")

    def _check_target(self, ref: str, order: SentOrder) -> None:
        """I1: before this order joins the leg's others."""
        now_ns = self.agenda.now_ns
        plan, target = self.plans[order.hedge, order.leg]
        others = self.knowledge.of(order.hedge, order.leg)
        moved = plan * self.moved.get((order.hedge, order.leg), 0)
        if order.sign == plan:
            held = moved + sum(o.exposed(now_ns) if o.sign == plan else -o.filled(now_ns) for o in others)
            if held + order.qty > target:
                self.broken("I1", f"{ref}: {held} + {order.qty} over the target {target}")
        else:
            held = moved + sum(o.filled(now_ns) if o.sign == plan else -o.exposed(now_ns) for o in others)
            if order.qty > held:
                self.broken("I1", f"{ref}: {order.qty} reversed of {held} filled")

    def told(self, _venue: str, body: bytes) -> None:
        """The node read a frame of the trade socket."""
        self.frames += 1
        try:
            self.knowledge.told(unpack(body), self.agenda.now_ns)
        except BROKEN_FRAMES:
            return  # junk that the venue sent on purpose

    def fed(self, venue: str, _topic: bytes, body: bytes) -> None:
        """The node read a frame of the feed."""
        self.frames += 1
        m = unpack(body)
        book, now_ns = self.books[venue], self.agenda.now_ns
        if m[0] == "f":
            book.status, book.status_ns = m[4], now_ns
        elif m[0] == "W":
            bid, ask = (m[5] or [None])[0], (m[6] or [None])[0]
            if (bid, ask, m[4]) != (book.bid, book.ask, book.gw_ns):
                book.bid, book.ask, book.gw_ns, book.changed_ns = bid, ask, m[4], now_ns
            book.heard_ns = now_ns

    # ------------------------------------------------ records

    def recorded(self, kind: str, body: bytes) -> None:
        """The node wrote a record; one that can't be read is a violation."""
        try:
            self._read(kind, body)
        except BROKEN_FRAMES as error:
            self.broken("JUDGE", f"a {kind} record can't be judged: {error!r}")

    def _read(self, kind: str, body: bytes) -> None:
        if kind == "decision":
            told = unpack(body)
            for fact in told["facts"]:
                self._fact(told["hedge"], fact)
            self.commanded.update(frame for _, frame in told["commands"] if frame[1:3] == b"\xa1D")
        elif kind == "alert":
            told = unpack(body)
            self.alerts.append(told["code"])
            if told["code"] == "STRANDED":
                self._untold.discard(told["hedge"])
                self._owed.discard(told["hedge"])

    def _fact(self, hedge: str | None, fact: list[Any]) -> None:
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
        elif name.startswith(ABOUT_ORDERS) and fact[1] in self.records:
            self._order(name, fact, self.records[fact[1]])

    def _opened(self, fact: list[Any]) -> None:
        _, hedge, _kind, _direction, _units, legs, orders = fact[:7]
        self.outcomes[hedge] = ""
        self._open_ns = None
        for index, _venue, _symbol, side, per_unit, target, _px in legs:
            self.plans[hedge, index] = (side, target)
            self.units[hedge, index] = per_unit
        for order in orders:
            self._intended(hedge, order)
            self._check_quote(order)

    def _joined(self, fact: list[Any]) -> None:
        """Lots of an ended hedge are another's from now on; nothing is lost."""
        _, hedge, into, lots, outcome = fact[:5]
        if into not in self.outcomes or self.outcomes[into]:
            self.broken("I9", f"{hedge} joins {into}, which is not in flight")
        self.outcomes[hedge] = outcome
        for index, moved in enumerate(lots):
            self.moved[hedge, index] = self.moved.get((hedge, index), 0) - moved
            self.moved[into, index] = self.moved.get((into, index), 0) + moved

    def _intended(self, hedge: str, fact: list[Any]) -> None:
        _, ref, leg, _letter, side, qty, px = fact[:7]
        if ref in self.records:
            self.broken("I4", f"{ref}: intended twice")
        self.records[ref] = RecordedOrder((hedge, leg, side, qty, px))

    def _check_quote(self, order: list[Any]) -> None:
        """I13: the quote that this opening order was priced from."""
        name = NAMES[order[2]]
        book, now_ns = self.books[name], self.agenda.now_ns
        touch = book.ask if order[4] > 0 else book.bid
        if touch is None:
            self.broken("I13", f"{order[1]}: {name} has no opposing side")
        if book.bid is not None and book.ask is not None and book.bid > book.ask:
            self.broken("I13", f"{order[1]}: {name} is crossed")
        if now_ns - book.heard_ns > self.shape.defaults.get("max_silence_ms", 3000) * MS:
            self.broken("I13", f"{order[1]}: {name} is silent")
        if now_ns - book.changed_ns > self.shape.defaults.get("max_unchanged_ms", 2000) * MS:
            self.broken("I13", f"{order[1]}: {name} is unchanged for too long")
        if book.status != 17 or now_ns - book.status_ns > 3000 * MS:
            self.broken("I13", f"{order[1]}: {name} is not open")

    def _hedge(self, hedge: str, name: str, fact: list[Any]) -> None:
        if name == "HedgeStranded":
            self.stranded.add(hedge)
            self._untold.add(hedge)
        elif name == "HedgeEnded":
            self.outcomes[hedge] = fact[1]
            self.stranded.discard(hedge)
        elif name == "HedgeRetried":
            self.retries[hedge] = self.retries.get(hedge, 0) + 1
            self.stranded.discard(hedge)
            self._open_ns = None
        elif name == "HedgeReopened":
            self._open_ns = None
        elif name == "RepairChosen":
            self.repairs += 1
            self._check_repair(hedge, to_units=fact[2])

    def _check_repair(self, hedge: str, to_units: int) -> None:
        """I1: a repair takes back what nothing covers, never what matches."""
        now_ns = self.agenda.now_ns
        covered = []
        for index in range(len(NAMES)):
            plan, target = self.plans[hedge, index]
            net = sum(o.least(now_ns) if o.sign == plan else -o.filled(now_ns) for o in self.knowledge.of(hedge, index))
            net += plan * self.moved.get((hedge, index), 0)
            covered.append(min(net, target) // self.units[hedge, index])
        if to_units < min(covered):
            self.broken("I1", f"{hedge}: a repair to {to_units} units, {min(covered)} are covered")

    def _order(self, name: str, fact: list[Any], order: RecordedOrder) -> None:
        ref = fact[1]
        if order.ended and (name in LIVE_FACTS or name in LAST_FACTS):
            self.broken("I5", f"{ref}: {name} after its end")
        order.ended = order.ended or name in LAST_FACTS
        if not order.ended or name in LAST_FACTS:
            order.state = STATES.get((order.state, name)) or STATES.get(name, order.state)
        if name in CUM_FACTS:
            if fact[2] < order.cum:
                self.broken("I6", f"{ref}: {name} makes {fact[2]} of {order.cum}")
            order.cum = fact[2]
            self._check_truth(ref, order.cum)
        elif name in UNDOING_FACTS:
            order.cum = fact[2]
        at = TRADE_FACTS.get(name)
        if at is not None and fact[at] is not None:
            key = fact[at][0]
            if key in order.trades:
                self.broken("I6", f"{ref}: trade {key} booked twice")
            order.trades.add(key)

    def _check_truth(self, ref: str, cum: int) -> None:
        """I3: the journal never knows a fill that the venue does not."""
        venue = self.venues[NAMES[self.records[ref].intent[1]]]
        real = venue.orders.get(ref)
        if cum > (real.most if real is not None else 0):
            self.broken("I3", f"{ref}: {cum} on record, the venue has {real.most if real else None}")

    # ------------------------------------------------ after each event

    def step(self) -> None:
        """After each turn of an actor."""
        if self._untold and not self.is_dead():
            for hedge in sorted(self._untold):
                self.broken("I2", f"{hedge} is stranded and nobody was told")
            self._untold.clear()
        knowledge = self.knowledge
        if not knowledge.open and not any(naked(knowledge.net, self.shape.signed_lots)):
            self._open_ns, self._told_i2 = None, False
        elif self._open_ns is None:
            self._open_ns = self.agenda.now_ns
        elif self.agenda.now_ns - self._open_ns > self._bound_ns and not self.stranded and not self._told_i2:
            self._told_i2 = True
            bare = naked(knowledge.net, self.shape.signed_lots)
            self.broken("I2", f"naked {bare}, open {sorted(knowledge.open)} for too long, and nobody was told")

    def killed(self) -> None:
        """What was stranded and not yet told is owed by the next node."""
        self._owed |= self._untold
        self._untold.clear()

    def started(self) -> None:
        """A node starts: its budget starts with it."""
        self._open_ns = None
        if self._owed:
            self.agenda.after(SLACK_NS, self._check_owed)

    def _check_owed(self) -> None:
        for hedge in sorted(self._owed & self.stranded):
            self.broken("I2", f"{hedge} was stranded as its node was killed, and the next one told nobody")
