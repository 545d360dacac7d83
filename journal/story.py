"""One hedge's records, in order, as a tree of causes with times between.

A decision belongs to the hedge that it names, a report to the hedge whose
order, cancel or query it answers, anything else to the hedge that it names
or that caused it. A report's parent is the decision that sent what it
answers; a decision's is its cause.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from domain.errors import HedgerowError
from journal.format import Record
from journal.readable import DECISION, REPORT, ids_in, readable, report_ids
from journal.reader import read

_OPENED = b"HedgeOpened"


class NotOnRecord(HedgerowError):
    """The journal is well, but holds no such hedge."""


class Entry(msgspec.Struct):
    """One record. Units: `at_us` since the hedge's first, `step_us` since the last.

    `parent`: the entry under which it stands, 0 for a root; `depth` its level.
    """

    seq: int
    cause: int
    parent: int
    depth: int
    kind: str
    wall_ns: int
    mono_ns: int
    at_us: float
    step_us: float
    body: dict[str, Any]


class OrderLine(msgspec.Struct):
    """One order from intent to its last report. Units: us since the intent.

    `gateway_us`: when the gateway passed the first report on, by its own clock.
    """

    cl_ord_id: str
    venue: str
    symbol: str
    side: str
    qty: int
    px: int | None
    tif: str
    decided_seq: int
    decided_ns: int
    decided_at_us: float
    cum_qty: int = 0
    ord_status: str = ""
    reports: int = 0
    gateway_us: float | None = None
    first_report_us: float | None = None
    last_report_us: float | None = None


class Story(msgspec.Struct):
    """All that is on record of one hedge."""

    hedge: str
    pair: str
    started_ns: int
    duration_us: float
    orders: list[OrderLine]
    orphans: list[int]
    entries: list[Entry]


def last_hedge(directory: Path | str) -> str:
    """The hedge that opened last. Raises: NotOnRecord if none has."""
    newest: Record | None = None
    for record in read(directory):
        if record.kind == DECISION and _OPENED in record.body:
            newest = record
    hedge = readable(newest).get("hedge") if newest is not None else None
    if not hedge:
        raise NotOnRecord(f"{directory}: no hedge is on record yet")
    return hedge


def tell(directory: Path | str, hedge: str) -> Story:
    """The story of that hedge. Raises: NotOnRecord."""
    chosen = _Chooser(hedge)
    for record in read(directory):
        chosen.take(record)
    if not any(record.kind == DECISION for record in chosen.records):
        raise NotOnRecord(f"{directory}: no hedge {hedge!r} is on record: `hedge ls` names those there are")
    outside = {r.cause for r in chosen.records if r.cause} - {r.seq for r in chosen.records}
    if outside:
        chosen.add_outside(read(directory, from_seq=min(outside)), outside)
    return _story(hedge, chosen)


class _Chooser:
    """Picks the records of one hedge out of all that pass by."""

    def __init__(self, hedge: str) -> None:
        self.hedge = hedge
        self.records: list[Record] = []
        self.bodies: dict[int, dict[str, Any]] = {}
        self.sent_by: dict[str, int] = {}
        self._marks = [hedge.encode()]
        self._seqs: set[int] = set()

    def take(self, record: Record) -> None:
        if record.kind.startswith("snapshot"):
            return
        caused = record.cause in self._seqs
        if not caused and not any(mark in record.body for mark in self._marks):
            return
        body = readable(record)
        if not self._belongs(record, body, caused=caused):
            return
        self._keep(record, body)
        if record.kind == DECISION:
            for sent in ids_in(body):
                self.sent_by.setdefault(sent, record.seq)
                if self.hedge not in sent:
                    self._marks.append(sent.encode())

    def add_outside(self, records: Iterable[Record], seqs: set[int]) -> None:
        """Takes in the causes that lie outside of the hedge."""
        last = max(seqs)
        for record in records:
            if record.seq in seqs:
                self._keep(record, readable(record))
            if record.seq >= last:
                break
        self.records.sort(key=lambda each: each.seq)

    def _keep(self, record: Record, body: dict[str, Any]) -> None:
        self.records.append(record)
        self.bodies[record.seq] = body
        self._seqs.add(record.seq)

    def _belongs(self, record: Record, body: dict[str, Any], *, caused: bool) -> bool:
        if record.kind == REPORT:
            return any(each in self.sent_by for each in report_ids(body.get("message") or {}))
        named = body.get("hedge")
        return named == self.hedge or (caused and not named) or _joins(body, self.hedge)


def _joins(body: dict[str, Any], hedge: str) -> bool:
    """Whether a record makes the late truth of another hedge this one's."""
    return any(isinstance(fact, dict) and fact.get("into") == hedge for fact in body.get("facts") or ())


def _story(hedge: str, chosen: _Chooser) -> Story:
    records, bodies = chosen.records, chosen.bodies
    first = next(each for each in records if each.kind == DECISION)
    entries: list[Entry] = []
    by_seq: dict[int, Entry] = {}
    orphans = []
    for record in records:
        parent = record.cause if record.cause in by_seq else _sender(record, chosen)
        if parent == 0 and entries and record is not first:
            orphans.append(record.seq)
        before = entries[-1] if entries else None
        entry = Entry(
            seq=record.seq,
            cause=record.cause,
            parent=parent,
            depth=by_seq[parent].depth + 1 if parent in by_seq else 0,
            kind=record.kind,
            wall_ns=record.wall_ns,
            mono_ns=record.mono_ns,
            at_us=_elapsed_us(first.mono_ns, first.wall_ns, record),
            step_us=_elapsed_us(before.mono_ns, before.wall_ns, record) if before else 0.0,
            body=bodies[record.seq],
        )
        entries.append(entry)
        by_seq[record.seq] = entry
    pair = bodies[first.seq].get("pair") or ""
    return Story(hedge, pair, first.wall_ns, entries[-1].at_us, _orders(entries), orphans, entries)


def _sender(record: Record, chosen: _Chooser) -> int:
    """The decision whose frame a report answers; 0 if it isn't a report."""
    if record.kind != REPORT:
        return 0
    message = chosen.bodies[record.seq].get("message") or {}
    return next((chosen.sent_by[each] for each in report_ids(message) if each in chosen.sent_by), 0)


def _elapsed_us(mono_ns: int, wall_ns: int, record: Record) -> float:
    """By the monotonic clock, unless the machine was booted in between."""
    by_mono = record.mono_ns - mono_ns
    by_wall = record.wall_ns - wall_ns
    return (by_mono if by_mono >= 0 else by_wall) / 1_000


def _orders(entries: list[Entry]) -> list[OrderLine]:
    """Each order that was sent, with what the reports made of it."""
    lines: dict[str, OrderLine] = {}
    for entry in entries:
        for command in entry.body.get("commands") or ():
            if isinstance(command, dict) and command.get("msg_type") == "D":
                lines[command["clord_id"]] = _line(entry, command)
        message = entry.body.get("message") or {}
        line = lines.get(message.get("clord_id") or message.get("ref_id") or "")
        if entry.kind == REPORT and line is not None:
            _reported(line, entry, message)
    return list(lines.values())


def _line(entry: Entry, command: dict[str, Any]) -> OrderLine:
    return OrderLine(
        cl_ord_id=command["clord_id"],
        venue=command.get("venue") or "",
        symbol=command["symbol"],
        side=command["side"],
        qty=command["qty"],
        px=command["px"],
        tif=command["tif"],
        decided_seq=entry.seq,
        decided_ns=entry.wall_ns,
        decided_at_us=entry.at_us,
    )


def _reported(line: OrderLine, entry: Entry, message: dict[str, Any]) -> None:
    since_us = entry.at_us - line.decided_at_us
    line.reports += 1
    if line.first_report_us is None:
        line.first_report_us = since_us
        if message.get("gw_ns"):
            line.gateway_us = (message["gw_ns"] - line.decided_ns) / 1_000
    line.last_report_us = since_us
    line.cum_qty = max(line.cum_qty, message.get("cum_qty") or 0)
    line.ord_status = message.get("ord_status") or line.ord_status
