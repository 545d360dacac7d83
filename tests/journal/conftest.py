"""A journal in a directory of its own, its times counted and not read."""

from __future__ import annotations

import pytest

from journal.writer import Journal


class CountingClock:
    """Each reading is 1,000 ns later than the last."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000_000_000

    def wall_ns(self) -> int:
        self.now += 1_000
        return self.now

    def mono_ns(self) -> int:
        self.now += 1_000
        return self.now - 1_600_000_000_000_000_000


@pytest.fixture
def clock():
    return CountingClock()


@pytest.fixture
def open_journal(tmp_path, clock):
    """Opens the journal of the test's directory; closes all at the end."""
    opened = []

    def opener(directory=tmp_path / "journal", **kw):
        kw.setdefault("segment_bytes", 64 * 1024)
        journal = Journal(directory, clock=clock, **kw)
        opened.append(journal)
        return journal

    yield opener
    for journal in opened:
        kill(journal)


def kill(journal) -> None:
    """What a killed process leaves: all that was appended, nothing synced."""
    journal._drop()


def fill(journal, count, size=300):
    """Appends records of different kinds and sizes, each caused by the last."""
    for n in range(count):
        kind = ("decision", "report", "venue")[n % 3]
        journal.append(kind, bytes([n % 251]) * (size + n % 7), journal.last_seq)
