"""The journal's other thread: syncs in groups, readies the next segment.

The lane appends into mapped memory and never waits for a disk; here, every
10 ms when there is something new, what it wrote is forced out.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from actors.base import Actor
from actors.mailbox import Lane

SYNC_EVERY_NS = 10_000_000


class Synced(Protocol):
    """The part of the journal that may block."""

    last_seq: int

    def sync(self) -> None: ...

    def prepare_next(self) -> None: ...


class SyncNow:
    """Time to look for new records."""

    __slots__ = ()
    lane: ClassVar[Lane] = Lane.TIMERS


class JournalSync(Actor):
    """Keeps the journal's unsynced tail at most 10 ms long.

    What `sync` raises crashes this actor: its supervisor decides; the journal
    itself refuses to go on with a segment whose sync failed.

    Thread: its own, because fdatasync blocks.
    """

    HANDLERS = {SyncNow: "on_sync_now"}
    PINNED = True

    def __init__(self, runtime: Any, name: str, journal: Synced) -> None:
        super().__init__(runtime, name)
        self.journal = journal
        self.synced_seq = -1

    def on_start(self) -> None:
        self.on_sync_now()

    def on_stop(self) -> None:
        self.sync()

    def on_sync_now(self, _message: SyncNow | None = None) -> None:
        self.sync()
        self.after_ns(SYNC_EVERY_NS, SyncNow())

    def sync(self) -> None:
        """Force out what is new; make the next segment ready beforehand."""
        seq = self.journal.last_seq  # read first: what comes meanwhile is for the next time
        if seq != self.synced_seq:
            self.journal.sync()
            self.synced_seq = seq
        self.journal.prepare_next()
