"""The journal is synced in groups, only when there is something new."""

from __future__ import annotations

from actors.journal_sync import SYNC_EVERY_NS, JournalSync
from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher
from domain.errors import JournalError


class FakeJournal:
    def __init__(self):
        self.last_seq = 0
        self.synced = []
        self.prepared = 0
        self.broken = False

    def sync(self):
        if self.broken:
            raise JournalError("fdatasync failed")
        self.synced.append(self.last_seq)

    def prepare_next(self):
        self.prepared += 1


def make():
    simulated, journal = SimulatedDispatcher(1), FakeJournal()
    runtime = Runtime(simulated, simulated.clock)
    runtime.spawn(JournalSync, "journal", journal)
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


def test_a_failed_sync_crashes_the_actor():
    simulated, runtime, journal = make()
    journal.broken, journal.last_seq = True, 7
    simulated.advance(SYNC_EVERY_NS)
    assert isinstance(runtime.mailbox("journal").last_reason.error, JournalError)
