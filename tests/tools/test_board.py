"""The board's texts, and its two faces: a terminal, and none."""

import io
import os
import pty
import re
import sys
import termios

import pytest

from actors.pair_show import show_down
from tools.board import _Follow
from tools.board_line import PLAIN_EVERY, Board
from tools.board_table import SORTS, Choice, chosen, cut, table
from tools.board_text import age_text, head_text, naked_text, plain_line, row_of, value_text
from tools.errors import NotConnected
from tools.output import Output, width
from tools.screen import KEY, Screen

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
@pytest.mark.parametrize("columns", [80, 160])
def test_board_fits_its_terminal_and_loses_nothing_that_matters(monkeypatch, lang, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = io.StringIO()
    with Board(lang, stream, live=True) as board:
        board.show(STATUS, [pair(state="REPLENISHING", hedge={"state": "REPLENISHING", "naked_qty": 2, "naked_ms": 1_234})])
    shown = plain(stream.getvalue())
    assert all(text in shown for text in ("AxB", "102.2", "98.00", "+2/8", "2 1.2s", "8/410~"))
    assert max(map(width, shown.splitlines())) <= columns


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
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = io.StringIO()
    with Board("zh", stream, live=True) as board:
        board.show(STATUS, [pair(legs=[leg()])])
        board.show(STATUS, [pair(buy=103.0, legs=[leg()])])
    shown = stream.getvalue()
    assert "买价差" in shown
    assert re.search(r"\x1b\[31m *103\.0▲", shown)
    green = Board("zh", stream, green_up=True)
    green._before = {"AxB": pair(legs=[leg()])}
    assert re.search(r"\x1b\[32m *103\.0▲", "".join(green.lines(STATUS, [pair(buy=103.0, legs=[leg()])], 160, 24)))


def test_board_without_colour_still_says_it_all(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    board = Board("en", io.StringIO())
    board._before = {"AxB": pair(sell=97.0)}
    text = "\n".join(board.lines(STATUS, [pair()], 160, 24))
    assert "\x1b" not in text
    assert "98.00~" in text  # a stale value has its mark, not an arrow
    assert "LEG_STALE" in text


# ------------------------------------------------ the table


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def drawn(pairs, columns=160, choice=None, word=EN):
    return [plain(line) for group in table(pairs, {}, choice or Choice(), columns, word) for line in group]


FULL = {
    "ratio": {"raw": {"buy": 7.12, "sell": 7.11}, "comparable": {"buy": 1.0002, "sell": 1.0001}},
    "rates": [1.0, 7.1202], "fx": [{"symbol": "FX.USDCNH", "age_ms": 20}], "tradable_buy": 12, "tradable_sell": 20,
    "money": {"profit": "15756.33728"}, "cover": None,
}  # fmt: skip


def full(**more):
    legs = [{**leg(), "bid_px": 46_364, "ask_px": 46_365, "tick_size": "0.02"}, {**leg(410), "bid_px": 40_501, "ask_px": None, "tick_size": "0.1"}]
    return pair(**{**FULL, "legs": legs, **more})


def test_line_of_a_pair_has_what_the_pair_says():
    heading, line = drawn([full()])
    assert heading.split("  ")[0].startswith("pair")
    for text in ("927.28", "927.30", "4,050.1", "7.1202 20", "1.0002", "12/20", "+2/8", "15,756", "8/410"):
        assert text in line
    assert "7.1200" in drawn([full()], choice=Choice(basis="raw"))[1]


@pytest.mark.parametrize("word", [ZH, EN])
@pytest.mark.parametrize("columns", [80, 100, 120, 160])
def test_columns_stand_under_each_other_whatever_is_wide(word, columns):
    pairs = [full(), full(pair="沪铜×纽铜", held="KILLED freeze all"), full(pair="Z", profit=None)]
    lines = [line for line in drawn(pairs, columns, word=word) if not line.startswith("  ")]
    ends = {width(line[: line.index("+2/8") + 4]) for line in lines[1:]}
    assert len(ends) == 1
    assert all(width(line) <= columns for line in lines)


def test_column_whose_values_go_stays_as_wide_as_it_was():
    board = Board("en", io.StringIO())
    heads = [plain(board.lines(STATUS, [told], 160, 24)[2]) for told in (full(), full(buy=None, sell=None))]
    assert heads[0] == heads[1]


def test_narrow_terminal_tells_reasons_below():
    lines = drawn([full(held="KILLED freeze all")], 80)
    assert lines[-1].startswith("  KILLED freeze all")


def test_pair_of_three_legs_has_a_line_a_leg():
    legs = [{**leg(), "symbol": name, "bid_px": 1, "ask_px": 2, "tick_size": "1"} for name in ("M", "Y", "P")]
    lines = drawn([full(legs=legs)])
    assert [line.split()[0] for line in lines[1:]] == ["AxB", "M", "Y", "P"]


def test_sorting_and_filtering_choose_the_pairs():
    loss, naked = full(pair="B", money={"profit": "-5"}), full(pair="A", naked_qty=3)
    old = full(pair="C", legs=[leg(None, "LEG_STALE"), leg()], state="DOWN")
    every = [loss, naked, old]
    firsts = {sort: chosen(every, Choice(sort=sort))[0]["pair"] for sort in SORTS}
    assert firsts == {"file": "B", "pair": "A", "state": "C", "exposure": "A", "profit": "B", "age": "C"}
    assert [told["pair"] for told in chosen(every, Choice(wanted="down"))] == ["C"]


def test_more_pairs_than_lines_are_counted_and_the_selected_one_is_there():
    board = Board("en", io.StringIO())
    pairs = [full(pair=f"P{place:02d}") for place in range(50)]
    lines = [plain(line) for line in board.lines(STATUS, pairs, 160, 20)]
    assert len(lines) <= 20
    assert lines[-1] == "… 34"
    board.choice.selects, board.choice.selected = True, 49
    assert "P49" in "\n".join(board.lines(STATUS, pairs, 160, 20))


def test_cut_text_is_never_wider_than_asked():
    assert [width(cut("沪铜×纽铜", columns)) for columns in range(1, 10)] == [1, 1, 3, 3, 5, 6, 6, 8, 9]


# ------------------------------------------------ the terminal


def test_screen_writes_only_lines_that_have_changed(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    stream = io.StringIO()
    screen = Screen(stream, keys=True)
    screen.draw(["a", "b", "c"])
    stream.truncate(0)
    screen.draw(["a", "x", "c"])
    assert stream.getvalue().lstrip("\0") == "\x1b[2;1Hx\x1b[K"


def test_keys_typed_at_once_come_one_at_a_time():
    assert KEY.findall("sl\x1b[Aj\x1b[6~\x1b") == ["s", "l", "\x1b[A", "j", "\x1b[6~", "\x1b"]


def test_keys_come_from_a_terminal_which_is_then_as_it_was(monkeypatch):
    far, near = pty.openpty()
    with os.fdopen(near) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        before = termios.tcgetattr(stdin)
        stream = io.StringIO()
        with Screen(stream, keys=True) as screen:
            assert not termios.tcgetattr(stdin)[3] & termios.ICANON
            os.write(far, b"s\x1b[B")
            assert [screen.key(5), screen.key(5), screen.key(0)] == ["s", "down", ""]
        assert termios.tcgetattr(stdin) == before
        assert stream.getvalue().endswith("\x1b[?25h\x1b[?1049l")
    os.close(far)


class Node:
    """A client whose node has two pairs."""

    def ask(self, verb, **args):
        if verb == "status":
            return STATUS
        legs = [{**leg(), "net_lots": 3, "today_lots": 3}]
        return full(pair=args["pair"], legs=legs, money=None, holds={}, recent=[])

    def rows(self, _verb, _key):
        return iter([full(pair="AxB"), full(pair="CxD")])


class Typed(Screen):
    """A terminal at which these keys are typed."""

    def __init__(self, keys):
        super().__init__(io.StringIO())
        self.keys, self.script, self.drawn = True, list(keys), []

    @property
    def size(self):
        return 160, 24

    def draw(self, lines):
        self.drawn.append(plain("\n".join(lines)))

    def key(self, _wait_s):
        return self.script.pop(0)


def typed(*keys):
    board = Board("en", io.StringIO())
    board.screen = Typed(keys)
    _Follow(Node(), board, "en").run(None, 0.25)
    assert board.screen.script == []
    return board, board.screen.drawn


class Leaving(Node):
    """A node that goes after its first answers, and comes back; how often it was asked."""

    def __init__(self, answers):
        super().__init__()
        self.answers, self.asked = list(answers), 0

    def is_there(self):
        return self.answers[0] != "gone"

    def nobody(self, why):
        return NotConnected(f"not connected: /x: {why}")

    def ask(self, verb, **args):
        self.asked += 1
        if self.answers[0] == "silent":
            raise NotConnected("not connected: /x: no answer in 2000 ms")
        return super().ask(verb, **args)


def test_node_that_is_gone_is_waited_for_on_a_screen_and_shown_as_it_was():
    node = Leaving(["there", "silent", "gone", "there"])
    board = Board("en", io.StringIO())
    board.choice.colour = False
    board.screen = Typed(["x", "x", "x", "q"])
    pressed = board.screen.key
    board.screen.key = lambda wait_s: (node.answers.pop(0), pressed(wait_s))[1] if len(node.answers) > 1 else "q"
    _Follow(node, board, "en").run(None, 0.25)
    heads = [text.splitlines()[0] for text in board.screen.drawn]
    assert ["not connected" in head for head in heads] == [False, False, True, True, True, True, False]
    assert all("AxB" in text for text in board.screen.drawn)
    assert ["no node runs" in head for head in heads] == [False, False, False, False, True, True, False]
    assert node.asked == 3  # what is not there is not asked


@pytest.mark.parametrize("screen", [True, False])
def test_node_that_never_answered_or_nobody_waits_for_ends_the_board(screen):
    board = Board("en", io.StringIO())
    board.screen = Typed(["q"]) if screen else None
    node = Leaving(["silent"])
    follow = _Follow(node, board, "en")
    if not screen:
        follow.told = (STATUS, [])
    with pytest.raises(NotConnected):
        follow.run(None, 0.25)


@pytest.mark.parametrize("columns", [20, 40])
def test_board_on_a_narrow_terminal_keeps_to_its_width(columns):
    board = Board("zh", io.StringIO())
    board.foot = "j/k 回车 详情  s 排序"
    for lost in ("", "not connected: /somewhere/far: no node runs in it: is the node running? ./hedgerow run -c FILE"):
        board.lost = lost
        lines = board.lines(STATUS, [full(), full(pair="a-pair-with-a-long-name")], columns, 24)
        assert max(width(plain(line)) for line in lines) <= columns


def test_keys_choose_what_the_board_shows():
    board, drawn = typed("s", "r", "c", "l", "q")
    assert (board.choice.sort, board.choice.basis, board.choice.green_up) == ("pair", "raw", True)
    assert "买价差" in drawn[-1]
    assert "买价差" not in drawn[0]


def test_filter_is_typed_and_taken_back():
    _, drawn = typed("/", "C", "x", "enter", "/", "escape", "q")
    assert ("AxB" in drawn[5], "CxD" in drawn[5]) == (False, True)
    assert "AxB" in drawn[-1]


def test_selected_pair_is_shown_whole_until_it_is_left():
    _, drawn = typed("j", "j", "enter", "q", "q")
    assert "comparable" in drawn[6]
    assert "CxD" in drawn[6]
    assert "AxB" not in drawn[6]
    assert "AxB" in drawn[-1]


@pytest.mark.parametrize(
    ("kinds", "en", "zh"),
    [
        (["spread"], "buy", "买价差"), (["ratio"], "buy", "买比值"), (["ratio", "spread"], "buy", "买值"), ([None], "buy", "买价差"), ([], "buy", "买价差"),
    ],
)  # fmt: skip
def test_head_names_what_the_triggers_watch(kinds, en, zh):
    pairs = [pair(pair=f"P{place}", **({} if kind is None else {"value": kind})) for place, kind in enumerate(kinds)]
    for word, name in ((EN, en), (ZH, zh)):
        (head,) = table(pairs, {}, Choice(colour=False), 160, word)[0]
        assert name in head.split()


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_page_of_a_pair_fits_the_screen(columns):
    from tools.status import show_pair

    def whole(symbol):
        return {**leg(), "symbol": symbol, "lots": 5, "bid_px": 80_360, "ask_px": 80_370, "bid_qty": 7, "ask_qty": 7, "tick_size": "10",
                "net_lots": 10, "today_lots": 10, "comparable_bid": 80_360.25, "comparable_ask": 80_370.25}  # fmt: skip

    def money(symbol):
        amounts = dict.fromkeys(("realised", "floating", "fees", "slippage", "profit", "profit_in_pair", "fx_effect"), "-119636.956592")
        return {"symbol": symbol, "side": "long", "lots": 10, "today": 10, "avg_px": "80365.25", "mark_px": "80360", "currency": "CNY", **amounts}

    symbols = ("SHFE.cu2703", "COMEX.HGH27")
    told = pair(value="ratio", legs=[whole(each) for each in symbols], money={"currency": "USD", "legs": [money(each) for each in symbols]}, recent=[])
    for lang in ("en", "zh"):
        text = io.StringIO()
        show_pair(Output(lang=lang, stream=text), told, columns)
        lines = text.getvalue().splitlines()
        assert max(map(width, lines)) <= columns
        assert {"en": "buy ratio", "zh": "买比值"}[lang] in text.getvalue()
        assert text.getvalue().count("-119636.956592") == 14
