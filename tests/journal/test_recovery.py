"""Opening after a crash: a torn tail is cut, damage stops the start."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import JournalError
from journal.emergency import make_whole
from journal.format import HEADER_BYTES, RECORDS_START, decode_header, decode_marks
from journal.reader import last_mono_ns, last_record, read
from journal.recovery import DamagedError, cut_is_allowed, last_node_epoch
from journal.scan import Scan
from journal.segment import POINTER, is_begun, segment_paths
from journal.verify import verify
from journal.writer import Journal
from system.files import Files
from system.locks import LockHeldError, is_locked

from .conftest import CountingClock, fill, kill
from .test_writer import FailingFiles


class RebootedFiles(Files):
    """The machine as it is after another boot."""

    def boot_id(self):
        return b"another boot id."


@pytest.fixture
def crashed(open_journal):
    """40 records, 20 of them synced, then killed. Its only segment's path."""
    journal = open_journal()
    fill(journal, 20)
    journal.sync()
    fill(journal, 20)
    kill(journal)
    return segment_paths(journal.directory)[1]


def ends(path):
    """Offsets at which the records end, by seq (0: where they begin)."""
    data = path.read_bytes()
    scan = Scan(data, decode_header(data))
    return [RECORDS_START] + [scan.offset for _ in scan]


def patch(path, at, data):
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def test_torn_tail_is_cut_and_kept_aside(crashed, open_journal):
    end = ends(crashed)
    patch(crashed, end[40] - 50, bytes(50))
    journal = open_journal()
    assert journal.last_seq == 39
    kept = journal.recovered.torn[0]
    assert 0 < kept.stat().st_size <= end[40] - end[39]
    assert "torn tail behind record 39" in journal.recovered.notes[0]
    assert journal.append("start", b"") == 40
    assert verify(journal.directory).ok


@pytest.mark.parametrize("fails", ["allocate", "sync"])
def test_cut_of_a_start_that_failed_is_told_by_the_next_one_and_by_no_other(crashed, open_journal, fails):
    patch(crashed, ends(crashed)[40] - 50, bytes(50))
    files = FailingFiles()
    files.fails = fails
    with pytest.raises(JournalError, match=f"{fails} fails"):
        open_journal(files=files)
    journal = open_journal()
    assert "torn tail behind record 39 was cut before" in " ".join(journal.recovered.notes)
    assert journal.recovered.torn[0].exists()
    journal.append("start", b"")
    kill(journal)
    again = open_journal()
    assert (again.recovered.torn, [note for note in again.recovered.notes if "torn" in note]) == ([], [])


def test_garbage_behind_the_last_record_is_cut(crashed, open_journal):
    patch(crashed, ends(crashed)[40] + 3, b"garbage")
    assert open_journal().last_seq == 40


def test_damage_in_what_was_synced_stops_the_start(crashed, open_journal):
    end = ends(crashed)
    patch(crashed, end[9] + 60, b"\xff\xfe")
    before = crashed.read_bytes()
    with pytest.raises(JournalError, match=rf"offset {end[9]} \(record 10\).*CRC-32.*was synced.*journal verify"):
        open_journal()
    assert crashed.read_bytes() == before


def test_last_synced_record_is_never_taken_for_a_torn_tail(open_journal):
    journal = open_journal()
    fill(journal, 20)
    journal.close()
    path = segment_paths(journal.directory)[1]
    patch(path, ends(path)[19] + 60, b"\xff\xfe")
    with pytest.raises(JournalError, match="record 20 was synced"):
        open_journal()


def test_damage_that_whole_records_follow_stops_the_start(crashed, open_journal):
    patch(crashed, ends(crashed)[30] + 60, b"\xff\xfe")
    with pytest.raises(JournalError, match="and whole records follow"):
        open_journal()


def test_hole_in_what_was_not_synced_is_torn_after_a_reboot(crashed, open_journal):
    patch(crashed, ends(crashed)[30], bytes(400))
    journal = open_journal(files=RebootedFiles())
    assert journal.last_seq == 30
    assert journal.recovered.torn


def test_hole_in_what_was_synced_is_damage_after_a_reboot_too(crashed, open_journal):
    patch(crashed, ends(crashed)[10], bytes(400))
    with pytest.raises(JournalError, match="was synced"):
        open_journal(files=RebootedFiles())


def test_unsynced_segments_behind_a_hole_are_torn_after_a_reboot(open_journal):
    journal = open_journal()
    fill(journal, 20)
    journal.sync()
    fill(journal, 200)
    kill(journal)
    paths = segment_paths(journal.directory)
    assert len(paths) == 2
    patch(paths[1], ends(paths[1])[100], bytes(400))
    with pytest.raises(JournalError, match="the next segment goes on"):
        open_journal()
    again = open_journal(files=RebootedFiles())
    assert again.last_seq == 100
    assert len(again.recovered.torn) == 2
    assert again.append("start", b"") == 101
    assert verify(again.directory).ok


def test_what_a_power_loss_tore_is_cut_for_whoever_reads_before_he_opens(crashed, open_journal):
    patch(crashed, ends(crashed)[30], bytes(400))
    directory = crashed.parent
    with pytest.raises(DamagedError, match="record 31"):
        list(read(directory))
    (note,) = make_whole(directory, "n1", RebootedFiles())
    assert "torn tail behind record 30" in note
    assert [record.seq for record in read(directory)] == list(range(1, 31))
    assert verify(directory).ok
    assert not is_locked(directory)
    again = open_journal()
    (note,) = again.recovered.notes
    assert "behind record 30 was cut before" in note
    assert again.append("start", b"") == 31


def test_what_is_damaged_is_left_as_it_is_for_whoever_reads_before_he_opens(crashed):
    patch(crashed, ends(crashed)[30] + 60, b"\xff\xfe")
    before = crashed.read_bytes()
    with pytest.raises(DamagedError, match="and whole records follow"):
        make_whole(crashed.parent, "n1")
    assert crashed.read_bytes() == before
    assert not is_locked(crashed.parent)


def test_journal_that_is_held_is_not_made_whole_by_another(open_journal):
    journal = open_journal(node="n1")
    fill(journal, 3)
    with pytest.raises(LockHeldError, match="held by node n1"):
        make_whole(journal.directory, "n2")
    assert journal.append("decision", b"") == 4


def test_missing_last_segment_stops_the_start(open_journal):
    journal = open_journal()
    fill(journal, 300)
    journal.sync()
    kill(journal)
    list(segment_paths(journal.directory).values())[-1].unlink()
    with pytest.raises(JournalError, match="the segment is missing"):
        open_journal()


def test_missing_segment_in_the_middle_stops_the_start_and_the_reader(open_journal):
    journal = open_journal()
    fill(journal, 500)
    journal.close()
    segment_paths(journal.directory)[2].unlink()
    with pytest.raises(JournalError, match=r"segment-00000002\.journal.*missing"):
        open_journal()
    with pytest.raises(JournalError, match="does not go on where"):
        list(read(journal.directory))


def test_segment_cut_short_stops_the_start(open_journal):
    journal = open_journal()
    fill(journal, 500)
    journal.close()
    path = segment_paths(journal.directory)[2]
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(JournalError, match="cut short"):
        open_journal()


@pytest.mark.parametrize("size", [0, 100, HEADER_BYTES - 1])
def test_segment_cut_within_its_header_stops_the_start(crashed, open_journal, size):
    crashed.write_bytes(crashed.read_bytes()[:size])
    with pytest.raises(JournalError, match="the file was cut"):
        open_journal()


def test_zeroed_segment_stops_the_start(crashed, open_journal):
    crashed.write_bytes(bytes(crashed.stat().st_size))
    with pytest.raises(JournalError, match="header is damaged"):
        open_journal()


def test_damaged_sync_mark_is_noted_and_the_other_one_taken(crashed, open_journal):
    patch(crashed, 512, b"\xff")
    journal = open_journal()
    assert journal.last_seq == 40
    assert "sync mark" in journal.recovered.notes[0]


def test_reader_stops_before_a_torn_tail_and_raises_on_damage(crashed):
    end = ends(crashed)
    patch(crashed, end[40] - 50, bytes(50))
    assert [r.seq for r in read(crashed.parent)][-1] == 39
    patch(crashed, end[5] + 60, b"\xff\xfe")
    with pytest.raises(JournalError, match=r"record 6"):
        list(read(crashed.parent))


def test_reader_begins_where_it_is_told(open_journal):
    journal = open_journal()
    fill(journal, 500)
    assert [r.seq for r in read(journal.directory, from_seq=321)] == list(range(321, 501))


def test_reader_says_where_no_journal_is(tmp_path):
    with pytest.raises(JournalError, match="holds no journal"):
        list(read(tmp_path))
    with pytest.raises(JournalError, match="no such directory"):
        list(read(tmp_path / "none"))


def test_journal_killed_between_starts_always_opens_again(open_journal):
    for n in range(5):
        journal = open_journal()
        assert journal.last_seq == n * 11
        fill(journal, 11)
        if n % 2:
            journal.sync()
        kill(journal)
    assert verify(journal.directory).records == 55


@pytest.fixture(scope="module")
def sixty_four_kb(tmp_path_factory):
    """A 64 KB segment, all synced: its bytes, header, mark and record ends."""
    directory = tmp_path_factory.mktemp("whole") / "journal"
    journal = Journal(directory, clock=CountingClock(), segment_bytes=80 * 1024)
    fill(journal, 60, size=1_000)
    journal.close()
    path = segment_paths(directory)[1]
    data = path.read_bytes()
    assert len(data) >= 64 * 1024
    scan = Scan(data, decode_header(data))
    steps = [(scan.offset, 0, scan.hash)] + [(scan.offset, scan.last_seq, scan.hash) for _ in scan]
    return directory, data, decode_header(data), decode_marks(data)[0], steps


def outcome(data, header, mark, step):
    """What opening for write would do: 'whole', 'torn' or 'damage'.

    What precedes the record that was touched is whole: the scan begins there.
    """
    scan = Scan(data, header)
    scan.offset, scan.last_seq, scan.hash = step
    scan.finish()
    if not scan.fault and scan.last_seq >= (mark.seq if mark else 0):
        return "whole", scan.last_seq
    why = cut_is_allowed(data, scan, mark, same_boot=True, more_segments=False)
    return ("damage" if why else "torn"), scan.last_seq


def touched(data, steps):
    """Every offset behind the header, with the step of the record it is in."""
    for step, after in zip(steps, steps[1:], strict=False):
        for at in range(step[0], after[0]):
            yield at, step


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1 << (at % 8)]) + data[at + 1 :]


@pytest.mark.slow
def test_synced_journal_cut_or_flipped_at_any_byte_is_damage(sixty_four_kb):
    _, data, header, mark, steps = sixty_four_kb
    for at, step in touched(data, steps):
        assert outcome(data[:at], header, mark, step)[0] == "damage", at
        assert outcome(flip(data, at), header, mark, step)[0] == "damage", at


@pytest.mark.slow
def test_unsynced_journal_cut_at_any_byte_keeps_every_whole_record(sixty_four_kb):
    _, data, header, _, steps = sixty_four_kb
    for at, step in touched(data, steps):
        end = outcome(data[:at] + bytes(HEADER_BYTES), header, None, step)
        assert end == ("whole" if at == step[0] else end[0], step[1]), at
        assert end[0] != "damage", at


@pytest.mark.slow
def test_unsynced_journal_flipped_at_any_byte_loses_at_most_the_last_record(sixty_four_kb):
    _, data, header, _, steps = sixty_four_kb
    for at, step in touched(data, steps):
        assert outcome(flip(data, at), header, None, step)[0] == ("torn" if step == steps[-2] else "damage"), at


@pytest.mark.slow
def test_header_flipped_at_any_byte_is_seen_by_the_verifier(sixty_four_kb, tmp_path):
    directory, data, *_ = sixty_four_kb
    shutil.copytree(directory, tmp_path / "journal")
    path = segment_paths(tmp_path / "journal")[1]
    for at in range(HEADER_BYTES):
        patch(path, at, bytes([data[at] ^ (1 << (at % 8))]))
        assert not verify(path.parent).ok, at
        patch(path, at, data[at : at + 1])
    assert verify(path.parent).ok


@pytest.mark.slow
def test_file_flipped_or_cut_at_sampled_bytes_never_opens(sixty_four_kb, tmp_path):
    directory, data, *_ = sixty_four_kb
    shutil.copytree(directory, tmp_path / "journal")
    path = segment_paths(tmp_path / "journal")[1]
    for at in [*range(0, 256, 5), *range(HEADER_BYTES, len(data), 499)]:
        for bad in (data[:at], data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :]):
            path.write_bytes(bad)
            with pytest.raises(JournalError):
                Journal(path.parent, clock=CountingClock(), segment_bytes=16 * 1024)
            assert not verify(path.parent).ok


@pytest.mark.slow
def test_process_killed_while_it_appends_loses_nothing_it_told(tmp_path):
    """SIGKILL at any moment: each seq that the process printed is on record."""
    code = (
        "import sys, itertools; from journal.writer import Journal; from system.clock import SystemClock as C\n"
        "j = Journal(sys.argv[1], clock=C(), segment_bytes=65536)\n"
        "for n in itertools.count(): print(j.append('decision', bytes(n % 500)), flush=n % 50 == 0)\n"
    )
    last = 0
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "j")], stdout=subprocess.PIPE) as process:
            lines = [process.stdout.readline() for _ in range(700)]
            process.kill()
            lines += process.stdout.read().split(b"\n")[:-1]
        told = [int(line) for line in lines if line.strip()]
        assert told[0] == last + 1
        last = verify(tmp_path / "j").last_seq
        assert last >= told[-1]
    assert verify(tmp_path / "j").ok


@pytest.mark.parametrize("what", ["segment", "pointer", "directory"])
def test_journal_that_the_disk_does_not_give_is_no_empty_journal(crashed, monkeypatch, what):
    """Whoever reads is told; nobody takes silence of the disk for nothing on record."""
    path = {"segment": crashed, "pointer": crashed.parent / POINTER, "directory": crashed.parent}[what]
    for name in ("open", "iterdir"):
        real = getattr(Path, name)

        def fails(self, *words, real=real, **more):
            if self == path:
                raise OSError(errno.EIO, "Input/output error", str(self))
            return real(self, *words, **more)

        monkeypatch.setattr(Path, name, fails)
    for look in (last_record, lambda place: list(read(place)), verify, last_node_epoch):
        with pytest.raises(JournalError, match=r"can't be read.*Input/output error"):
            look(crashed.parent)
    if what == "directory":
        with pytest.raises(JournalError, match="can't be read"):
            is_begun(crashed.parent)


def test_no_journal_is_told_from_one_that_is_begun(crashed, tmp_path):
    assert is_begun(crashed.parent)
    assert not is_begun(tmp_path / "none")
    assert last_mono_ns(tmp_path / "none") == 0
