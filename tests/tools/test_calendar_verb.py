"""`calendar ls | show`, `config check`'s notes, the board's word for a closed market."""

import json
from functools import partial

import freezegun
import pytest

from config.load import ROOT
from config.sessions import book_of
from tools.board_text import closed_text, reason_text
from tools.cli import run
from tools.output import Output
from tools.status_rows import pair_row

EXAMPLE = str(ROOT / "config" / "examples" / "copper.toml")
SUNDAY = "2026-11-29T21:00:00"
freeze_time = partial(freezegun.freeze_time, ignore=["config.", "domain.", "tomllib"])
TABLES = book_of()
"""Read before any clock is frozen: msgspec takes a `date` of no other kind."""


def answer(capsys, *args):
    code = run(args)
    out, err = capsys.readouterr()
    return code, out, err


def shown(capsys, *args):
    code, out, err = answer(capsys, "calendar", "show", "-o", "json", *args)
    assert (code, err) == (0, "")
    return json.loads(out)


def utc(stretches):
    return [(each["start"][:16], each["end"][:16]) for each in stretches]


@freeze_time(SUNDAY)
def test_show_gives_the_day_that_is_next_and_when_both_are_open(capsys):
    told = shown(capsys, "SHFE.cu2703", "COMEX.HGH27")
    group = told["groups"][0]
    assert (group["trading_day"], group["legs"][0]["opens"]) == ("2026-11-30", "2026-11-30 09:00 Asia/Shanghai")
    assert group["legs"][1]["opens_utc"] == "2026-11-29T23:00:00+00:00"
    assert utc(group["overlap"]) == [
        ("2026-11-27T13:00", "2026-11-27T17:00"),
        ("2026-11-30T01:00", "2026-11-30T02:15"),
        ("2026-11-30T02:30", "2026-11-30T03:30"),
        ("2026-11-30T05:30", "2026-11-30T07:00"),
    ]


@freeze_time(SUNDAY)
def test_a_day_that_no_table_has_is_not_just_closed(capsys):
    for day, is_known in (("2026-12-31", True), ("2027-01-04", False), ("2023-12-29", False)):
        assert shown(capsys, "SHFE.au", "--day", day)["groups"][0]["legs"][0]["day_is_known"] is is_known
        assert ("2026-12-31" in answer(capsys, "calendar", "show", "SHFE.au", "--day", day)[1].splitlines()[1]) is not is_known


@freeze_time(SUNDAY)
def test_csv_is_the_sessions_alone(capsys):
    lines = answer(capsys, "calendar", "show", "SHFE.au", "SHFE.cu", "-o", "csv")[1].splitlines()
    assert lines[0] == "symbol,part,phase,exchange,utc,local,minutes"
    assert {line.split(",")[0] for line in lines[1:]} == {"SHFE.au", "SHFE.cu", "all"}


@freeze_time(SUNDAY)
def test_overlap_follows_the_clocks_of_new_york(capsys):
    """The same trading day of Shanghai, before and after New York's change."""
    for day, close in (("2026-10-30", "21:00"), ("2026-11-03", "22:00")):
        legs = shown(capsys, "COMEX.HG", "--day", day)["groups"][0]["legs"]
        assert legs[0]["sessions"][-1]["end"][11:16] == close


@freeze_time(SUNDAY)
def test_show_names_a_holiday_and_has_no_overlap_on_it(capsys):
    group = shown(capsys, "SHFE.au", "LME.CA", "--day", "2026-10-01")["groups"][0]
    assert (group["legs"][0]["holiday"], group["legs"][0]["sessions"], group["overlap"]) == ("国庆节 National Day", [], [])
    assert group["legs"][1]["sessions"]


@freeze_time(SUNDAY)
def test_show_speaks_both_languages(capsys):
    _, en, _ = answer(capsys, "--lang", "en", "calendar", "show", "SHFE.cu")
    _, zh, _ = answer(capsys, "--lang", "zh", "calendar", "show", "SHFE.cu")
    assert "closed, opens 2026-11-30 09:00 Asia/Shanghai" in en and "auction" in en and "trading" in en
    assert "休市中, 开市 2026-11-30 09:00 Asia/Shanghai" in zh and "集合竞价" in zh and "夜盘" in zh


@freeze_time(SUNDAY)
def test_show_of_another_day_says_nothing_of_now(capsys):
    _, text, _ = answer(capsys, "--lang", "en", "calendar", "show", "SHFE.cu", "--day", "2026-12-02")
    head = text.splitlines()[:2]
    assert head == ["trading_day  2026-12-02", "SHFE.cu      china.night-0100"]
    _, on, _ = answer(capsys, "--lang", "en", "calendar", "show", "SHFE.cu", "--day", "2026-11-30")
    assert "closed, opens 2026-11-30 09:00" in on  # the one that is next


@freeze_time(SUNDAY)
def test_show_of_a_configuration_gives_its_pairs(capsys):
    told = shown(capsys, "-c", EXAMPLE)
    assert [(group["pair"], [leg["calendar"] for leg in group["legs"]]) for group in told["groups"]] == [("CU03xHGH", [None, None])]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("SHFE.xx",), "SHFE has ad, ag"),
        (("NYSE.IBM",), "exchanges: CBOT, CFFEX"),
        (("SHFE.cu", "--day", "tomorrow"), "YYYY-MM-DD"),
        (("nopair", "-c", EXAMPLE), "there are: CU03xHGH"),
    ],
)
def test_bad_words_are_told_what_is_allowed(capsys, args, said):
    code, out, err = answer(capsys, "calendar", "show", *args)
    assert (code, out) == (2, "")
    assert said in err


def test_ls_gives_each_table_with_its_source_and_what_is_not_confirmed(capsys):
    code, out, _ = answer(capsys, "calendar", "ls", "-o", "json")
    rows = {row["calendar"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["china.night-0100"]["products"] == {"SHFE": ["cu", "al", "zn", "pb", "ni", "sn", "ss", "ao", "ad"], "INE": ["bc"]}
    assert rows["cme.metals-energy"]["unconfirmed"] and rows["lme.select"]["source"]


# ------------------------------------------------ config check


def checked(capsys, tmp_path, *lines):
    text = (ROOT / "config" / "examples" / "copper.toml").read_text()
    for old, new in lines:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "my.toml"
    file.write_text(text)
    return answer(capsys, "config", "check", "-o", "json", "-c", str(file))


BY_SYMBOL = (('calendar = "venue"', "#"),)


@freeze_time("2026-12-10")
def test_check_says_which_calendars_are_kept_and_which_end_soon(capsys, tmp_path):
    code, out, _ = checked(capsys, tmp_path, *BY_SYMBOL)
    told = json.loads(out)
    assert code == 0
    assert told["calendars"] == {"china.night-0100": 21, "cme.metals-energy": 385}
    assert told["notes"] == ["SHFE.cu2703: china.night-0100 ends on 2026-12-31, in 21 days"]


@freeze_time("2027-02-10")
def test_check_says_that_a_calendar_has_ended(capsys, tmp_path):
    told = json.loads(checked(capsys, tmp_path, *BY_SYMBOL)[1])
    assert told["notes"] == ["SHFE.cu2703: china.night-0100 ended on 2026-12-31: nothing opens"]


@freeze_time("2027-03-16")
def test_check_says_that_a_contract_has_expired(capsys, tmp_path):
    multiplier = 'multiplier = "5"'
    told = json.loads(checked(capsys, tmp_path, (multiplier, f'expiry = "20270315"\n{multiplier}'))[1])
    assert [note for note in told["notes"] if "expiry" in note] == ["SHFE.cu2703: its expiry, 20270315, has passed: nothing opens"]


@freeze_time(SUNDAY)
def test_check_notes_a_real_market_that_is_told_to_have_no_hours(capsys, tmp_path):
    told = json.loads(checked(capsys, tmp_path )[1])
    assert [note.split(":")[0] for note in told["notes"]] == ["SHFE.cu2703", "COMEX.HGH27"]


@pytest.mark.parametrize(
    ("new", "value", "said"),
    [
        ('calendar = "SHFE.nope"', "SHFE.nope", "SHFE has ad"),
        ('calendar = "NASDAQ.X"', "NASDAQ.X", "exchanges: CBOT"),
        ('calendar = "always"', "always", "24x7"),
    ],
)
def test_check_refuses_a_calendar_that_is_unknown(capsys, tmp_path, new, value, said):
    code, out, _ = checked(capsys, tmp_path, ('calendar = "venue"', new))
    problem = json.loads(out)[0]
    assert (code, problem["key"], problem["value"]) == (2, "venue[SHFE].calendar", value)
    assert said in problem["allowed"]


def test_check_refuses_a_product_that_its_exchange_lacks(capsys, tmp_path):
    code, out, _ = checked(capsys, tmp_path, *BY_SYMBOL, ("SHFE.cu2703", "SHFE.qq2703"))
    problem = json.loads(out)[0]
    assert (code, problem["value"]) == (2, "SHFE.qq2703")
    assert problem["key"].startswith("instrument[") and problem["key"].endswith("].calendar")
    assert "SHFE has ad" in problem["allowed"]


def test_check_names_the_table_that_can_not_be_read(capsys, tmp_path):
    code, out, _ = checked(capsys, tmp_path, ('mode = "live"', 'mode = "live"\ncalendars = ["absent.toml"]'))
    assert code == 2
    assert json.loads(out)[0]["file"] == str(tmp_path / "absent.toml")


# ------------------------------------------------ the board


def closed(side, opens, seconds, why="SESSION_CLOSED SHFE.cu2703: closed, opens ..."):
    return {"session": {"why": why, "side": side, "opens": opens, "opens_in_s": seconds}}


@pytest.mark.parametrize(
    ("told", "zh", "en"),
    [
        (closed("domestic", "2026-11-30 09:00 Asia/Shanghai", 3600), "休市 (内盘 09:00 开)", "SESSION_CLOSED (domestic opens 09:00)"),
        (closed("overseas", "2026-11-29 17:00 America/Chicago", 60), "休市 (外盘 17:00 开)", "SESSION_CLOSED (overseas opens 17:00)"),
        (closed("domestic", "2026-10-08 09:00 Asia/Shanghai", 600_000), "休市 (内盘 10-08 09:00 开)", "SESSION_CLOSED (domestic opens 10-08 09:00)"),
    ],
)
def test_board_says_which_side_is_closed_and_when_it_opens(told, zh, en):
    assert reason_text(closed_text(told), Output(lang="zh").word) == zh
    assert reason_text(closed_text(told), Output(lang="en").word) == en


def test_board_leaves_other_reasons_alone():
    assert closed_text({}) == closed_text({"session": {"why": "", "legs": []}}) == ""
    assert closed_text(closed("domestic", "2026-11-30 09:00 X", 1, why="CALENDAR_ENDED SHFE.cu: ...")) == ""
    assert reason_text("SESSION_CLOSED", Output(lang="zh").word) == "休市"


def test_a_pairs_row_tells_the_opening_in_the_language_of_the_screen():
    told = {"pair": "P", "state": "IDLE", **closed("domestic", "2026-11-30 09:00 Asia/Shanghai", 3600)}
    told["reason"] = told["session"]["why"]
    assert pair_row(Output(lang="zh"), told)["reason"] == "休市 (内盘 09:00 开)"
    assert pair_row(Output(lang="zh"), {**told, "held": "KILLED freeze all"})["reason"].endswith("freeze all")
