"""The journal's other thread: syncs in groups, readies the next segment.

The lane appends into mapped memory and never waits for a disk; here, every
10 ms when there is something new, what it wrote is forced out.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from msgspec import Struct

from actors.base import Actor
from actors.mailbox import Lane
from domain.errors import JournalError

SYNC_EVERY_NS = 10_000_000
ROOM_AGAIN_NS = 1_000_000_000
"""How often room is looked for on a disk that had none."""


class Synced(Protocol):
    """The part of the journal that may block."""

    last_seq: int

    def sync(self) -> None: ...

    def prepare_next(self) -> None: ...


class JournalTold(Struct, frozen=True):
    """To the account: the journal's own state may have changed.

    `no_room`: why the next segment can't be made ready, "" where it can.
    """

    lane: ClassVar[int] = int(Lane.ORDERS)

    no_room: str = ""


class SyncNow:
    """Time to look for new records."""

    __slots__ = ()
    lane: ClassVar[Lane] = Lane.TIMERS


class JournalSync(Actor):
    """Keeps the journal's unsynced tail at most 10 ms long.

    What fails is told to `tells`, once each time that it changes: the journal
    itself refuses to go on with a segment whose sync failed, and an actor that
    crashed for it would take the whole tree with it.

    Thread: its own, because fdatasync blocks.
    """

    HANDLERS = {SyncNow: "on_sync_now"}
    PINNED = True

    def __init__(self, runtime: Any, name: str, journal: Synced, tells: str) -> None:
        super().__init__(runtime, name)
        self._tells = tells
        runtime.reserve(tells)  # it is started later: what it is told meanwhile waits there
        self._told = ("", "")
        self._room_due_ns = 0
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
        failed = ""
        seq = self.journal.last_seq  # read first: what comes meanwhile is for the next time
        try:
            if seq != self.synced_seq:
                self.journal.sync()
                self.synced_seq = seq
        except JournalError as error:
            failed = str(error)
        no_room = "" if failed else self._make_room()
        if (failed, no_room) != self._told:
            self._told = (failed, no_room)
            self.runtime.tell(self._tells, JournalTold(no_room))

    def _make_room(self) -> str:
        """The next segment is made ready; why it can't be, or ""."""
        now_ns = self.clock.mono_ns()
        if now_ns < self._room_due_ns:
            return self._told[1]
        try:
            self.journal.prepare_next()
        except JournalError as error:
            self._room_due_ns = now_ns + ROOM_AGAIN_NS
            return str(error)
        return ""
