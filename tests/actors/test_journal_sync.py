"""The journal is synced in groups, only when there is something new."""

from __future__ import annotations

from actors.base import Actor
from actors.journal_sync import ROOM_AGAIN_NS, SYNC_EVERY_NS, JournalSync, JournalTold
from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher
from domain.errors import JournalError


class FakeJournal:
    def __init__(self):
        self.last_seq = 0
        self.synced = []
        self.prepared = 0
        self.broken = False
        self.full = False

    def sync(self):
        if self.broken:
            raise JournalError("fdatasync failed")
        self.synced.append(self.last_seq)

    def prepare_next(self):
        self.prepared += 1
        if self.full:
            raise JournalError("no room")


class Keeper(Actor):
    HANDLERS = {JournalTold: "on_told"}  # noqa: RUF012

    def __init__(self, runtime, name):
        super().__init__(runtime, name)
        self.told = []

    def on_told(self, told):
        self.told.append(told.no_room)


def make():
    simulated, journal = SimulatedDispatcher(1), FakeJournal()
    runtime = Runtime(simulated, simulated.clock)
    runtime.spawn(JournalSync, "journal", journal, "keeper")
    runtime.spawn(Keeper, "keeper")
    return simulated, runtime, journal


def test_new_records_are_synced_once():
    simulated, _, journal = make()
    journal.last_seq = 5
    simulated.advance(10 * SYNC_EVERY_NS)
    assert journal.synced == [0, 5]
    assert journal.prepared == 11


def test_the_rest_is_synced_when_it_stops():
    simulated, runtime, journal = make()
    journal.last_seq = 6
    runtime.stop("journal")
    simulated.run_idle()
    assert journal.synced == [0, 6]


def test_a_failed_sync_is_told_once_and_crashes_nobody():
    simulated, runtime, journal = make()
    journal.broken, journal.last_seq = True, 7
    simulated.advance(5 * SYNC_EVERY_NS)
    assert runtime.alive("journal")
    assert runtime.mailbox("keeper").actor.told == [""]
    journal.broken = False
    simulated.advance(5 * SYNC_EVERY_NS)
    assert journal.synced[-1] == 7
    assert len(runtime.mailbox("keeper").actor.told) == 2


def test_room_is_looked_for_once_a_second_and_told_when_it_is_there():
    simulated, runtime, journal = make()
    journal.full = True
    simulated.advance(ROOM_AGAIN_NS + 2 * SYNC_EVERY_NS)
    assert journal.prepared in (3, 4)
    assert runtime.mailbox("keeper").actor.told == ["no room"]
    journal.full = False
    simulated.advance(ROOM_AGAIN_NS + SYNC_EVERY_NS)
    assert runtime.mailbox("keeper").actor.told == ["no room", ""]
