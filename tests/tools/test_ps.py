"""`ps` and `tree` for people: what is picked, sorted, drawn."""

import pytest

from tools.actor import mailbox_rows, state_lines
from tools.errors import UsageError
from tools.output import Output
from tools.ps import TREE, cells, drawn, kept, picked, rules


def row(path, depth=0, parent=None, **more):
    told = {
        "path": path, "class": "Actor", "phase": "running", "dispatcher": "lane", "in_hand": None, "blocked_by": None, "last_reason": "",
        "depth": depth, "parent": parent, "p50_us": None, "p99_us": 65.536, "in_hand_ms": None, "keeps": None, "restart": "permanent", "epoch": 1, "restarts": 0, "ended": None,
    }  # fmt: skip
    return {**told, **more}


TREE_ROWS = [
    row("root"),
    row("desk", 1, "root"),
    row("venues", 2, "desk"),
    row("venue/A", 3, "venues", phase="restarting"),
    row("pairs", 2, "desk"),
    row("AxB", 3, "pairs"),
    row("edge", 1, "root"),
    row("stray", None),
]


def names(rows):
    return [each["path"] for each in rows]


def test_numbers_are_sorted_with_the_largest_first_and_nothing_last():
    rows = [row("a", p99_us=None), row("b", p99_us=1.0), row("c", p99_us=9.0)]
    assert names(picked(rows, "p99_us", "")) == ["c", "b", "a"]


def test_texts_are_sorted_with_nothing_last():
    rows = [row("a", last_reason=""), row("b", last_reason="shutdown"), row("c", last_reason="crash")]
    assert names(picked(rows, "last_reason", "")) == ["c", "b", "a"]


def test_filter_looks_where_people_look():
    rows = [row("a"), row("b", phase="STUCK"), row("c", blocked_by="b")]
    assert names(picked(rows, "", "stuck")) == ["b"]
    assert names(picked(rows, "", "C")) == ["a", "b", "c"]  # all have the class Actor
    with pytest.raises(UsageError, match="allowed: path"):
        picked(rows, "nope", "")


def test_tree_is_drawn_with_its_lines():
    assert [each["actor"] for each in drawn(TREE_ROWS)] == [
        "root",
        "├─desk",
        "│ ├─venues",
        "│ │ └─venue/A",
        "│ └─pairs",
        "│   └─AxB",
        "└─edge",
        "stray",
    ]


def test_filtered_tree_keeps_those_above():
    assert [each["actor"] for each in drawn(kept(TREE_ROWS, "restarting"))] == ["root", "└─desk", "  └─venues", "    └─venue/A"]
    assert kept(TREE_ROWS, "nobody") == []


def test_rules_say_how_often_it_may():
    told = {"strategy": "one_for_one", "intensity": 3, "recent_restarts": 1, "period_ms": 10_000}
    assert rules(told) == "one_for_one 1/3 in 10 s"
    assert rules({**told, "intensity": None}) == "one_for_one no limit"


def test_cells_name_who_holds_it_up_and_leave_out_what_is_whole():
    told = row("a", blocked_by="b", busy_percent=0.126, naked=[0, 0], mailbox={"control": 1, "orders": 2})
    shown = cells(told)
    assert (shown["phase"], shown["busy_percent"], shown["naked"], shown["mailbox"]) == ("running < b", 0.1, "", "1/2")
    assert (cells({**told, "naked": [-2, 0]})["naked"], shown["p99_us"]) == ("-2 +0", 65.5)


def test_state_is_told_in_lines_that_belong_together():
    state = {"pair": {"": "Pair", "name": "AxB", "lots": [1, 2], "hedge": None}, "many": [{"": "Leg", "n": 1}], "none": {}}
    assert state_lines(state) == ["pair:  Pair", "  name: AxB", "  lots:", "    1, 2", "  hedge: -", "many:", "  - 0", "    n: 1", "none: -"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_tables_have_their_words_in_both_languages(lang, capsys):
    out = Output(lang=lang)
    out.many(drawn(TREE_ROWS), TREE)
    out.many(mailbox_rows({"lanes": [{"lane": "orders", "depth": 3, "bound": 9, "oldest_ms": 4, "kinds": {"Order": 3}}]}))
    text = capsys.readouterr().out
    assert ("待重启" in text, "邮件类" in text) == ((lang == "zh"),) * 2
    assert "Order 3" in text
