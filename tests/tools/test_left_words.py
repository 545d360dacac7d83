"""Words left for a shard: only what bars, oldest first, each once."""

import pytest

from tools.left_words import FOLDER, leave, may_wait, take
from wire.inspection import REFUSED, Unanswerable


def test_a_kill_is_taken_up_once_oldest_first(tmp_path):
    for wall_ns, level in ((2_000, "flatten"), (1_000, "block")):
        leave(tmp_path, "kill", {"scope": "all", "level": level, "operator": "ann"}, wall_ns)
    done = []
    assert take(tmp_path, {"kill": done.append}, lambda *_, **__: None) == 2
    assert [args["level"] for args in done] == ["block", "flatten"]
    assert take(tmp_path, {"kill": done.append}, lambda *_, **__: None) == 0


def test_what_cannot_be_done_is_logged_and_gone(tmp_path):
    def refuse(_args):
        raise Unanswerable(REFUSED, "it holds already")

    leave(tmp_path, "kill", {"scope": "all"}, 1)
    (tmp_path / FOLDER / "2-1.word").write_bytes(b"\xc1")
    (tmp_path / FOLDER / "3-1.word").write_bytes(b"\x05")
    logged = []
    assert take(tmp_path, {"kill": refuse}, lambda event, **_: logged.append(event)) == 3
    assert logged == ["word_not_taken_up"] * 3
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_no_word_but_what_bars_is_done(tmp_path):
    leave(tmp_path, "unkill", {"scope": "all"}, 1)
    done = []
    take(tmp_path, {"unkill": done.append}, lambda *_, **__: None)
    assert done == []


def test_where_nothing_was_left_nothing_is_done(tmp_path):
    assert take(tmp_path, {}, lambda *_, **__: None) == 0


@pytest.mark.parametrize(
    ("verb", "args", "waits"),
    [("kill", {}, True), ("unkill", {}, False), ("mode", {"mode": "halted"}, True), ("mode", {"mode": "paused"}, True), ("mode", {"mode": "active"}, False), ("stop", {}, False)],
)
def test_a_word_waits_where_it_lets_less_leave(tmp_path, verb, args, waits):
    assert may_wait(verb, args) is waits
    leave(tmp_path, verb, args, 1)
    done = []
    take(tmp_path, {verb: done.append}, lambda *_, **__: None)
    assert done == ([args] if waits else [])
