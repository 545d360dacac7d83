"""Acts on what becomes of the journal: who may still send what.

A journal that goes on in its emergency segment, or can't be written at all,
says so within the append that found out; what follows of it, holds, alerts
and cancels, is done here in a turn of its own.
"""

from __future__ import annotations

from typing import Any, ClassVar

from actors.base import Actor
from actors.controls import HoldChanged
from actors.desk import Desk
from actors.journal_sync import JournalTold
from actors.link import Purpose
from actors.notes import Tick
from domain.errors import JournalError
from domain.record_state import HOLDS, RecordState, state_of
from wire.codec import pack

RECORD = "node/record"
KIND = "journal"
CANCEL_AGAIN_NS = 1_000_000_000
S = RecordState
_ALERTS = {S.NO_ROOM: "JOURNAL_NO_ROOM", S.EMERGENCY: "JOURNAL_EMERGENCY", S.LOST: "JOURNAL_LOST"}
_DO = {
    S.NO_ROOM: "make room on the journal's disk: no new hedge until the next segment is ready",
    S.EMERGENCY: "see to the journal's disk, then start anew: only orders that reduce leave",
    S.LOST: "no order leaves, what worked is cancelled: look at the venues, see to both disks, then start anew",
}


class RecordKeeper(Actor):
    """Thread: the lane."""

    HANDLERS: ClassVar[dict[type, str]] = {JournalTold: "on_told", Tick: "on_tick"}

    def __init__(self, runtime: Any, name: str, desk: Desk) -> None:
        super().__init__(runtime, name)
        self.desk = desk
        self._uncancelled: list[str] = []

    def on_start(self) -> None:
        """From now on the journal's failures are heard at once."""
        self.desk.journal.on_failed = self.journal_failed
        if self.desk.journal.failed or self.desk.journal.broken:
            self.journal_failed()

    def journal_failed(self) -> None:
        """No opening order leaves from this moment on.

        Thread: the lane, within an append: nothing is recorded here.
        """
        desk, journal = self.desk, self.desk.journal
        desk.journal_failed = journal.broken or journal.failed
        for link in desk.links.values():
            link.journal_failed = True
        self.box.put(JournalTold())

    def on_told(self, told: JournalTold) -> None:
        """Judge it anew; what has changed is barred, or no longer."""
        journal = self.desk.journal
        if journal.broken and not journal.lost:
            self._try(journal)
        state = state_of(journal.failed, journal.broken)
        if state is S.WELL and told.no_room:
            state = S.NO_ROOM
        if state is self.desk.record_state:
            return
        self.desk.record_state = state
        why = journal.broken or journal.failed or told.no_room
        self.desk.journal_failed = why
        for name in self.desk.controls.hold_all(HOLDS[state]):
            self.tell(name, HoldChanged(0))
        if state is S.WELL:
            self.desk.alert("info", "JOURNAL_WELL", text="the next segment is ready")
            return
        self.desk.alert("critical", _ALERTS[state], text=why, do=_DO[state])
        if state is S.LOST:
            self._uncancelled = [name for name, link in self.desk.links.items() if link.trade is not None]
            self._cancel()

    def _try(self, journal: Any) -> None:
        """A record that goes to the emergency segment, if one is ready."""
        try:
            journal.append(KIND, pack({"state": "EMERGENCY", "why": journal.broken}))
        except JournalError:
            return  # it has been told: see `journal_failed`

    def on_tick(self, _tick: Tick) -> None:
        self._cancel()

    def _cancel(self) -> None:
        """All own orders of each venue; of one that is away, when it is back."""
        left = []
        for name in self._uncancelled:
            link = self.desk.links[name]
            if link.send(link.encode_mass_cancel(self.name), Purpose.CANCEL):
                left.append(name)
        self._uncancelled = left
        if left:
            self.after_ns(CANCEL_AGAIN_NS, Tick())
