"""Tables line up, JSON is stable, words follow the language."""

import errno
import io
import json
import os
from decimal import Decimal

import click
import pytest

from actors.pair_show import show_down
from tools.errors import OutputLost
from tools.output import Output, lang_of, pad, pass_out, width
from tools.status_rows import leg_row, pair_facts, pair_row, spare_of_pairs


def shown(records, **how):
    stream = io.StringIO()
    out = Output(stream=stream, **how)
    out.one(records) if isinstance(records, dict) else out.many(records)
    return stream.getvalue()


ROWS = [{"pair": "CU", "qty": 2, "naked": None}, {"pair": "GOLD", "qty": 10, "naked": "1.5"}]


def test_json_is_one_array_with_english_keys_in_any_language():
    assert json.loads(shown(ROWS, format="json", lang="zh")) == ROWS


def test_jsonl_is_one_object_a_line():
    assert [json.loads(line) for line in shown(ROWS, format="jsonl").splitlines()] == ROWS


def test_csv_has_a_head_and_blank_for_nothing():
    assert shown(ROWS, format="csv") == "pair,qty,naked\nCU,2,\nGOLD,10,1.5\n"


def test_table_aligns_numbers_right_and_words_left():
    assert shown(ROWS, format="table").splitlines() == ["pair  qty  naked", "CU      2  -", "GOLD   10  1.5"]


def test_table_counts_wide_characters_twice():
    lines = shown([{"pair": "沪铜", "state": "DONE"}, {"pair": "CU", "state": "NONE"}], lang="zh").splitlines()
    assert lines[0].startswith("组合  状态")
    assert lines[1] == "沪铜  已完成"
    assert lines[2] == "CU    未成"


def test_one_record_stands_in_two_columns():
    assert shown({"pair": "CU", "qty": 2}) == "pair  CU\nqty   2\n"


def test_json_writes_exact_numbers_as_text():
    assert json.loads(shown({"price": Decimal("0.10")}, format="json")) == {"price": "0.10"}


def test_json_refuses_not_a_number():
    with pytest.raises(ValueError):
        shown({"price": float("nan")}, format="json")


@pytest.mark.parametrize(
    ("environ", "lang"),
    [({"LANG": "zh_CN.UTF-8"}, "zh"), ({"LANG": "C"}, "en"), ({}, "en"), ({"LC_ALL": "en_US", "LANG": "zh_CN"}, "en")],
)
def test_language_follows_the_locale(environ, lang):
    assert lang_of(environ) == lang


def test_width_knows_what_a_terminal_draws():
    assert width("铜a") == 3
    assert pad("铜", 4, right=True) == "  铜"


def test_verb_options_win_over_the_groups():
    seen = []

    @click.command()
    @pass_out
    def verb(out):
        seen.append((out.format, out.lang))

    verb.main(["-o", "json"], obj=Output("csv", "zh"), standalone_mode=False)
    verb.main([], obj=Output("csv", "zh"), standalone_mode=False)
    assert seen == [("json", "zh"), ("csv", "zh")]


class Full(io.StringIO):
    """A stream on a full disk."""

    def flush(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_output_that_cannot_be_written_is_an_error_with_the_reason(form):
    with pytest.raises(OutputLost, match="can't be written: No space left"):
        Output(form, stream=Full()).many([{"a": 1}])


def test_pair_that_is_being_raised_again_is_a_row_like_any_other():
    down = show_down("AxB")
    row = pair_row(Output(), down)
    assert (row["pair"], row["state"], row["units"], row["tradable"]) == ("AxB", "DOWN", None, None)
    assert pair_facts(Output(), down)["reason"] == "it is being raised again"


WIDE = [{"symbol": f"SHFE.cu270{n}", "average": "72,310", "profit": "-12.50", "currency": "CNY", "realised": "1,234.50", "lot": n} for n in (1, 2, 3)]


def fitted(rows, columns, **kinds):
    stream = io.StringIO()
    Output(stream=stream, **kinds).fitting(rows, columns)
    return stream.getvalue().splitlines()


def test_table_that_fits_stays_a_table():
    assert fitted(WIDE, 80)[0].split() == ["symbol", "average", "profit", "currency", "realised", "lot"]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("columns", "beside"), [(48, 3), (36, 2), (30, 1), (5, 1)])
def test_table_that_is_too_wide_is_turned_as_many_records_beside_each_other_as_fit(lang, columns, beside):
    lines = fitted(WIDE, columns, lang=lang)
    if columns > 20:
        assert max(map(width, lines)) <= columns
    names = [line for line in lines if "SHFE" in line]
    assert [line.count("SHFE") for line in names] == {3: [3], 2: [2, 1], 1: [1, 1, 1]}[beside]
    assert len([line for line in lines if line]) == 6 * len(names)


def test_programs_get_rows_however_narrow_the_screen_is():
    assert json.loads("\n".join(fitted(WIDE, 5, format="json"))) == WIDE
    assert fitted(WIDE, 5, format="csv")[0] == "symbol,average,profit,currency,realised,lot"
    assert fitted([], 5) == [""]


HEDGES = [{"hedge": "CU03xHGH.dn88m07smvyd.48", "opened": "03:49:55.238", "state": "STRANDED", "repairs": 12, "currency": "CNY"}]
SPARE = ("currency", "opened")


@pytest.mark.parametrize(
    ("columns", "left"),
    [(80, ["hedge", "opened", "state", "repairs", "currency"]), (60, ["hedge", "opened", "state", "repairs"]), (45, ["hedge", "state", "repairs"])],
)
def test_list_gives_up_what_can_be_spared_until_it_fits(columns, left):
    stream = io.StringIO()
    Output(stream=stream).listed(HEDGES, SPARE, columns)
    lines = stream.getvalue().splitlines()
    assert lines[0].split() == left
    assert max(map(width, lines)) <= columns


@pytest.mark.parametrize("form", ["table", "csv"])
def test_list_that_no_terminal_shows_is_whole(form):
    stream = io.StringIO()
    Output(form, stream=stream).listed(HEDGES, SPARE)
    assert len(stream.getvalue().splitlines()[0].replace(",", " ").split()) == len(HEDGES[0])


def test_a_pair_and_its_legs_say_lots_and_tradable_units():
    leg = {"lots": 3, "net_lots": 2, "long_lots": 6, "short_lots": 4, "today_lots": 2}
    told = {"pair": "AxB", "state": "IDLE", "value": "spread", "tradable_buy": 6, "tradable_sell": 19, "legs": [leg]}
    assert pair_row(Output(), told)["tradable"] == "6/19"
    assert leg_row(leg)["position"] == "2 (6 long, 4 short)"
    assert leg_row({**leg, "short_lots": 0})["position"] == 2


def test_pairs_give_up_their_values_last():
    rows = [{"pair": "A", "mode": "ACTIVE", "buy spread": "1", "sell spread": "2"}, {"pair": "B", "buy ratio": "3", "sell ratio": "4"}]
    assert spare_of_pairs(rows)[-4:] == ["buy spread", "sell spread", "buy ratio", "sell ratio"]
