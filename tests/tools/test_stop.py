"""`stop`: what a node's last record says decides whether it was clean."""

import pytest

from journal.writer import Journal
from tools.errors import NotConnected
from tools.stop import _holder, _last_words
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
def test_last_words_are_what_the_stop_record_says(body, left, tmp_path):
    seq = journal_ending(tmp_path, "stop", body)
    words = _last_words(tmp_path, seq)
    assert (words["in_flight"], words["naked"]) == left


def test_last_words_are_missing_where_the_node_crashed_while_stopping(tmp_path):
    seq = journal_ending(tmp_path, "alert", {"code": "X"})
    assert _last_words(tmp_path, seq) is None


def test_nobody_to_wait_for_is_not_connected(tmp_path):
    journal_ending(tmp_path, "stop", {})
    with pytest.raises(NotConnected):
        _holder(tmp_path)
