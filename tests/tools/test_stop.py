"""`stop`: what a node's last record says decides whether it was clean."""

from types import SimpleNamespace

import pytest

from journal.reader import last_record
from journal.writer import Journal
from tools.cli import run
from tools.errors import FINE, NOT_CONNECTED, NotConnected
from tools.stop import holder_of, last_words
from wire.codec import pack


class Clock:
    now = 1_700_000_000_000_000_000

    def wall_ns(self):
        self.now += 1_000
        return self.now

    mono_ns = wall_ns


def journal_ending(directory, kind, body):
    journal = Journal(directory / "journal", clock=Clock(), segment_bytes=64 * 1024, start=pack({"node": "n1"}))
    seq = journal.append("operator", pack({"verb": "stop"}))
    journal.append(kind, pack(body))
    journal.close()
    return seq


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ({"why": "stopped", "in_flight": [], "naked": {}}, ([], {})),
        ({"why": "stopped", "in_flight": ["AxB"], "naked": {"AxB": [1, 0]}}, (["AxB"], {"AxB": [1, 0]})),
        ({"why": "stopped"}, ([], {})),
    ],
)
def testlast_words_are_what_the_stop_record_says(body, left, tmp_path):
    seq = journal_ending(tmp_path, "stop", body)
    words = last_words(tmp_path)
    assert words["records"] == seq + 1
    assert (words["in_flight"], words["naked"]) == left


def testlast_words_are_missing_where_the_node_crashed_while_stopping(tmp_path):
    journal_ending(tmp_path, "alert", {"code": "X"})
    assert last_words(tmp_path) is None


def test_nobody_to_wait_for_is_not_connected(tmp_path):
    journal_ending(tmp_path, "stop", {})
    with pytest.raises(NotConnected):
        holder_of(tmp_path)


@pytest.mark.parametrize(
    ("kind", "after_s", "answered"), [("stop", 1, True), ("stop", 60, False), ("alert", 1, False)], ids=["fresh", "old", "crashed"]
)
def test_a_stop_that_comes_just_too_late_is_answered_like_the_one_before(kind, after_s, answered, tmp_path, monkeypatch):
    journal_ending(tmp_path, kind, {"why": "stopped", "in_flight": [], "naked": {}})
    now_ns = last_record(tmp_path / "journal").wall_ns + after_s * 1_000_000_000
    monkeypatch.setattr("system.clock.SystemClock", lambda: SimpleNamespace(wall_ns=lambda: now_ns))
    told = run(["stop", "--dir", str(tmp_path), "-o", "json"])
    assert told == (FINE if answered else NOT_CONNECTED)
