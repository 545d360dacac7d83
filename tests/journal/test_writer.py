"""The writer: what is appended is there, in order, or the call raises."""

from __future__ import annotations

import errno
import threading

import pytest

from domain.errors import JournalError
from journal.format import HEADER_BYTES, decode_header
from journal.reader import read, replay_from
from journal.recovery import last_node_epoch, next_node_epoch
from journal.segment import segment_paths
from journal.verify import verify
from journal.writer import SNAPSHOT_END, Journal
from system.files import Files
from system.locks import LockHeldError, is_locked

from .conftest import fill, kill


class FailingFiles(Files):
    """Each call may be told to fail from now on."""

    def __init__(self) -> None:
        self.fails = ""

    def _may(self, name):
        if name in self.fails.split():
            raise OSError(errno.EIO, f"{name} fails")

    def sync(self, fd):
        self._may("sync")
        super().sync(fd)

    def allocate(self, path, size_bytes):
        self._may("allocate")
        return super().allocate(path, size_bytes)

    def truncate(self, fd, size_bytes):
        self._may("truncate")
        super().truncate(fd, size_bytes)


def test_record_is_read_back_as_it_was_appended(open_journal):
    journal = open_journal()
    first = journal.append("start", b"\x80")
    second = journal.append("decision", b"\x81\xa1a\x01", cause=first)
    records = list(read(journal.directory))
    assert [(r.seq, r.kind, r.cause, r.body) for r in records] == [
        (1, "start", 0, b"\x80"),
        (2, "decision", 1, b"\x81\xa1a\x01"),
    ]
    assert second == journal.last_seq == 2
    assert records[1].wall_ns > records[0].wall_ns
    assert records[1].mono_ns > records[0].mono_ns


def test_appended_records_survive_a_kill_without_a_sync(open_journal):
    journal = open_journal()
    fill(journal, 50)
    kill(journal)
    again = open_journal()
    assert again.last_seq == 50
    assert again.recovered.notes == []
    assert again.append("start", b"") == 51
    assert verify(again.directory).ok


def test_header_names_code_configuration_and_epoch(open_journal):
    journal = open_journal(code_version="0.1.0+abc", config_hash="ab" * 32, node_epoch=7)
    header = decode_header(next(iter(segment_paths(journal.directory).values())).read_bytes())
    assert (header.code_version, header.config_hash, header.node_epoch) == ("0.1.0+abc", b"\xab" * 32, 7)


def test_segments_roll_over_when_full(open_journal):
    journal = open_journal()
    fill(journal, 1_000)
    journal.sync()
    report = verify(journal.directory)
    assert report.ok
    assert report.records == 1_000
    assert report.segments > 5


def test_sealed_segments_are_cut_to_what_they_hold(open_journal):
    journal = open_journal()
    fill(journal, 300)
    journal.close()
    assert all(path.stat().st_size < 64 * 1024 for path in segment_paths(journal.directory).values())


def test_prepared_segment_is_used_at_the_roll(open_journal):
    journal = open_journal()
    assert journal.prepare_next()
    assert not journal.prepare_next()
    assert journal.next_is_ready
    journal.roll()
    assert not journal.next_is_ready
    assert list(segment_paths(journal.directory)) == [1, 2]


def test_prepared_segment_is_used_by_the_next_start(open_journal):
    journal = open_journal()
    journal.prepare_next()
    journal.append("start", b"")
    kill(journal)
    again = open_journal()
    assert list(segment_paths(again.directory)) == [1, 2]
    assert again.append("start", b"") == 2
    assert verify(again.directory).ok


def test_prepared_segment_of_another_size_is_made_anew(open_journal):
    journal = open_journal()
    journal.prepare_next()
    kill(journal)
    again = open_journal(segment_bytes=128 * 1024)
    fill(again, 200)
    assert verify(again.directory).ok


def test_segment_opens_with_the_snapshot(open_journal):
    journal = open_journal(snapshot=lambda: [("snapshot", b"a"), ("snapshot", b"b")])
    fill(journal, 10)
    journal.roll()
    journal.append("decision", b"")
    since = replay_from(journal.directory)
    assert [r.kind for r in read(journal.directory, from_seq=since)] == [
        "snapshot",
        "snapshot",
        SNAPSHOT_END,
        "decision",
    ]


def test_replay_takes_the_last_segment_whose_snapshot_is_complete(open_journal):
    journal = open_journal(snapshot=lambda: [("snapshot", b"a")])
    journal.close()
    plain = open_journal()
    plain.append("decision", b"")
    assert replay_from(plain.directory) == 1
    plain.snapshot = lambda: [("snapshot", b"b")]
    plain.roll()
    assert replay_from(plain.directory) == 4


def test_snapshot_too_large_for_a_segment_closes_the_journal(open_journal):
    with pytest.raises(JournalError, match="raise segment_bytes"):
        open_journal(snapshot=lambda: [("snapshot", bytes(40_000))])


def test_start_body_is_made_of_what_opening_noted(open_journal):
    asked = []
    open_journal(start=lambda notes: asked.append(notes) or b"\x80").close()
    journal = open_journal(start=lambda notes: b"\x81\xa1n" + bytes([0x90 + len(notes)]))
    assert asked == [[]]
    assert [r.body for r in read(journal.directory)] == [b"\x80", b"\x81\xa1n\x90"]


def test_start_body_becomes_the_first_record(open_journal):
    journal = open_journal(start=b"\x80")
    assert [r.kind for r in read(journal.directory)] == ["start"]


def test_second_node_is_refused_and_told_the_holder(open_journal):
    first = open_journal(node="n1")
    with pytest.raises(LockHeldError, match="held by node n1, pid"):
        open_journal(node="n2")
    assert is_locked(first.directory)
    first.close()
    assert not is_locked(first.directory)
    assert open_journal(node="n2").append("start", b"") == 1


def test_node_epoch_grows_even_when_the_wall_clock_steps_back(open_journal, clock):
    first = open_journal()
    epoch = first.node_epoch
    kill(first)
    clock.now -= 10**15
    assert open_journal().node_epoch == epoch + 1
    assert next_node_epoch(5, 100) == 100


def test_node_epoch_that_does_not_grow_is_refused(open_journal):
    first = open_journal(node_epoch=9)
    kill(first)
    assert last_node_epoch(first.directory) == 9
    with pytest.raises(JournalError, match="is not larger"):
        open_journal(node_epoch=9)


def test_record_larger_than_a_segment_is_refused_and_changes_nothing(open_journal):
    journal = open_journal()
    with pytest.raises(JournalError, match="the most is"):
        journal.append("decision", bytes(100_000))
    assert journal.append("decision", b"") == 1
    assert journal.broken == ""


def test_cause_that_is_not_on_record_is_refused(open_journal):
    with pytest.raises(JournalError, match="names cause 5"):
        open_journal().append("decision", b"", cause=5)


@pytest.mark.parametrize("kind", ["", "k" * 65])
def test_kind_that_cannot_be_written_is_refused(open_journal, kind):
    with pytest.raises(JournalError, match="a kind takes"):
        open_journal().append(kind, b"")


def test_failed_sync_closes_the_journal_for_good(open_journal):
    files = FailingFiles()
    journal = open_journal(files=files)
    journal.append("start", b"")
    files.fails = "sync"
    with pytest.raises(JournalError, match="failed to sync"):
        journal.sync()
    files.fails = ""
    for call in (lambda: journal.append("decision", b""), journal.sync, journal.roll, journal.prepare_next):
        with pytest.raises(JournalError, match="closed"):
            call()
    assert "sync" in journal.broken
    journal.close()
    assert open_journal().last_seq == 1


def test_roll_that_finds_no_room_closes_the_journal_for_good(open_journal):
    files = FailingFiles()
    journal = open_journal(files=files)
    files.fails = "allocate"
    with pytest.raises(JournalError, match="prepare the next segment"):
        fill(journal, 300)
    with pytest.raises(JournalError, match="closed"):
        journal.append("decision", b"")


def test_failed_preparation_leaves_the_present_segment_in_use(open_journal):
    files = FailingFiles()
    journal = open_journal(files=files)
    files.fails = "allocate"
    with pytest.raises(JournalError, match="can't be made ready"):
        journal.prepare_next()
    assert journal.append("decision", b"") == 1


@pytest.mark.parametrize("call", ["sync", "allocate"])
def test_opening_on_a_failing_disk_raises_and_gives_the_directory_back(open_journal, tmp_path, call):
    files = FailingFiles()
    files.fails = call
    with pytest.raises(JournalError, match="failed to open"):
        open_journal(files=files)
    assert open_journal().append("start", b"") == 1


def test_synced_seq_is_told(open_journal):
    journal = open_journal()
    fill(journal, 10)
    assert journal.durable_seq == 0
    assert journal.sync() == journal.durable_seq == 10


def test_what_is_appended_during_a_sync_is_not_told_as_synced(open_journal):
    journal = open_journal()
    fill(journal, 10)
    sync = journal._segment.sync
    journal._segment.sync = lambda: (sync(), fill(journal, 3))
    assert journal.sync() == journal.durable_seq == 10
    assert journal.last_seq == 13


def test_lane_syncs_itself_when_nobody_else_does(open_journal):
    journal = open_journal()
    fill(journal, 2_000)
    assert journal.durable_seq > 0
    assert len(journal._retired) <= 4


def test_sync_and_preparation_run_beside_the_lane(open_journal):
    journal = open_journal()
    done = threading.Event()
    failures = []

    def syncer():
        try:
            while not done.is_set():
                journal.sync()
                journal.prepare_next()
        except JournalError as error:
            failures.append(error)

    thread = threading.Thread(target=syncer)
    thread.start()
    fill(journal, 3_000)
    done.set()
    thread.join()
    journal.close()
    assert failures == []
    report = verify(journal.directory)
    assert (report.records, report.problems) == (3_000, [])


def test_same_calls_write_the_same_bytes(tmp_path):
    from .conftest import CountingClock

    def write(name):
        journal = Journal(tmp_path / name, clock=CountingClock(), segment_bytes=64 * 1024)
        fill(journal, 20)
        journal.close()
        return [path.read_bytes() for path in segment_paths(journal.directory).values()]

    assert write("a") == write("b")


def test_bare_header_page_is_never_taken_for_records(open_journal):
    journal = open_journal()
    journal.close()
    path = segment_paths(journal.directory)[1]
    assert path.stat().st_size == HEADER_BYTES
    assert verify(journal.directory).records == 0
