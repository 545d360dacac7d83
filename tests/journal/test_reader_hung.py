"""Somebody reads a living journal, stops in the middle, and goes on later."""

from itertools import islice

from journal.reader import read


def test_reader_that_hung_while_the_writer_went_on_to_the_next_segment_reads_one_chain(open_journal, tmp_path):
    journal = open_journal()
    journal.prepare_next()  # it is there, and holds nothing, when the reader lists the segments
    for _ in range(5):
        journal.append("word", b"before")
    reader = read(tmp_path / "journal")
    assert [record.seq for record in islice(reader, 3)] == [1, 2, 3]
    for _ in range(5):
        journal.append("word", b"meanwhile")
    journal.roll()
    journal.append("word", b"after")
    assert [record.seq for record in reader] == list(range(4, journal.last_seq + 1))


def test_reader_that_hung_over_an_emergency_and_a_start_reads_what_came_of_it(open_journal, tmp_path):
    place = tmp_path / "elsewhere"
    journal = open_journal(emergency_dir=place)
    for _ in range(5):
        journal.append("word", b"before")
    journal._fail("sync", "the disk is gone")
    journal.append("word", b"in the emergency segment")
    reader = read(tmp_path / "journal")
    assert next(reader).seq == 1
    last = journal.last_seq
    journal._drop()
    again = open_journal(emergency_dir=place)
    again.append("word", b"after")
    again._fail("sync", "gone again")
    again.append("word", b"in the next emergency segment")
    assert [record.seq for record in reader][: last - 1] == list(range(2, last + 1))
