"""The emergency segment: where records go when the journal's disk fails.

It is made ready at each start, on another disk where the configuration says
one, and goes on where the journal's last segment ended: one chain. It carries
what that segment had not synced, because a disk whose sync has failed may
forget it. The next start takes it into the journal's directory; until then
every reader finds it there through a pointer.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from domain.errors import JournalError
from journal.format import ACTIVE, HEADER_BYTES, Mark, decode_header, decode_marks
from journal.recovery import Recovered, cut_is_allowed, damaged, recover, seal_file
from journal.scan import Scan
from journal.segment import POINTER, Segment, close_quietly, pointed, segment_name, unreadable
from system.files import Files, replace_file
from system.locks import DirectoryLock
from wire.codec import pack, unpack

KIND = "emergency"
"""Kind of its first record: why, and what the segment before had not synced."""
EMERGENCY_BYTES = 4 * 1024 * 1024


def prepare(files: Files, directory: Path, place: Path, node: str) -> Segment:
    """Makes it ready in `place`, and points to it from the journal. Blocks.

    Raises: OSError.
    """
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"emergency-{node}.journal"
    replace_file(directory / POINTER, str((place / name).absolute()).encode())
    return Segment.prepare(files, place, 0, EMERGENCY_BYTES, name)


def opening(segment: Segment, offset: int, why: str, most_bytes: int) -> bytes:
    """The body of its first record. `segment`: that which fails now."""
    mark, _ = decode_marks(segment.map[:HEADER_BYTES])
    start = HEADER_BYTES if mark is None else mark.offset
    if offset - start > most_bytes:
        start = offset
    tail = bytes(segment.map[start:offset])
    return pack({"why": why, "ordinal": segment.header.ordinal, "offset": start, "tail": tail})


def absorb(files: Files, directory: Path) -> str:
    """Takes a used emergency segment in as the journal's last; what was done.

    One whose first record is torn promised nothing: it is kept aside. Whatever
    a kill leaves of this is done again by the next start. Raises: JournalError
    where it is damaged, or does not fit, and nothing is changed; OSError.
    """
    path = pointed(directory)
    if path is None:
        return ""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    try:
        header = decode_header(data)
    except JournalError as error:
        raise damaged(path, 0, 0, str(error)) from None
    if header.state != ACTIVE:
        return ""
    target = directory / segment_name(header.ordinal)
    note = f"{target.name}: taken in from {path}, to which the journal went on when its disk failed"
    if not _is_active(target):
        scan = Scan(data, header)
        first = next(iter(scan), None)
        if first is not None and first.kind != KIND:
            raise damaged(path, HEADER_BYTES, header.first_seq, "it does not begin as an emergency segment does")
        scan.finish()
        mark, _ = decode_marks(data[:HEADER_BYTES])
        why = cut_is_allowed(data, scan, mark, same_boot=header.boot_id == files.boot_id(), more_segments=False)
        if why:
            raise damaged(path, scan.offset, scan.last_seq + 1, why)
        if first is None:
            note = _keep_aside(target, data, scan)
        else:
            body = unpack(first.body)
            main = directory / segment_name(body["ordinal"])
            end = body["offset"] + len(body["tail"])
            _restore(files, main, body["offset"], body["tail"])
            seal_file(files, main, Mark(header.first_seq - 1, end, header.prev_hash, continued=True))
            replace_file(target, data)  # its torn tail too: see `recover`
    path.unlink()
    with suppress(OSError):
        files.sync_directory(path.parent)
    return note


def opened(files: Files, directory: Path) -> Recovered:
    """The journal with a used emergency segment taken in, its end checked and cut; what that did is in its notes.

    Thread: the opener's, with the directory locked. Raises: JournalError; OSError.
    """
    note = absorb(files, directory)
    found = recover(files, directory)
    note = note or _absorbed_before(directory, found)
    if note:
        found.notes.append(note)
    return found


def make_whole(directory: Path, node: str, files: Files | None = None) -> list[str]:
    """What opening to write does first, for whoever must read before that.

    What a failed disk has forgotten is brought back, what a power loss left
    torn is cut off: told in words, as opening finds little trace of it. Blocks. Raises: LockHeldError; JournalError where it is
    damaged, or the disk refuses.
    """
    files = files or Files()
    lock = DirectoryLock(directory, node)
    try:
        return opened(files, directory).notes
    except OSError as error:
        raise unreadable(directory, error) from error
    finally:
        lock.release()


def _absorbed_before(directory: Path, found: Recovered) -> str:
    """What `absorb` did in a start that failed before its own first record: nobody was told."""
    if not found.last_ordinal:
        return ""
    aside = (directory / segment_name(found.last_ordinal + 1)).with_suffix(".emergency.torn")
    if aside.exists():
        return f"the emergency segment was left at its first record: kept before as {aside.name}, and no start has come up since"
    data = (directory / segment_name(found.last_ordinal)).read_bytes()
    first = next(iter(Scan(data, decode_header(data))), None)
    if first is None or first.kind != KIND:
        return ""
    return f"{segment_name(found.last_ordinal)}: taken in before from the emergency segment, to which the journal went on when its disk failed, and no start has come up since"


def _keep_aside(target: Path, data: bytes, scan: Scan) -> str:
    """No record of it is whole: its writer died over the first. The journal ends where the segment before does."""
    torn = data[HEADER_BYTES:].rstrip(b"\0")
    aside = target.with_suffix(".emergency.torn")
    replace_file(aside, torn)
    why = scan.fault or "nothing was written"
    return f"{target.name}: the emergency segment was left at its first record: {len(torn)} bytes kept as {aside.name} ({why})"


def _is_active(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            page = file.read(HEADER_BYTES)
    except FileNotFoundError:
        return False
    try:
        return decode_header(page).state == ACTIVE
    except JournalError:
        return False


def _restore(files: Files, path: Path, offset: int, tail: bytes) -> None:
    """What was promised by nobody, and carried for that reason."""
    with path.open("rb") as file:
        file.seek(offset)
        if file.read(len(tail)) == tail:
            return
    fd = files.open(path)
    try:
        files.write(fd, tail, offset)
        files.sync(fd)
    finally:
        close_quietly(fd)
