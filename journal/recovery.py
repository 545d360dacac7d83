"""What a journal's directory holds when a node opens it to write.

A torn tail (what a killed process or a lost machine left half written, and
nobody was promised) is cut off and kept aside. Anything else that is wrong
is damage: JournalError, naming file, offset and seq; nothing is changed.

How they are told apart. Up to the last sync mark all was promised: damage.
Behind it, a bad record that a whole one follows is damage too if the machine
has not been booted since (a killed process leaves no holes); after a boot it
is torn: power loss writes pages back in any order.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import msgspec

from domain.errors import JournalError
from journal.format import ACTIVE, HEADER_BYTES, NO_HASH, Header, Mark, decode_header, decode_marks, encode_mark
from journal.format import mark_offset as _slot
from journal.scan import Scan, later_record
from journal.segment import close_quietly, reads, segment_name, segment_paths
from system.files import Files, replace_file

WHAT_TO_DO = (
    "do not trade on it: keep a copy, run `journal verify`, and bring the file back from its copy; "
    "to begin a new journal instead, move the directory away"
)


class DamagedError(JournalError):
    """The journal does not read as whole: a start cuts what is only torn, see `emergency.make_whole`."""


class Found(msgspec.Struct):
    """A segment file as it lies on the disk."""

    path: Path
    header: Header
    mark: Mark | None
    size_bytes: int
    faults: list[str]


class Recovered(msgspec.Struct):
    """Where the journal goes on, and what was noticed on the way.

    `notes` are for the record of the start: what was cut and kept where.
    """

    last_seq: int = 0
    last_hash: bytes = NO_HASH
    last_ordinal: int = 0
    node_epoch: int = 0
    unsealed: Path | None = None
    mark: Mark | None = None
    prepared: Path | None = None
    torn: list[Path] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)


def damaged(path: Path, offset: int, seq: int, why: str) -> DamagedError:
    """The error of every damage: file, offset, seq, why, what to do."""
    where = f"{path} at offset {offset}" + (f" (record {seq})" if seq else "")
    return DamagedError(f"{where}: {why}; {WHAT_TO_DO}")


def look(path: Path) -> Found:
    """Reads a segment's first page. Raises: JournalError."""
    with path.open("rb") as file:
        page = file.read(HEADER_BYTES)
    try:
        header = decode_header(page)
    except JournalError as error:
        raise damaged(path, 0, 0, str(error)) from None
    mark, faults = decode_marks(page)
    return Found(path, header, mark, path.stat().st_size, faults)


def recover(files: Files, directory: Path) -> Recovered:
    """Checks the end of the journal, cuts a torn tail, seals what is open.

    Thread: the opener's, with the directory locked. Raises: JournalError.
    """
    found = [look(path) for path in segment_paths(directory).values()]
    active = [each for each in found if each.header.state == ACTIVE]
    result = Recovered()
    for each in found:
        if each.header.state != ACTIVE:
            _take_prepared(each, active, result)
    if not active:
        return result
    _check_order(active)
    first_open = len(active)
    while first_open > 0 and not _continued(active[first_open - 1]):
        first_open -= 1
    if first_open == len(active):
        gone = directory / segment_name(active[-1].header.ordinal + 1)
        raise damaged(gone, 0, 0, f"the segment is missing: {active[-1].path.name} was continued in it")
    for each in active[first_open:]:
        result.notes += [f"{each.path.name}: {fault}" for fault in each.faults]
        if not _recover_segment(files, each, active, result):
            break
    _tell_again(active, result)
    return result


def seal_file(files: Files, path: Path, mark: Mark) -> None:
    """Cuts a closed segment to `mark` and notes it in both slots. Blocks."""
    fd = files.open(path)
    try:
        for turn in (0, 1):
            files.write(fd, encode_mark(mark), _slot(turn))
        files.truncate(fd, mark.offset)
        files.sync(fd)
    finally:
        close_quietly(fd)


def cut_is_allowed(data: bytes, scan: Scan, mark: Mark | None, *, same_boot: bool, more_segments: bool) -> str:
    """Empty if what follows the scan is a torn tail, else why it is damage."""
    if mark is not None and scan.last_seq < mark.seq:
        return f"{scan.fault or 'the records end here'}, but record {mark.seq} was synced"
    if not same_boot:
        return ""
    if more_segments:
        return f"{scan.fault or 'the records end here'}, but the next segment goes on"
    if scan.fault and later_record(data, scan.offset, scan.last_seq + 1) >= 0:
        return f"{scan.fault}, and whole records follow"
    return ""


def _continued(found: Found) -> bool:
    return found.mark is not None and found.mark.continued


def _take_prepared(found: Found, active: list[Found], result: Recovered) -> None:
    """A segment made ready and never used is used now, or is removed."""
    data = found.path.read_bytes()
    wanted = active[-1].header.ordinal + 1 if active else 1
    if found.header.ordinal < wanted:
        raise damaged(found.path, 0, 0, "the segment was never begun, though a later one was")
    if data[HEADER_BYTES:].strip(b"\0"):
        aside = found.path.with_suffix(".torn")
        found.path.rename(aside)
        result.torn.append(aside)
        result.notes.append(f"{found.path.name}: not begun, yet not empty; kept as {aside.name}")
    elif found.header.ordinal == wanted and len(data) == found.header.size_bytes:
        result.prepared = found.path
    else:
        found.path.unlink()


def _check_order(active: list[Found]) -> None:
    for before, after in pairwise(active):
        expected = before.header.ordinal + 1
        if after.header.ordinal != expected:
            gone = before.path.with_name(segment_name(expected))
            raise damaged(gone, 0, before.mark.seq + 1 if before.mark else 0, "the segment is missing")
        mark = before.mark
        if mark is None or not mark.continued:
            continue
        if before.size_bytes < mark.offset:
            raise damaged(before.path, before.size_bytes, mark.seq, f"cut short: {mark.offset} bytes were synced")
        if after.header.prev_hash != mark.hash or after.header.first_seq != mark.seq + 1:
            raise damaged(after.path, 0, after.header.first_seq, f"does not go on where {before.path.name} ended")


def _recover_segment(files: Files, found: Found, active: list[Found], result: Recovered) -> bool:
    """Takes over one segment that was not sealed; False: the journal ends."""
    data = found.path.read_bytes()
    scan = Scan(data, found.header).finish()
    at = active.index(found)
    following = active[at + 1 :]
    whole = not scan.fault and not (found.mark and scan.last_seq < found.mark.seq)
    if following:
        head = following[0].header
        whole = whole and head.prev_hash == scan.hash and head.first_seq == scan.last_seq + 1
    if not whole:
        same_boot = found.header.boot_id == files.boot_id()
        promised = any(each.mark and each.mark.seq >= each.header.first_seq for each in following)
        why = cut_is_allowed(data, scan, found.mark, same_boot=same_boot or promised, more_segments=bool(following))
        if why:
            raise damaged(found.path, scan.offset, scan.last_seq + 1, why)
        _keep_aside(data, scan, found, following, result)
        following = []
    mark = Mark(scan.last_seq, scan.offset, scan.hash, continued=bool(following))
    seal_file(files, found.path, mark)
    result.last_seq, result.last_hash, result.mark = scan.last_seq, scan.hash, mark
    result.last_ordinal, result.node_epoch = found.header.ordinal, found.header.node_epoch
    result.unsealed = found.path
    return bool(following)


def _tell_again(active: list[Found], result: Recovered) -> None:
    """What was cut off where the journal ends, by a start that failed before its own first record: nobody was told."""
    for each in active:
        mark = result.mark if each.path == result.unsealed else each.mark
        if mark is None or mark.seq != result.last_seq:
            continue
        aside = each.path.with_suffix(f".{mark.offset}.torn")
        if aside.exists() and aside not in result.torn:
            result.torn.append(aside)
            result.notes.append(f"{each.path.name}: a torn tail behind record {mark.seq} was cut before, kept as {aside.name}, and no start has come up since")


def _keep_aside(data: bytes, scan: Scan, found: Found, following: list[Found], result: Recovered) -> None:
    torn = data[scan.offset :].rstrip(b"\0")
    aside = found.path.with_suffix(f".{scan.offset}.torn")
    replace_file(aside, torn)
    result.torn.append(aside)
    result.notes.append(
        f"{found.path.name}: torn tail behind record {scan.last_seq}: {len(torn)} bytes cut at offset {scan.offset}, "
        f"kept as {aside.name} ({scan.fault or 'pages that were never written'})"
    )
    for each in following:
        kept = each.path.with_suffix(".torn")
        each.path.rename(kept)
        result.torn.append(kept)
        result.notes.append(f"{each.path.name}: followed a torn tail, kept as {kept.name}")
    if result.prepared is not None and following:
        result.prepared.unlink()
        result.prepared = None


def next_node_epoch(last_epoch: int, wall_ns: int) -> int:
    """The larger of the journal's last + 1 and the wall clock in ns."""
    return max(last_epoch + 1, wall_ns)


@reads
def last_node_epoch(directory: Path | str) -> int:
    """The epoch of the last segment in use; 0 if there is none."""
    epochs = [look(path).header.node_epoch for path in segment_paths(directory).values()]
    return max(epochs, default=0)
