"""The journal's disk fails in mid-trade: what may still leave, and what is told."""

import errno

import pytest

from domain.record_state import RecordState
from journal.verify import verify
from system.files import Files
from tools.machine import RealMachine

S = RecordState


class FailingFiles(Files):
    """`fails`: names of calls; `everywhere`: the emergency's disk too."""

    def __init__(self):
        self.fails, self.everywhere, self.elsewhere = "", False, set()

    def _may(self, name, fd=None):
        if name in self.fails.split() and (self.everywhere or fd not in self.elsewhere):
            raise OSError(errno.EIO if name == "sync" else errno.ENOSPC, f"{name} fails")

    def allocate(self, path, size_bytes):
        self._may("allocate")
        fd = super().allocate(path, size_bytes)
        if path.name.startswith("emergency"):
            self.elsewhere.add(fd)
        return fd

    def sync(self, fd):
        self._may("sync", fd)
        super().sync(fd)


@pytest.fixture
def fails(make_world):
    """A world whose journal's disk can be told to fail."""

    def make(**settings):
        world = make_world(start=False, **settings)
        machine, files = RealMachine(), FailingFiles()
        machine.journal = {"files": files, "segment_bytes": 256 * 1024}
        world.start(machine)
        return world, files

    return make


def state(world, wanted, what):
    world.until(lambda: world.node.desk.record_state is wanted, what)


def test_failed_sync_lets_what_is_in_flight_be_taken_back_and_nothing_open(fails, foreign):
    world, files = fails(max_units=3, policy="replenish_first")
    world.opens(b=foreign.hold)
    files.fails = "sync"
    state(world, S.EMERGENCY, "the sync has failed")
    assert world.ends().status == "NONE"
    assert world.net == (0, 0)
    count = world.pair.hedge_count
    world.fire()
    world.laps(300)
    assert world.pair.hedge_count == count
    assert "JOURNAL_EMERGENCY" in world.alerts()  # what is checked at the end of every test reads that segment too


def test_journal_that_is_deleted_lets_what_is_in_flight_be_taken_back_and_nothing_open(fails, foreign):
    world, _ = fails(max_units=3, policy="replenish_first")
    world.opens(b=foreign.hold)
    kept = world.node_dir / "kept"
    (world.node_dir / "journal").rename(kept)
    state(world, S.EMERGENCY, "the journal is gone")
    kept.rename(world.node_dir / "journal")  # what every test asks of it at its end
    assert world.ends().status == "NONE"
    assert world.net == (0, 0)
    count = world.pair.hedge_count
    world.fire()
    world.laps(300)
    assert world.pair.hedge_count == count
    assert "JOURNAL_EMERGENCY" in world.alerts()


def test_close_in_flight_is_completed_in_the_emergency_record(fails, foreign):
    world, files = fails()
    world.holds()
    world.closes(b=foreign.hold)
    files.fails = "sync"
    state(world, S.EMERGENCY, "the sync has failed")
    world.b.cancel(world.b.working[0])
    assert world.ends().status == "DONE"
    assert world.net == (0, 0)


def test_opening_order_of_the_very_turn_that_finds_it_out_does_not_leave(fails):
    world, files = fails()
    files.fails = "allocate sync"
    world.node.journal._fail("sync", "told by a test")
    sent = len(world.a.got("D"))
    world.fire()
    world.until(lambda: world.node.desk.record_state is S.EMERGENCY, "found out")
    world.laps(100)
    assert len(world.a.got("D")) == sent
    assert world.net == (0, 0)


def test_full_disk_bars_new_hedges_and_room_lets_them_again(fails):
    world, files = fails(max_units=3)
    world.holds()
    world.until(lambda: world.node.journal.next_is_ready, "the next segment is ready")
    files.fails = "allocate"
    world.node.journal.roll()
    state(world, S.NO_ROOM, "no next segment")
    count = world.pair.hedge_count
    world.fire()
    world.laps(200)
    assert world.pair.hedge_count == count
    assert world.view.reason.startswith("JOURNAL NO_ROOM")
    files.fails = ""
    state(world, S.WELL, "room again")
    world.until(lambda: world.pair.hedge_count > count, "fires")
    world.ends()


def test_next_start_trades_on_with_what_the_emergency_record_says(fails, foreign):
    world, files = fails()
    world.holds()
    files.fails = "sync"
    world.node.journal.append("note", b"\x80")
    state(world, S.EMERGENCY, "the sync has failed")
    held = world.pair.books
    world.stop()
    files.fails = ""
    world.start()
    assert world.pair.books == held
    assert world.node.desk.record_state is S.WELL
    world.closes()
    assert world.ends().status == "DONE"
    assert verify(world.node_dir / "journal").ok


def test_when_both_fail_everything_is_cancelled_told_and_nothing_more_leaves(fails, foreign):
    world, files = fails()
    world.may_be_naked = world.may_crash = True
    world.holds()
    world.closes(b=foreign.hold)
    files.fails, files.everywhere = "sync", True
    state(world, S.LOST, "both have failed")
    world.until(lambda: world.a.got("q") and world.b.got("q"), "all is cancelled")
    world.until(lambda: {"JOURNAL_LOST", "STRANDED"} <= {row["code"] for row in world.alert_lines()}, "told")
    sent = len(world.a.got("D")) + len(world.b.got("D"))
    world.fire()
    world.laps(500)
    assert len(world.a.got("D")) + len(world.b.got("D")) == sent
    row = next(row for row in world.alert_lines() if row["code"] == "STRANDED")
    assert (row["why"], row["naked"]) == ("JOURNAL", [0, 1])
