"""Checks a whole journal: every byte that means something, every link."""

from __future__ import annotations

from pathlib import Path

import msgspec

from domain.errors import JournalError
from journal.format import ACTIVE, HEADER_BYTES, NO_HASH, decode_header, decode_marks
from journal.scan import Scan
from journal.segment import reads, segment_name, segment_paths

MAX_PROBLEMS = 100


class Problem(msgspec.Struct, frozen=True):
    """What is wrong, and where. `seq`: the first record concerned, or 0."""

    file: str
    offset: int
    seq: int
    what: str


class Report(msgspec.Struct):
    """The outcome; `last_hash` noted elsewhere fixes the whole past."""

    records: int = 0
    segments: int = 0
    first_seq: int = 0
    last_seq: int = 0
    last_hash: str = ""
    node_epochs: int = 0
    problems: list[Problem] = msgspec.field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


@reads
def verify(directory: Path | str, *, head: tuple[int, str] | None = None) -> Report:
    """Reads all of it; what is wrong is listed, not raised.

    `head`: a seq and its hash in hex, noted before: the journal must hold
    that very record, which shows a rewritten or shortened one.
    Raises: JournalError if the directory holds no journal at all, or can't be read.
    """
    paths = segment_paths(directory)
    if not paths:
        raise JournalError(f"{directory}: holds no journal: give the directory of one (journal_dir)")
    check = _Check(head)
    for ordinal, path in paths.items():
        check.segment(ordinal, path)
    check.end()
    return check.report


class _Check:
    """Carries the chain from segment to segment."""

    def __init__(self, head: tuple[int, str] | None) -> None:
        self.report = Report()
        self.head = head
        self.seen_head = False
        self.ordinal = 0
        self.hash = NO_HASH
        self.epoch = 0
        self.continued = False
        self.path = Path()

    def problem(self, path: Path, offset: int, seq: int, what: str) -> None:
        if len(self.report.problems) < MAX_PROBLEMS:
            self.report.problems.append(Problem(path.name, offset, seq, what))

    def segment(self, ordinal: int, path: Path) -> None:
        data = path.read_bytes()
        try:
            header = decode_header(data)
        except JournalError as error:
            self.problem(path, 0, 0, str(error))
            return
        if header.ordinal != ordinal:
            self.problem(path, 0, 0, f"its header says that it is segment {header.ordinal}")
        if header.state != ACTIVE:
            if data[HEADER_BYTES:].strip(b"\0"):
                self.problem(path, HEADER_BYTES, 0, "it was never begun, yet it is not empty")
            return
        self._link(path, header)
        scan = Scan(data, header)
        self._records(scan)
        if scan.fault:
            self.problem(path, scan.offset, scan.last_seq + 1, scan.fault)
        self._marks(path, data, scan)
        report = self.report
        report.segments += 1
        report.last_seq, report.last_hash = scan.last_seq, scan.hash.hex()
        self.ordinal, self.hash, self.path = ordinal, scan.hash, path

    def end(self) -> None:
        """What only the end shows: a missing last segment, a lost head."""
        if self.continued:
            gone = self.path.with_name(segment_name(self.ordinal + 1))
            self.problem(gone, 0, self.report.last_seq + 1, "the segment is missing")
        if self.report.segments == 0:
            self.problem(self.path, 0, 0, "no segment can be read")
        if self.head is not None and not self.seen_head:
            self.problem(self.path, 0, self.head[0], "the record noted as head is not in the journal with that hash")

    def _link(self, path: Path, header) -> None:
        report = self.report
        if report.segments == 0:
            report.first_seq = header.first_seq
        if header.prev_hash != self.hash or header.ordinal != self.ordinal + 1:
            after = self.path.name if self.ordinal else "the beginning: the segments before it are missing"
            self.problem(path, 0, header.first_seq, f"does not follow from {after}")
        elif header.first_seq != report.last_seq + 1:
            self.problem(path, 0, header.first_seq, f"begins at {header.first_seq}, not at {report.last_seq + 1}")
        if header.node_epoch < self.epoch:
            self.problem(path, 0, header.first_seq, f"node epoch {header.node_epoch} is below {self.epoch}")
        report.node_epochs += header.node_epoch != self.epoch
        self.epoch = header.node_epoch

    def _records(self, scan: Scan) -> None:
        head_seq = self.head[0] if self.head else 0
        for record in scan:
            self.report.records += 1
            if record.seq == head_seq and self.head is not None:
                self.seen_head = record.hash.hex() == self.head[1].lower()

    def _marks(self, path: Path, data: bytes, scan: Scan) -> None:
        mark, faults = decode_marks(data)
        for fault in faults:
            self.problem(path, 0, 0, fault)
        self.continued = mark is not None and mark.continued
        if mark is None:
            return
        if scan.last_seq < mark.seq:
            if not scan.fault:
                self.problem(path, scan.offset, scan.last_seq + 1, f"cut short: record {mark.seq} was synced")
        elif mark.continued and (mark.seq, mark.offset, mark.hash) != (scan.last_seq, scan.offset, scan.hash):
            self.problem(path, mark.offset, mark.seq, "goes on behind the record that sealed it")
