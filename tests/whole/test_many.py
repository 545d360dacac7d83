"""A node of many pairs: what one weighs, and what a look costs the lane."""

import gc
import sys
import tracemalloc
from types import SimpleNamespace

import pytest

from actors import answering
from benchmarks.isolation import config
from config.load import load_checked
from tools.node_answers import Looks
from tools.node_build import ROOT, Node

pytestmark = pytest.mark.slow

MOST_BYTES_A_PAIR = 18 * 1024
"""Of Python's own, before the first quote: 24 KiB is what a process may need for it, once all are quoted."""
KEYS = {"pairs": "pair", "board": "pair", "positions": "place", "limits": "instrument", "config": "table", "venues": "venue"}


class Many:
    """A node of so many pairs, built and not run."""

    def __init__(self, folder, pairs):
        folder.mkdir()
        (folder / "node").mkdir(mode=0o700)
        (folder / "c.toml").write_text(config(pairs, 0))
        self.node = Node(load_checked([folder / "c.toml"]), live=True)
        self.node.build()
        flag = SimpleNamespace(is_set=lambda: False)
        self.table = Looks(self.node, SimpleNamespace(flag=flag)).table()

    def close(self):
        self.node.runtime.stop(ROOT)
        self.node.lane.run(lambda: not self.node.runtime.alive(ROOT))
        self.node.close("test over")

    def listed(self, verb):
        """Every row's key, page by page."""
        found, args = [], {}
        while True:
            told = self.table[verb](args)
            found += [row[KEYS[verb]] for row in told["rows"]]
            if not told["more"]:
                return found
            args = {"after": found[-1]}

    def calls(self, verb, **args):
        """Python functions entered by one answer."""
        count = 0

        def profile(_frame, event, _arg):
            nonlocal count
            count += event == "call"

        sys.setprofile(profile)
        try:
            self.table[verb](args)
        finally:
            sys.setprofile(None)
        return count


@pytest.fixture
def many(tmp_path):
    made = []

    def make(pairs):
        made.append(Many(tmp_path / f"{len(made)}", pairs))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("verb", KEYS)
def test_pages_join_to_the_whole(many, verb, monkeypatch):
    node = many(7)
    monkeypatch.setattr(answering, "MAX_PAGE_NS", 1 << 60)
    whole = node.listed(verb)
    monkeypatch.setattr(answering, "MAX_PAGE_ROWS", 2)
    assert node.listed(verb) == whole
    assert len(set(whole)) == len(whole)
    assert {"pairs": 7, "board": 7, "positions": 28, "limits": 14, "config": 25, "venues": 2}[verb] == len(whole)


@pytest.mark.parametrize(
    ("verb", "args"),
    [("pair", {"pair": "P003"}), ("board", {}), ("board", {"after": "P003"}), ("positions", {"after": "A/A.3"}), ("limits", {"after": "A/A.3"}), ("pulse", {})],
)
def test_a_look_costs_the_lane_no_more_where_there_are_more_pairs(many, verb, args, monkeypatch):
    monkeypatch.setattr(answering, "MAX_PAGE_NS", 1 << 60)  # three rows, however busy the machine is
    monkeypatch.setattr(answering, "MAX_PAGE_ROWS", 3)
    few, more = many(8), many(24)
    for each in (few, more):
        each.calls(verb, **args)
    assert abs(more.calls(verb, **args) - few.calls(verb, **args)) < 5


def test_a_pair_weighs_little(many):
    many(10)  # what all of them share
    tracemalloc.start()
    try:
        weights = []
        for pairs in (10, 60):
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            many(pairs)
            gc.collect()
            weights.append(tracemalloc.get_traced_memory()[0] - before)
    finally:
        tracemalloc.stop()
    assert (weights[1] - weights[0]) / 50 < MOST_BYTES_A_PAIR
