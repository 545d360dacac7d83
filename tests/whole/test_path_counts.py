"""CI's guard of the path: calls and records counted, never timed."""

import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks import core

pytestmark = pytest.mark.slow

MOST_CALLS = {"P1": 55, "P6": 105}
"""Python functions entered from a frame's receipt to the last send, in the median turn."""
RECORDS = {"P1": 1, "P6": 2}
"""P1: the firing. P6: the report, and the pair's decision with its first order."""


class Counted(list):
    """The probes' notes, with the calls and records that lie between them."""

    def __init__(self, bench, name):
        super().__init__()
        self.journal = bench.node.journal
        self.begins = core.QUOTE if name == "P1" else core.REPORT
        self.wants_first = name == "P1"
        self.calls = self.at = self.seq = self.sent = 0
        self.turns = []

    def profile(self, _frame, event, _arg):
        self.calls += event == "call"

    def append(self, note):
        what, _, body = note
        if what == self.begins:
            self.at, self.seq, self.sent = self.calls, self.journal.last_seq, 0
        elif what == core.SENT and body[1:3] == b"\xa1D" and core.is_first(body) == self.wants_first:
            self.sent += 1
            if self.sent == (2 if self.wants_first else 1):
                self.turns.append((self.calls - self.at, self.journal.last_seq - self.seq))


def turns_of(bench, name):
    counted = Counted(bench, name)
    for link in bench.node.desk.links.values():
        link.feed.socket._note = link.trade._note = counted.append
    sys.setprofile(counted.profile)
    try:
        bench._quotes(reject=name == "P6")
    finally:
        sys.setprofile(None)
    return sorted(counted.turns)


def test_paths_take_few_calls_and_one_record_a_turn(monkeypatch):
    monkeypatch.setattr(core, "QUOTES_A_ROUND", 40)
    with tempfile.TemporaryDirectory(prefix="hgb") as folder:
        bench = core.Bench(Path(folder))
        try:
            bench.until(bench.ready, 20)
            found = {name: turns_of(bench, name) for name in MOST_CALLS}
        finally:
            bench.close()
    for name, turns in found.items():
        calls, records = turns[len(turns) // 2]
        assert calls <= MOST_CALLS[name], (name, calls)
        assert records == RECORDS[name], (name, records)
