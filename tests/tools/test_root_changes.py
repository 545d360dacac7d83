"""The root's record of a change by shards: one at a time, its end told where it is apart."""

from types import SimpleNamespace

import msgspec
import pytest

from tools.root_changes import LATE_NS, Ended, RootChanges
from wire.codec import unpack
from wire.inspection import Unanswerable

WHO = {"operator": "ann", "reason": "a test", "label": "config apply"}


class Journal:
    def __init__(self):
        self.rows = []

    def append(self, kind, body, cause=0):
        self.rows.append((kind, unpack(body), cause))
        return len(self.rows)


@pytest.fixture
def root():
    made = SimpleNamespace(journal=Journal(), stopping=False, places={"P": "one"}, rows={"one": 1, "two": 2}, said=0, told=[], now_ns=0)
    made.clock = SimpleNamespace(mono_ns=lambda: made.now_ns, wall_ns=lambda: 0)
    made.runtime = SimpleNamespace(tell=lambda _name, alert: made.told.append(alert.code))

    def say_places():
        made.said += 1

    made.say_places = say_places
    made.keep_settled = lambda: None
    return made


@pytest.fixture
def words(root):
    return RootChanges(root)


def end(words, seq, **how):
    return words.end({**WHO, "seq": seq, "body": msgspec.json.encode(Ended(**how))})


def test_a_change_is_on_record_with_who_and_why_and_places_are_kept(root, words):
    seq = words.begin({**WHO, "shards": "one two"})["seq"]
    end(words, seq, done={"one": 5, "two": 6}, places={"NEW": "two", "P": ""})
    begins, ends = root.journal.rows
    assert (begins[0], begins[1]["operator"], begins[1]["reason"], begins[1]["shards"]) == ("change", "ann", "a test", "one two")
    assert (ends[1]["event"], ends[1]["done"], ends[2]) == ("ends", {"one": 5, "two": 6}, seq)
    assert (root.places, root.said, root.told) == ({"NEW": "two"}, 1, [])


def test_two_at_a_time_are_refused_until_the_first_has_ended(root, words):
    seq = words.begin({**WHO, "shards": "one"})["seq"]
    with pytest.raises(Unanswerable, match="ann changes something at this moment"):
        words.begin({**WHO, "shards": "two"})
    end(words, seq, undone=("one",), refused={"two": "no"})
    assert root.told == ["CHANGE_UNDONE"]
    assert words.begin({**WHO, "shards": "two"})["seq"] > seq


@pytest.mark.parametrize("how", [{"unknown": ("two",)}, {"stays": {"one": "it holds lots"}}])
def test_shards_that_are_apart_are_told(root, words, how):
    end(words, words.begin({**WHO, "shards": "one two"})["seq"], **how)
    assert root.told == ["CHANGE_APART"]


def test_one_that_nobody_ends_is_told_and_bars_no_other(root, words):
    words.begin({**WHO, "shards": "one two"})
    root.now_ns = LATE_NS - 1
    words.beat()
    assert root.told == []
    root.now_ns = LATE_NS
    words.beat()
    words.beat()
    assert root.told == ["CHANGE_APART"]
    words.begin({**WHO, "shards": "one"})


def test_nobody_and_no_reason_and_a_root_that_stops_are_refused(root, words):
    with pytest.raises(Unanswerable, match="name and a reason"):
        words.begin({**WHO, "reason": " ", "shards": "one"})
    with pytest.raises(Unanswerable, match="body"):
        words.end({**WHO, "seq": 1, "body": b"{"})
    root.stopping = True
    with pytest.raises(Unanswerable, match="stopping"):
        words.begin({**WHO, "shards": "one"})
    assert root.journal.rows == []


def test_places_that_cannot_be_written_hold_up_no_record_and_are_written_later(root, words):
    def full():
        raise OSError(28, "No space left on device")

    say_places, root.say_places = root.say_places, full
    end(words, words.begin({**WHO, "shards": "one two"})["seq"], done={"two": 6}, places={"NEW": "two"})
    words.beat()
    assert [row[1]["event"] for row in root.journal.rows] == ["begins", "ends"]
    root.say_places = say_places
    words.beat()
    words.beat()
    assert (root.said, root.places) == (1, {"P": "one", "NEW": "two"})
