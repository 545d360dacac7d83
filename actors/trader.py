"""What a pair and its repair children do alike: record, adopt, send.

A turn is decide, journal, adopt, perform. Facts say what is to be sent: an
`OrderSubmitted` leaves as a `D`, a `CancelSubmitted` as an `F`, an
`OrderQueried` as an `H`. Frames are made and risk is asked before the record;
after the first send nothing raises: what was not sent comes back as a Denied,
after the turn's other commands have been tried.
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from actors.base import Actor
from actors.desk import Desk
from actors.link import Purpose, VenueLink
from actors.notes import ACCOUNT, RepairFacts, RepairTold
from domain.closable import CLOSING
from domain.errors import JournalError
from domain.market import LOCK, UNLOCK
from domain.orders import (
    LIVE,
    CancelSubmitted,
    MassCancelSubmitted,
    Order,
    OrderDenied,
    OrderQueried,
    OrderSubmitted,
    OrderUnknown,
    OrdStatus,
)
from domain.pairspec import PairSpec
from domain.reports import OrderReport
from domain.venue_news import VenueTrouble
from wire.records import encode_decision

DECISION = "decision"
_TOLD = frozenset((CancelSubmitted, MassCancelSubmitted, OrderQueried))
_REFUSED = frozenset((OrdStatus.REJECTED, OrdStatus.DENIED))
OURS = frozenset((LOCK, UNLOCK))
"""Offsets that no venue knows: see `domain.market`."""
SILENT = "an order had no answer in time: until the venue says what became of it, it counts as filled and as open"
NOT_SENT = "NOT_SENT"
"""The code of an order that never left us: no word of a venue."""
HELD_NS = 50_000_000
"""How often what waits for a venue that is away is looked at."""


class Command(Struct, gc=False):
    """One frame to send: over which link, for which order, to what end."""

    kind: str
    link: VenueLink
    cl_ord_id: str
    frame: bytes
    purpose: Purpose


class Trader(Actor):
    """Base of the actors that send orders. Thread: the lane."""

    AGAIN: ClassVar[frozenset[type]] = frozenset((OrderReport, RepairFacts, RepairTold))

    def __init__(self, runtime: Any, name: str, desk: Desk, spec: PairSpec) -> None:
        super().__init__(runtime, name)
        self.desk = desk
        self.spec = spec
        self._life_ms = spec.rules.watch.ack_timeout_ns // 1_000_000
        self._held = False
        self._seq = 0
        self._left: tuple[int, int] | None = None  # the record whose frames left last, and by when; the next one tells it

    def on_failure(self, _kind: Any, error: BaseException | None, _traceback: Any) -> None:
        """A trader that crashed is told at once: its hedge waits meanwhile."""
        self.desk.alert("critical", "ACTOR_CRASHED", pair=self.spec.name, actor=self.name, error=repr(error))

    def bears(self, error: BaseException) -> bool:
        """A turn that no disk could record has sent nothing, and none after it decides anything: raised anew it could do no more."""
        return isinstance(error, JournalError) and self.desk.journal.lost

    def unrecordable(self) -> dict[str, Any]:
        """The answer to a person's word that no disk can take."""
        return {"error": f"no word can be recorded: {self.desk.journal_failed}: see to both disks, then start the node anew"}

    # ------------------------------------------------ before the record

    def commands_of(self, facts: tuple, purpose: Purpose) -> list[Command]:
        """The frames that these facts ask for, in order."""
        out: list[Command] = []
        for fact in facts:
            kind = fact.__class__
            if kind is OrderSubmitted:
                leg = self.spec.legs[fact.leg]
                link = self.desk.links[leg.venue]
                offset = fact.offset
                if offset in OURS:
                    offset = "O" if offset == LOCK else "Y" if leg.instrument.offset_mode == "octy" else "C"
                frame = link.encode_order(
                    fact.cl_ord_id,
                    leg.symbol,
                    "1" if fact.side > 0 else "2",
                    fact.qty,
                    fact.px,
                    fact.tif,
                    offset,
                    self._life_ms,
                    leg.hedge_flag,
                )
                out.append(Command("D", link, fact.cl_ord_id, frame, purpose))
            elif kind is OrderDenied:
                out = [command for command in out if command.cl_ord_id != fact.cl_ord_id]
            elif kind is CancelSubmitted:
                link = self.link_of(fact.cl_ord_id)
                frame = link.encode_cancel(fact.cxl_id, fact.cl_ord_id)
                out.append(Command("F", link, fact.cl_ord_id, frame, Purpose.CANCEL))
            elif kind is MassCancelSubmitted:
                link = self.link_of(fact.cl_ord_id)
                symbol = self.spec.legs[leg_index(fact.cl_ord_id)].symbol
                frame = link.encode_mass_cancel(self.spec.name, symbol)
                out.append(Command("q", link, fact.cl_ord_id, frame, Purpose.CANCEL))
            elif kind is OrderQueried:
                link = self.link_of(fact.cl_ord_id)
                out.append(Command("H", link, fact.cl_ord_id, link.encode_query(fact.cl_ord_id), Purpose.CANCEL))
        return out

    def sendable(self, facts: tuple) -> tuple:
        """Of what time asks for, what the venues can be told now.

        A cancel or query that can't leave is not made: while the venue is
        away it would use up the order's cancels. It is due again at once.
        """
        kept = tuple(fact for fact in facts if type(fact) not in _TOLD or self._can_tell(fact.cl_ord_id))
        self._held = self._held or len(kept) < len(facts)
        return kept

    def _can_tell(self, cl_ord_id: str) -> bool:
        return self.link_of(cl_ord_id).stage >= Purpose.CANCEL

    def least_delay_ns(self) -> int:
        """How soon a timer may ask again for what was held back."""
        return HELD_NS if self._held else 0

    def link_of(self, cl_ord_id: str) -> VenueLink:
        """The venue of an own order, by the leg that its id names."""
        return self.desk.links[self.spec.legs[leg_index(cl_ord_id)].venue]

    def refusal_of(self, order: OrderSubmitted, left: int) -> str:
        """What the price band has against a repair's order; count rules do not apply."""
        leg = self.spec.legs[order.leg]
        quote = self.desk.links[leg.venue].feed.latest.get(leg.symbol)
        if quote is None or (quote.ask_px if order.side > 0 else quote.bid_px) is None:
            return ""
        return self.desk.risk.check_order(leg.key, order.side, order.qty, order.px, quote, reduces_lots=left)

    def tell_silent(self, facts: tuple) -> None:
        """Orders that nobody has answered in time: a person hears of it at once, and once a while for each venue."""
        for fact in facts:
            if fact.__class__ is OrderUnknown:
                venue = self.link_of(fact.cl_ord_id).name
                self.tell(ACCOUNT, VenueTrouble(venue, "ORDER_SILENT", f"{venue}: {SILENT}"))

    # ------------------------------------------------ the record

    def comes_again(self, news: Any) -> bool:
        """Whether a repair's record waits to be adopted here: then this comes once more behind it, unless newer of its venue does.

        What is recorded of it now is folded after that record: a fill of a repair is of the day that ends.
        """
        waiting = self.box.orders
        if not any(each.__class__ is RepairFacts for each in waiting):
            return False
        if not any(each.__class__ is news.__class__ and each.venue == news.venue for each in waiting):
            self.tell(self.name, news)
        return True

    def record(self, hedge_id: str | None, facts: tuple, commands: list[Command], cause: int, saw: tuple | None) -> int:
        """Append the decision; from here on it is true.

        Raises: JournalError, with nothing sent.
        """
        sent = []
        for command in commands:
            sent.append((command.link.name, command.frame))
        body = encode_decision(self.name, self.spec.name, hedge_id, facts, sent, saw, self._left)
        desk = self.desk
        try:
            seq = desk.journal.append(DECISION, body, cause)
        except JournalError as error:
            desk.journal_failed = str(error)
            raise
        self._seq, self._left = seq, None
        desk.ledgers.note(self.spec.name, facts)
        return seq

    # ------------------------------------------------ perform

    def send(self, commands: list[Command], owner: str = "") -> tuple[OrderDenied, ...]:
        """Send all; what could not leave is a Denied (an order) or retried
        by its ladder (a cancel, a query). `owner`: who hears of its orders.
        """
        denied: tuple[OrderDenied, ...] = ()
        for command in commands:
            why = command.link.send(command.frame, command.purpose)
            if why and command.kind == "D":
                denied = (*denied, OrderDenied(command.cl_ord_id, NOT_SENT, why))
        if commands:
            self._left = self._seq, self.clock.mono_ns()
        owner = owner or self.name
        for command in commands:
            if command.kind == "D":  # its report is read in a later turn at the soonest
                command.link.claim(command.cl_ord_id, owner)
        return denied

    # ------------------------------------------------ risk's books

    def rebook(self, before: Order | None, after: Order) -> None:
        """Tell the risk table what an order's change means."""
        leg = self.spec.legs[after.leg]
        if not self.spec.sends_orders:
            return
        risk = self.desk.risk
        if after.offset in CLOSING:
            left = after.leaves_qty
            self.desk.closable.claim(leg.key, after.side, after.cl_ord_id, self.spec.name, after.offset, left)
        if before is None:
            risk.claim(leg.key, after.cl_ord_id, after.side, after.qty, after.px, rests=after.tif == "0")
            return
        moved = after.cum_qty - before.cum_qty
        if moved:
            risk.book_fill(leg.key, after.cl_ord_id, after.side, moved)
            if self.desk.breaker.rows:
                self.desk.breaker.filled(leg.venue)
        if before.status in LIVE and after.status not in LIVE:
            risk.release(leg.key, after.cl_ord_id)
            if after.status in _REFUSED and after.reject_code != NOT_SENT:
                self._refused(leg.venue, after)

    def _refused(self, venue: str, order: Order) -> None:
        """Refused or denied over there: too many in a row are told, once a pause."""
        pause_ns = self.desk.breaker.refused(venue, self.clock.mono_ns())
        if pause_ns:
            count, code = self.desk.breaker.rows[venue].count, order.reject_code
            told = {"venue": venue, "pair": self.spec.name, "refusals": count, "last": code}
            self.desk.alert("critical", "VENUE_REFUSES", **told, pause_ms=pause_ns // 1_000_000)


def leg_index(cl_ord_id: str) -> int:
    """The leg that an id of ours names: `hedge.LEGletterN`."""
    tail = cl_ord_id.rsplit(".", 1)[-1]
    digits = ""
    for character in tail:
        if not character.isdigit():
            break
        digits += character
    return int(digits)
