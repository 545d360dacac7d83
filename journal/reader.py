"""Reads a journal's records in order, checking CRC, seq and chain.

Reading takes no lock and changes nothing; a running node may be writing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from domain.errors import JournalError
from journal.format import ACTIVE, HEADER_BYTES, Mark, Record, decode_header, decode_marks
from journal.recovery import damaged
from journal.scan import Scan, later_record
from journal.segment import is_begun, reads, segment_name, segment_paths, unreadable
from journal.writer import SNAPSHOT_END


def read(directory: Path | str, *, from_seq: int = 1) -> Iterator[Record]:
    """Every record from `from_seq` on, oldest first.

    Stops before a torn tail. Raises: JournalError where anything else is
    wrong, naming file, offset and seq; or if the directory holds nothing.
    """
    walk = _Walk(directory, from_seq)
    try:
        for path in walk.paths():
            for record in walk.segment(path):
                if record.seq >= from_seq:
                    yield record
    except OSError as error:
        raise unreadable(directory, error) from error


@reads
def replay_from(directory: Path | str) -> int:
    """The seq at which the last complete snapshot opens; 1 if none does.

    Read from here to have each live name's state and all that followed.
    """
    for path in reversed(segment_paths(directory).values()):
        data = path.read_bytes()
        header = decode_header(data)
        if header.state != ACTIVE:
            continue
        for count, record in enumerate(Scan(data, header)):
            if record.kind == SNAPSHOT_END:
                if int.from_bytes(record.body[1:]) == count:
                    return header.first_seq
                break
            if count == 0 and not record.kind.startswith("snapshot"):
                break
    return 1


@reads
def last_record(directory: Path | str) -> Record | None:
    """The last record; None where there is none.

    A segment that can't be read is passed over: `read` says what is wrong.
    """
    for path in reversed(segment_paths(directory).values()):
        data = path.read_bytes()
        try:
            header = decode_header(data)
        except JournalError:
            continue
        last = None
        if header.state == ACTIVE:
            for record in Scan(data, header):
                last = record
        if last is not None:
            return last
    return None


def last_mono_ns(directory: Path | str) -> int:
    """The last record's monotonic time; 0 where there is none, or no journal."""
    last = last_record(directory) if is_begun(directory) else None
    return 0 if last is None else last.mono_ns


class _Walk:
    """Goes through the segments, holding the chain between them."""

    def __init__(self, directory: Path | str, from_seq: int) -> None:
        self.directory = Path(directory)
        self.from_seq = from_seq
        self.before: tuple[Path, int, bytes, Mark | None] | None = None
        self._scan: Scan | None = None

    def paths(self) -> Iterator[Path]:
        """Segment after segment; one that appears meanwhile is read too."""
        done = 0
        while True:
            paths = segment_paths(self.directory)
            if not paths:
                raise JournalError(f"{self.directory}: holds no journal: give the directory of one (journal_dir)")
            ordinals = [each for each in paths if each > done]
            if not done:
                ordinals = self._needed(paths)
            for ordinal in ordinals:
                done = ordinal
                yield segment_paths(self.directory).get(ordinal, paths[ordinal])  # a start may have taken it in meanwhile
            if self.before is None or not (self.before[3] and self.before[3].continued):
                return
            if not ordinals:
                raise damaged(self.directory / segment_name(done + 1), 0, 0, "the segment is missing")

    def _needed(self, paths: dict[int, Path]) -> list[int]:
        """Leaves out the segments that end before the first seq wanted."""
        needed = list(paths)
        for ordinal in reversed(needed):
            with paths[ordinal].open("rb") as file:
                page = file.read(HEADER_BYTES)
            try:
                header = decode_header(page)
            except JournalError as error:
                raise damaged(paths[ordinal], 0, 0, str(error)) from None
            if header.state == ACTIVE and header.first_seq <= self.from_seq:
                return [each for each in needed if each >= ordinal]
        return needed

    def segment(self, path: Path) -> Iterator[Record]:
        data = path.read_bytes()
        try:
            header = decode_header(data)
        except JournalError as error:
            raise damaged(path, 0, 0, str(error)) from None
        if header.state != ACTIVE:
            return
        if self.before is not None:
            if header.first_seq > self.before[1] + 1:
                yield from self._rest_of_the_last()
            before, last_seq, digest, _ = self.before
            if header.prev_hash != digest or header.first_seq != last_seq + 1:
                raise damaged(
                    path, 0, header.first_seq, f"does not go on where {before.name} ended (record {last_seq})"
                )
        scan, stuck = Scan(data, header), 0
        while stuck < 2:  # a record may be half written while it is read: look again
            reached = scan.offset
            yield from scan
            if not scan.fault:
                break
            stuck = stuck + 1 if scan.offset == reached else 0
            scan.data = path.read_bytes()
        mark, _ = decode_marks(scan.data)
        if mark is not None and scan.last_seq < mark.seq:
            raise damaged(path, scan.offset, scan.last_seq + 1, scan.fault or "records that were synced are missing")
        if scan.fault and later_record(scan.data, scan.offset, scan.last_seq + 1) >= 0:
            raise damaged(path, scan.offset, scan.last_seq + 1, scan.fault)
        self.before, self._scan = (path, scan.last_seq, scan.hash, mark), scan

    def _rest_of_the_last(self) -> Iterator[Record]:
        """What the writer added to the segment before after that was read, and before it went on in the next one."""
        path, scan = self.before[0], self._scan
        scan.data = path.read_bytes()
        yield from scan
        mark, _ = decode_marks(scan.data)
        self.before = (path, scan.last_seq, scan.hash, mark)
