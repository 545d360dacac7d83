"""Reports of one venue: recorded once, then routed to their owners.

What comes from outside is on record before anybody acts on it. A report for
an id that nobody owns is an event: recorded, told to whoever takes strays,
counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from actors.known import KIND as KNOWN
from actors.known import STATE, TRADES, Known
from actors.link import Seen, VenueLink
from domain.errors import JournalError, WireError
from domain.reports import OrderReport
from domain.sequences import CLASH, NEW, REPEAT, ReportSequence
from domain.venue_news import StrayReport
from wire.codec import decode_from_gateway, pack, unpack
from wire.messages import BusinessReject, CancelReject, ExecutionReport, GatewayLogon

KIND = "report"
MAX_STRAY_REJECTS = 1000
"""Rejects about nobody's request that are recorded in one epoch."""


class ReportDesk:
    """Records and routes. `tell(name, message)`, `on_failure(error)`.

    `is_retelling(now_ns)`: the venue tells its day, or fills a gap.
    """

    def __init__(
        self,
        link: VenueLink,
        journal: Any,
        tell: Callable[[str, Any], None],
        on_failure: Callable[[JournalError], None],
        strays_to: str = "",
        is_retelling: Callable[[int], bool] = bool,
    ) -> None:
        self.last_trade_seq = 0
        self.strays = self.repeats = self.clashes = 0
        self._link = link
        self._append = journal.append
        self._tell = tell
        self._on_failure = on_failure
        self._strays_to = strays_to
        self._is_retelling = is_retelling
        self._stray_rejects = 0

    def new_epoch(self) -> None:
        """The gateway began a new numbering."""
        self.last_trade_seq = 0
        self._stray_rejects = 0

    def record(self, frame: bytes) -> int:
        """Keep a frame as it came; its seq, 0 where the journal failed."""
        link = self._link
        body = pack({"venue": link.name, "epoch": link.sequence.epoch, "frame": frame})
        try:
            return self._append(KIND, body)
        except JournalError as error:
            self._on_failure(error)
            return 0

    def execution(self, m: ExecutionReport, frame: bytes, now_ns: int) -> None:
        """An `8`: to the owner of its order."""
        mark = hash((m.exec_type, m.ord_status, m.clord_id, m.order_id, m.exec_id, m.cum_qty, m.leaves_qty, m.reason))
        sequence = self._link.sequence
        is_old = m.seq <= sequence.seen
        verdict = sequence.note(m.seq, mark)
        if verdict is not NEW and self._is_repeat(verdict):
            return
        is_again = m.poss_resend or m.exec_type == STATE
        if is_again and verdict is NEW and self._is_known(m, now_ns):
            return
        if m.exec_type in TRADES and not m.poss_resend and m.seq > self.last_trade_seq:
            self.last_trade_seq = m.seq
        seq = self.record(frame)
        if seq:
            self._link.known.fresh.append(m)
        report = report_of(self._link.name, seq, now_ns, m)
        self._route(replace(report, poss_resend=True) if is_old else report)  # its number has come before, whatever it says of itself

    def _is_known(self, m: ExecutionReport, now_ns: int) -> bool:
        """Told again, and nobody would do anything about it: its number is kept to be noted."""
        link = self._link
        if not self._is_retelling(now_ns) or not link.known.has(m) or not link.adopted(report_of(link.name, 0, now_ns, m)):
            return False
        link.passed.add(link.sequence.epoch, m.seq, now_ns)
        return True

    def note_passed(self, settled: int = 0) -> None:
        """The numbers of what was passed over go on record: no gap, and nothing to be sent again.

        `settled`: so far nobody waits for a number any more, the day was answered.
        """
        passed = self._link.passed
        if not passed.count and not settled:
            return
        epoch = passed.epoch if passed.count else self._link.sequence.epoch
        body = {"venue": self._link.name, "epoch": epoch, "count": passed.count, "runs": passed.runs}
        try:
            self._append(KNOWN, pack({**body, "settled": settled} if settled else body))
        except JournalError as error:
            self._on_failure(error)
        passed.clear()
        self._link.told()

    def cancel_reject(self, m: CancelReject, frame: bytes, now_ns: int) -> None:
        """A `9`: to the owner of the order that was to be cancelled."""
        mark = hash(("9", m.cxl_id, m.orig_clord_id, m.reason, m.ord_status))
        verdict = self._link.sequence.note(m.seq, mark)
        if verdict is not NEW and self._is_repeat(verdict):
            return
        self._route(
            OrderReport(
                self._link.name,
                self.record(frame),
                now_ns,
                "9",
                m.orig_clord_id,
                ord_status=m.ord_status,
                reason=m.reason,
                text=m.text,
                gw_ns=m.gw_ns,
                cxl_id=m.cxl_id,
            )
        )

    def reject(self, m: BusinessReject, frame: bytes, now_ns: int) -> None:
        """A `j` to an order, a cancel or a query: to the order's owner."""
        cl_ord_id = self._link.routes.about(m.ref_id)
        if not self._link.routes.owner(cl_ord_id):
            self._stray_rejects += 1
            if self._stray_rejects > MAX_STRAY_REJECTS:
                self.strays += 1
                return
        cxl_id = m.ref_id if m.ref_type == "F" else None
        self._route(
            OrderReport(
                self._link.name,
                self.record(frame),
                now_ns,
                "j",
                cl_ord_id,
                reason=m.reason,
                text=m.text,
                cxl_id=cxl_id,
                ref_type=m.ref_type,
            )
        )

    def _is_repeat(self, verdict: str) -> bool:
        if verdict is REPEAT:
            self.repeats += 1
            return True
        if verdict is CLASH:
            self.clashes += 1
        return False

    def _route(self, report: OrderReport) -> None:
        owner = self._link.routes.owner(report.cl_ord_id)
        if owner:
            self._tell(owner, report)
            return
        self.strays += 1
        if self._strays_to:
            self._tell(self._strays_to, StrayReport(report))


def report_of(venue: str, seq: int, now_ns: int, m: ExecutionReport) -> OrderReport:
    """An `8` as its owner receives it; `seq`: its record."""
    return OrderReport(
        venue,
        seq,
        now_ns,
        "8",
        m.clord_id,
        m.exec_type,
        m.ord_status,
        m.last_qty,
        m.last_px,
        m.cum_qty,
        m.leaves_qty,
        m.order_id,
        m.exec_id,
        m.symbol,
        m.side,
        m.reason,
        m.text,
        m.exch_ns,
        m.gw_ns,
        m.poss_resend,
        m.exec_ref,
        m.trading_day,
        m.origin,
        m.offset,
        None if m.fee is None else str(m.fee),
        m.fee_currency,
    )


class SeenFold:
    """Reads `Seen` of each venue from the journal, record by record.

    Feed it every record of kind `report` and `known`, in order; `start` with
    the last snapshot's values where there is one.
    """

    def __init__(self) -> None:
        self._sequences: dict[str, ReportSequence] = {}
        self._days: dict[str, str] = {}
        self._known: dict[str, Known] = {}

    def start(self, venue: str, snapshot: dict[str, Any], known: Known | None = None) -> None:
        """`snapshot`: what VenueLink.snapshot gave; `known`: what is known again."""
        sequence = self._sequences[venue] = ReportSequence(snapshot["epoch"], snapshot["seq"])
        sequence.pending.update(snapshot.get("pending", ()))
        self._days[venue] = snapshot["trading_day"]
        self._known[venue] = known or Known()

    def take(self, body: bytes) -> None:
        """One report's record; one that can't be read is passed over."""
        try:
            fields = unpack(body)
            message = decode_from_gateway(fields["frame"])
        except WireError:
            return
        venue, epoch = fields["venue"], fields["epoch"]
        sequence = self._sequences.setdefault(venue, ReportSequence())
        if type(message) is GatewayLogon:
            if message.trading_day != self._days.get(venue):
                self.known(venue).new_day()
            self._days[venue] = message.trading_day
            if message.epoch != sequence.epoch or message.last_seq < sequence.seen:
                sequence.restart(message.epoch, message.last_seq)
            else:
                sequence.drop_above(message.last_seq)
        elif type(message) in (ExecutionReport, CancelReject):
            if epoch != sequence.epoch:
                sequence.restart(epoch, 0)
            sequence.note(message.seq, 0)
            if type(message) is ExecutionReport:
                self.known(venue).take(message)

    def pass_over(self, body: bytes) -> None:
        """The record of numbers under which nothing new was told."""
        fields = unpack(body)
        epoch = fields["epoch"]
        sequence = self._sequences.setdefault(fields["venue"], ReportSequence())
        if epoch != sequence.epoch:
            sequence.restart(epoch, 0)
        for first, last in fields["runs"]:
            sequence.pass_over(first, last)
        if "settled" in fields:
            sequence.settle(fields["settled"])

    def every(self) -> Iterator[tuple[str, Seen]]:
        """What is on record of each venue."""
        for venue in self._sequences:
            yield venue, self.seen(venue)

    def seen(self, venue: str) -> Seen:
        """What is on record of `venue`; zeros where nothing is."""
        sequence = self._sequences.get(venue)
        if sequence is None:
            return Seen()
        return Seen(sequence.epoch, sequence.seen, self._days.get(venue, ""), tuple(sorted(sequence.pending)))

    def known(self, venue: str) -> Known:
        """What its reports have said, to know it when it is told again."""
        return self._known.setdefault(venue, Known())
