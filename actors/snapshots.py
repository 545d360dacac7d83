"""A start reads from the last snapshot: the fold so far, as a file.

Made by a process of its own that reads the journal as any reader does, so
that the lane never waits for it and it can't say anything but what the fold
says. Throw it away at any time: the next start reads the journal from its
first record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from actors.known import Known
from actors.link import Seen
from actors.recovery import Recovered, fold
from actors.repairer import RepairMemory
from domain.errors import WireError
from journal.format import Record
from journal.reader import read
from system.files import replace_file
from wire.snapshots import SHAPE, ChildState, Snapshot, VenueSeen, decode_snapshot, encode_snapshot

NAME = "snapshot.msgpack"


def recover(directory: Path, lots: dict[str, tuple[int, ...]]) -> tuple[Recovered, int, int]:
    """What the journal says; from which record on it was read, and the last.

    Raises: JournalError where what is read of it is not whole.
    """
    found, first, tail = _folded(directory, lots)
    return found, first, tail.last.seq if tail.last is not None else first - 1


def make(directory: Path, lots: dict[str, tuple[int, ...]] | None = None) -> tuple[int, int]:
    """Write one that covers all that is on record; (first record read, last).

    Raises: JournalError, OSError.
    """
    found, first, tail = _folded(directory, lots or {})
    if tail.last is None:
        return first, first - 1
    replace_file(directory / NAME, encode_snapshot(_snapshot(found, tail.last)))
    return first, tail.last.seq


def _folded(directory: Path, lots: dict[str, tuple[int, ...]]) -> tuple[Recovered, int, _Tail]:
    """The fold of all; it begins at the last snapshot, where that is ours."""
    records: Iterator[Record] = iter(())
    snapshot = _last(directory)
    if snapshot is not None:
        records = read(directory, from_seq=snapshot.seq)
        record = next(records, None)
        if record is None or (record.seq, record.hash) != (snapshot.seq, snapshot.hash):
            snapshot = None
    if snapshot is None:
        records = read(directory)
    tail = _Tail(records)
    found = Recovered() if snapshot is None else _recovered(snapshot)
    fold(tail, lots, found)
    return found, 1 if snapshot is None else snapshot.seq + 1, tail


class _Tail:
    """Records as they pass; remembers the last."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = records
        self.last: Record | None = None

    def __iter__(self) -> Iterator[Record]:
        for record in self._records:
            self.last = record
            yield record


def _last(directory: Path) -> Snapshot | None:
    """The last one that can be read, by this code; None where there is none.

    It is a cache: where the disk does not give it, the journal is read from its first record.
    """
    try:
        return decode_snapshot((directory / NAME).read_bytes())
    except (OSError, WireError):
        return None


def _snapshot(found: Recovered, last: Record) -> Snapshot:
    found.ledgers.settle()
    return Snapshot(
        SHAPE,
        last.seq,
        last.hash,
        found.pairs,
        found.legs,
        {name: ChildState(each.states, each.books, each.opens) for name, each in found.children.items()},
        found.owners,
        {name: _seen(each, found.venues.known(name)) for name, each in found.venues.every()},
        found.controls,
        found.outside.known,
        [(*key, trades) for key, trades in found.outside.waiting.items()],
        found.ledgers.of,
        found.ledgers.past,
        found.ledgers.differences,
        found.changed,
    )


def _seen(seen: Seen, known: Known) -> VenueSeen:
    return VenueSeen(seen.epoch, seen.seq, seen.trading_day, seen.pending, known.day, known.day_before)


def _recovered(snapshot: Snapshot) -> Recovered:
    found = Recovered()
    found.pairs, found.legs, found.owners = snapshot.pairs, snapshot.legs, snapshot.owners
    found.controls = snapshot.controls
    for name, child in snapshot.children.items():
        memory = found.children[name] = RepairMemory()
        memory.states, memory.books, memory.opens = child.states, child.books, child.opens
    for name, seen in snapshot.venues.items():
        told = {"epoch": seen.epoch, "seq": seen.seq, "trading_day": seen.trading_day, "pending": seen.pending}
        found.venues.start(name, told, Known(seen.day, seen.day_before))
    found.ledgers.of, found.ledgers.past = snapshot.ledgers, snapshot.past_ledgers
    found.ledgers.differences = snapshot.differences
    found.changed = snapshot.changed
    found.outside.known = snapshot.known
    found.outside.waiting = {(venue, symbol): trades for venue, symbol, trades in snapshot.waiting}
    return found


def summary(directory: Path) -> dict[str, Any]:
    """Of the present snapshot: up to which record, how large."""
    snapshot, path = _last(directory), directory / NAME
    return {"seq": 0 if snapshot is None else snapshot.seq, "bytes": path.stat().st_size if path.exists() else 0}
