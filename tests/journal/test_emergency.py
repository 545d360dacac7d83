"""The emergency segment: where records go when the journal's disk fails."""

from __future__ import annotations

import pytest

from domain.errors import JournalError
from journal import emergency
from journal.format import HEADER_BYTES, LENGTH_CRC, PREPARED, decode_header
from journal.reader import last_record, read
from journal.recovery import last_node_epoch
from journal.segment import pointed, segment_paths
from journal.verify import verify
from tools import verify_journal

from .conftest import fill, kill
from .test_writer import FailingFiles


@pytest.fixture
def opener(open_journal, tmp_path):
    def make(files=None, **kw):
        return open_journal(files=files, node="n1", emergency_dir=tmp_path / "elsewhere", **kw)

    return make


def failing(opener, call):
    """A journal whose disk has failed, and what it was told."""
    files = FailingFiles()
    journal, told = opener(files), []
    journal.on_failed = lambda: told.append((journal.failed, journal.broken))
    fill(journal, 20)
    journal.sync()
    fill(journal, 7)
    files.fails = call
    return journal, files, told


def fail_sync(journal):
    with pytest.raises(JournalError, match="failed to sync"):
        journal.sync()


def test_records_go_on_elsewhere_when_a_sync_fails(opener):
    journal, _, told = failing(opener, "sync")
    fail_sync(journal)
    seq = journal.append("decision", b"\x80")
    assert seq == 29  # behind the emergency segment's own first record
    assert told == [(journal.failed, "")]
    assert "sync" in journal.failed
    assert [r.kind for r in read(journal.directory)][-2:] == [emergency.KIND, "decision"]


def test_records_go_on_elsewhere_when_no_segment_can_be_made(opener):
    journal, _, told = failing(opener, "allocate")
    fill(journal, 400)
    assert len(told) == 1
    assert "next segment" in journal.failed
    assert not journal.prepare_next()
    assert verify(journal.directory).ok


def test_every_reader_finds_them_before_and_after_the_next_start(opener, tmp_path):
    journal, files, _ = failing(opener, "sync")
    fail_sync(journal)
    files.fails = ""
    fill(journal, 5)
    journal.sync()
    before = list(read(journal.directory))
    assert last_record(journal.directory).seq == journal.last_seq == len(before)
    assert verify(journal.directory).ok
    assert verify_journal.verify(journal.directory).problems == []
    assert last_node_epoch(journal.directory) == journal.node_epoch
    kill(journal)
    again = opener()
    assert list(read(again.directory)) == before
    assert "taken in" in " ".join(again.recovered.notes)
    assert all(path.parent == again.directory for path in segment_paths(again.directory).values())
    fill(again, 300)
    again.close()
    assert verify(again.directory).ok
    assert verify_journal.verify(again.directory).problems == []


@pytest.mark.parametrize("how", ["zeroed", "cut"])
def test_what_the_failed_disk_has_forgotten_is_brought_back(opener, how):
    journal, files, _ = failing(opener, "sync")
    synced = journal._segment.marked_seq
    fail_sync(journal)
    files.fails = ""
    fill(journal, 5)
    before = list(read(journal.directory))
    path, start = journal._files, journal.directory / "segment-00000001.journal"
    assert path is files
    kill(journal)
    data = start.read_bytes()
    body = next(r.body for r in before if r.kind == emergency.KIND)
    offset = emergency.unpack(body)["offset"]
    start.write_bytes(data[:offset] + (bytes(len(data) - offset) if how == "zeroed" else b""))
    assert synced == 20
    again = opener()
    assert list(read(again.directory)) == before


def test_a_start_that_is_killed_while_it_takes_them_in_does_so_again(opener, monkeypatch):
    journal, files, _ = failing(opener, "sync")
    fail_sync(journal)
    files.fails = ""
    fill(journal, 5)
    before = list(read(journal.directory))
    kill(journal)
    place = pointed(journal.directory)
    kept = place.read_bytes()
    emergency.absorb(files, journal.directory)
    place.write_bytes(kept)  # killed before it was removed
    assert list(read(journal.directory)) == before
    again = opener()
    assert list(read(again.directory)) == before
    assert verify(again.directory).ok


def in_use(opener, records):
    """A killed writer's, with so many records behind its own first one; (its file, what was on record before it)."""
    journal, files, _ = failing(opener, "sync")
    fail_sync(journal)
    files.fails = ""
    before = list(read(journal.directory))
    fill(journal, records)
    kill(journal)
    return pointed(journal.directory), before


def first_record_end(path):
    data = path.read_bytes()
    return HEADER_BYTES + LENGTH_CRC.unpack_from(data, HEADER_BYTES)[0]


def nothing(length):
    return 0


def its_length(length):
    return LENGTH_CRC.size


def half(length):
    return length // 2


def all_but_a_byte(length):
    return length - 1


@pytest.mark.parametrize("kept", [nothing, its_length, half, all_but_a_byte])
def test_a_writer_that_died_over_its_first_record_has_promised_nothing(opener, kept):
    path, before = in_use(opener, 1)
    data, end = path.read_bytes(), first_record_end(path)
    cut = HEADER_BYTES + kept(end - HEADER_BYTES)
    torn = data[:cut] + bytes(len(data) - cut)
    path.write_bytes(torn)
    directory = path.parent.parent / "journal"
    assert list(read(directory)) == before
    again = opener()
    assert list(read(again.directory)) == before
    assert (again.directory / "segment-00000002.emergency.torn").read_bytes() == torn[HEADER_BYTES:].rstrip(b"\0")
    assert "left at its first record" in " ".join(again.recovered.notes)
    assert decode_header(path.read_bytes()).state == PREPARED
    fill(again, 300)
    again.close()
    assert verify(again.directory).ok
    assert list(read(again.directory))[: len(before)] == before


@pytest.mark.parametrize("torn", [False, True], ids=["taken in", "torn"])
def test_what_a_start_that_came_to_nothing_did_with_it_is_told_by_the_next_alone(opener, torn):
    path, _ = in_use(opener, 1)
    if torn:
        data = path.read_bytes()
        path.write_bytes(data[: HEADER_BYTES + 8] + bytes(len(data) - HEADER_BYTES - 8))
    directory = path.parent.parent / "journal"
    (first,) = emergency.make_whole(directory, "n1")
    assert "no start has come up since" not in first
    again = opener()
    told = [note for note in again.recovered.notes if "no start has come up since" in note]
    assert len(told) == 1
    fill(again, 1)
    again.close()
    assert opener().recovered.notes == []


def test_a_torn_tail_behind_its_first_record_is_kept_aside(opener):
    path, before = in_use(opener, 3)
    whole = list(read(path.parent.parent / "journal"))
    data = path.read_bytes()
    end = len(data.rstrip(b"\0"))
    path.write_bytes(data[: end - 40] + bytes(len(data) - end + 40))
    again = opener()
    assert list(read(again.directory)) == whole[:-1]
    assert len(whole) == len(before) + 4
    assert [each.name for each in again.recovered.torn] == [f"segment-00000002.{again.recovered.mark.offset}.torn"]
    assert "torn tail behind record" in " ".join(again.recovered.notes)


@pytest.mark.parametrize("record", ["first", "second"])
def test_damage_that_whole_records_follow_stops_the_start_and_changes_nothing(opener, record):
    path, _ = in_use(opener, 5)
    data = bytearray(path.read_bytes())
    data[HEADER_BYTES + 60 if record == "first" else first_record_end(path) + 60] ^= 1
    path.write_bytes(data)
    directory = path.parent.parent / "journal"
    there = {each: each.read_bytes() for each in directory.iterdir()}
    with pytest.raises(JournalError, match=r"emergency-n1\.journal at offset \d+ .*whole records follow"):
        opener()
    assert path.read_bytes() == bytes(data)
    assert {each: each.read_bytes() for each in there} == there


def test_pages_that_a_power_loss_left_out_are_no_damage(opener):
    path, before = in_use(opener, 20)
    data = bytearray(path.read_bytes())
    data[HEADER_BYTES : 2 * HEADER_BYTES] = bytes(HEADER_BYTES)
    path.write_bytes(data)
    files = FailingFiles()
    files.boot_id = lambda: b"another boot    "
    again = opener(files)
    assert list(read(again.directory)) == before
    assert (again.directory / "segment-00000002.emergency.torn").read_bytes() == data[HEADER_BYTES:].rstrip(b"\0")


@pytest.mark.parametrize("lost", ["first", "last"])
def test_a_synced_record_that_is_gone_stops_the_start(opener, lost):
    journal, files, _ = failing(opener, "sync")
    fail_sync(journal)
    files.fails = ""
    fill(journal, 2)
    journal.sync()
    kill(journal)
    path = pointed(journal.directory)
    data = path.read_bytes()
    cut = HEADER_BYTES if lost == "first" else len(data.rstrip(b"\0")) - 40
    path.write_bytes(data[:cut] + bytes(len(data) - cut))
    files.boot_id = lambda: b"another boot    "
    with pytest.raises(JournalError, match=r"emergency-n1\.journal at offset \d+ .*was synced"):
        opener(files)


def test_a_header_that_is_damaged_stops_the_start_and_is_named(opener):
    path, _ = in_use(opener, 2)
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    with pytest.raises(JournalError, match=r"emergency-n1\.journal at offset 0: .*header is damaged"):
        opener()


def test_when_that_fails_too_nothing_is_taken_for_recorded(opener):
    journal, files, told = failing(opener, "sync")
    fail_sync(journal)
    journal.append("decision", b"")
    fail_sync(journal)
    with pytest.raises(JournalError, match="closed"):
        journal.append("decision", b"")
    assert told[-1] == (journal.failed, journal.broken)
    assert journal.broken
    files.fails = ""
    kill(journal)
    assert opener().last_seq == 29


def test_a_full_emergency_segment_is_the_end(opener, monkeypatch):
    monkeypatch.setattr(emergency, "EMERGENCY_BYTES", 64 * 1024)
    journal, _, _ = failing(opener, "allocate")
    with pytest.raises(JournalError, match="emergency segment is full"):
        fill(journal, 2_000)
    assert journal.broken
    assert verify(journal.directory).ok


def test_an_unused_one_is_no_part_of_the_journal(opener):
    journal = opener()
    fill(journal, 3)
    assert [path.parent for path in segment_paths(journal.directory).values()] == [journal.directory]
    kill(journal)
    again = opener()
    assert again.recovered.notes == []


def test_a_place_that_can_not_be_written_stops_the_start(open_journal, tmp_path):
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(JournalError, match="failed to open"):
        open_journal(node="n1", emergency_dir=tmp_path / "file")


def deleted(path):
    path.unlink()


def moved(path):
    path.rename(path.with_suffix(".away"))


def replaced(path):
    data = path.read_bytes()
    moved(path)
    path.write_bytes(data)


@pytest.mark.parametrize("lose", [deleted, moved, replaced])
def test_records_go_on_elsewhere_when_the_segment_is_gone_from_its_place(opener, lose):
    journal, told = opener(), []
    journal.on_failed = lambda: told.append(journal.failed)
    fill(journal, 20)
    journal.sync()
    lose(journal._segment.path)
    fill(journal, 1)
    fail_sync(journal)
    fill(journal, 1)
    assert len(told) == 1
    assert not journal.broken
    assert journal._segment.path == pointed(journal.directory)
    journal.sync()


def test_nothing_is_kept_where_the_emergency_segment_is_gone_too(opener):
    journal = opener()
    fill(journal, 20)
    journal._segment.path.unlink()
    pointed(journal.directory).unlink()
    fail_sync(journal)
    fill(journal, 1)
    fail_sync(journal)
    with pytest.raises(JournalError, match="closed"):
        fill(journal, 1)
