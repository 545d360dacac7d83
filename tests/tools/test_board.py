"""The board's texts, and its two faces: a terminal, and none."""

import io
import re

import pytest

from actors.pair_show import show_down
from tools.board_line import PLAIN_EVERY, Board
from tools.board_text import age_text, head_text, naked_text, plain_line, row_of, value_text
from tools.output import Output

ZH, EN = Output(lang="zh").word, Output(lang="en").word
STATUS = {
    "node": "n1", "state": "running", "mode": "live", "uptime_s": 3_671.4,
    "venues": [{"venue": "A", "stage": "OPEN", "why": ""}, {"venue": "B", "stage": "DOWN", "why": "SILENT"}],
    "journal": {"last_seq": 12},
}  # fmt: skip


def leg(age_ms=8, why_not=""):
    return {"venue": "A", "symbol": "A.X", "age_ms": age_ms, "why_not": why_not}


def pair(**more):
    told = {
        "pair": "AxB", "state": "HOLDING", "mode": "ACTIVE", "buy": 102.25, "sell": 98.0, "units": 2, "max_units": 8,
        "hedges": 30, "naked_qty": 0, "hedge": None, "reason": "", "legs": [leg(), leg(410, "LEG_STALE")],
        "outcomes": {"done": 28, "replenished": 5, "rolled_back": 2},
    }  # fmt: skip
    return {**told, **more}


def test_row_shows_position_outcomes_and_stale_ages():
    row = row_of(pair())
    assert (row.state, row.units, row.buy, row.sell, row.done) == ("HOLDING", "+2/8", "102.2", "98.00", 28)
    assert (row.ages, row.naked, row.reason) == ("8/410~", "0", "LEG_STALE")
    assert row_of(pair(mode="PAUSED")).state == "HOLDING PAUSED"


def test_row_names_the_kill_before_any_other_reason():
    assert row_of(pair(held="KILLED freeze all", reason="LIQUIDITY")).reason == "KILLED freeze all"


@pytest.mark.parametrize(("was", "arrow"), [(102.0, "▲"), (103.0, "▼"), (102.25, ""), (None, "")])
def test_row_says_by_an_arrow_where_a_spread_went(was, arrow):
    assert row_of(pair(), pair(buy=was)).buy_move == arrow


def test_row_of_a_hedge_in_flight_shows_its_stage_and_what_is_naked_for_how_long():
    row = row_of(pair(hedge={"state": "REPLENISHING", "naked_qty": 2, "naked_ms": 1_234}))
    assert (row.state, row.naked) == ("REPLENISHING", "2 1.2s")
    assert naked_text(pair(naked_qty=3)) == "3"


def test_row_of_what_is_not_known_does_not_invent():
    row = row_of(show_down("AxB"))
    assert (row.buy, row.ages, row.naked) == ("-", "", "0")
    assert age_text(leg(None, "LEG_STALE")) == "-~"


def test_head_says_each_venues_stage_and_why_one_is_not_open():
    assert head_text(STATUS, EN) == "n1 live running 1:01:11  A OPEN  B DOWN(SILENT)  records 12"
    assert head_text(STATUS, ZH) == "n1 实盘 运行中 1:01:11  A 就绪  B 断开(SILENT)  日志条数 12"


def test_plain_line_is_one_line_in_the_language():
    line = plain_line(STATUS, [row_of(pair())], ZH)
    assert "\n" not in line
    assert "AxB 持有 +2/8 价差 102.2/98.00 对冲单数 30 补单数 5 回退数 2 裸腿 0 龄ms 8/410~ 行情陈旧" in line


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_board_on_80_columns_loses_nothing_but_width(monkeypatch, lang):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = io.StringIO()
    with Board(lang, stream, live=True) as board:
        board.show(STATUS, [pair(state="REPLENISHING", hedge={"state": "REPLENISHING", "naked_qty": 2, "naked_ms": 1_234})])
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert all(text in shown for text in ("AxB", "102.2", "98.00", "+2/8", "2 1.2s", "8/410~"))
    assert "…" not in shown.split("\n", 1)[1]


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (1234.567, "1,234.6"), (-12.345, "-12.35"), (3.05123, "3.0512")])
def test_value_has_as_many_places_as_mean_something(value, text):
    assert value_text(value) == text


def test_board_without_a_terminal_writes_a_line_each_fifth_time():
    stream = io.StringIO()
    with Board("en", stream) as board:
        for _ in range(PLAIN_EVERY + 1):
            board.show(STATUS, [pair()])
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert "\x1b" not in stream.getvalue()


def test_board_on_a_terminal_draws_pairs_with_colour_and_arrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    with Board("zh", stream, live=True) as board:
        board.show(STATUS, [pair(legs=[leg()])])
        board.show(STATUS, [pair(buy=103.0, legs=[leg()])])
    shown = stream.getvalue()
    assert "买价差" in shown
    assert re.search(r"\x1b\[31m *103\.0▲", shown)
    assert board._colours == {"▲": "red", "▼": "green"}
    assert Board("zh", stream, green_up=True)._colours["▲"] == "green"
