"""The tables of sessions and holidays: facts, properties, bad files."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from config import sessions
from config.sessions import book_of, table_files
from domain.calendars import Phase
from domain.errors import ConfigError
from domain.units import NS_PER_S

BOOK = book_of()
EVERY = [calendar for calendar, _ in BOOK.every()]


def ns(text, zone="Asia/Shanghai"):
    return int(datetime.fromisoformat(text).replace(tzinfo=sessions.zone_of(zone)).timestamp()) * NS_PER_S


def days_of(calendar):
    day = calendar.first_day
    while day <= calendar.last_day:
        yield day
        day += timedelta(days=1)


def at(symbol, text, zone="Asia/Shanghai"):
    return BOOK.of(symbol).at(ns(text, zone))


# ------------------------------------------------ properties of every table


@pytest.mark.slow
@pytest.mark.parametrize("calendar", EVERY, ids=lambda calendar: calendar.name)
def test_sessions_are_in_order_and_none_lies_over_another(calendar):
    every = [session for day in days_of(calendar) for session in calendar.sessions(day)]
    assert len(every) > 400
    assert all(session.start_ns < session.end_ns for session in every)
    assert all(early.end_ns <= late.start_ns for early, late in pairwise(every))


@pytest.mark.slow
@pytest.mark.parametrize("calendar", EVERY, ids=lambda calendar: calendar.name)
def test_trading_days_never_go_back_and_are_trading_days(calendar):
    every = [session for day in days_of(calendar) for session in calendar.sessions(day)]
    assert all(early.trading_day <= late.trading_day for early, late in pairwise(every))
    assert all(calendar.is_trading_day(session.trading_day) for session in every)


@pytest.mark.slow
@pytest.mark.parametrize("calendar", EVERY, ids=lambda calendar: calendar.name)
def test_a_moment_agrees_with_the_sessions_at_every_edge(calendar):
    days = [day for day in days_of(calendar) if day.month in (3, 10, 12)][::3]
    for session in [session for day in days for session in calendar.sessions(day)]:
        inside = calendar.at(session.start_ns)
        assert (inside.phase, inside.trading_day, inside.since_ns) == (session.phase, session.trading_day, session.start_ns)
        assert inside.until_ns >= session.end_ns
        assert calendar.at(session.end_ns - 1).phase is session.phase
        after = calendar.at(session.end_ns)
        assert after.phase is not Phase.OPEN or after.since_ns >= session.end_ns or inside.until_ns > session.end_ns
        assert after.next_open_ns is None or after.next_open_ns >= session.end_ns


@pytest.mark.parametrize("calendar", EVERY, ids=lambda calendar: calendar.name)
def test_every_table_says_its_source_and_reaches_from_2024_to_2026(calendar):
    assert calendar.source
    assert calendar.first_day <= date(2024, 1, 2)
    assert calendar.last_day >= date(2026, 12, 30)
    assert all(calendar.first_day.year <= day.year <= 2027 and day.weekday() < 5 for day in calendar.special)


@pytest.mark.parametrize("file", table_files(), ids=lambda file: file.stem)
def test_days_of_a_table_are_sorted(file):
    told = sessions.read(file)
    for days in (told.closed, *(special.dates for special in told.special)):
        assert list(days) == sorted(days)


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("SHFE.cu2703", "china.night-0100"), ("SHFE.au2612", "china.night-0230"), ("INE.sc2701", "china.night-0230"),
        ("SHFE.rb2705", "china.night-2300"), ("CZCE.CF701", "china.night-2300"), ("CZCE.MA701", "china.night-2300"),
        ("DCE.m2705", "china.night-2300"), ("DCE.jm2705", "china.night-2300"), ("DCE.jd2705", "china.day"),
        ("GFEX.lc2705", "china.day"), ("CFFEX.IF2612", "china.stock-index"), ("CFFEX.T2703", "china.treasury"),
        ("CFFEX.TF2703", "china.treasury"), ("COMEX.HGK27", "cme.metals-energy"), ("NYMEX.CLF7", "cme.metals-energy"),
        ("CBOT.ZSF27", "cme.grains"), ("CBOT.ZNH27", "cme.financial"), ("LME.CA3M", "lme.select"), ("ICE.BRNH27", "ice.oil"),
        ("SGX.CNZ26", "sgx.a50"), ("HKEX.HSIZ26", "hkex.index"), ("shfe.CU", "china.night-0100"),
    ],
)  # fmt: skip
def test_a_symbol_finds_its_calendar_by_exchange_and_product(symbol, name):
    assert BOOK.of(symbol).name == name


@pytest.mark.parametrize("symbol", ["SHFE.zz2703", "SHFE.cuX2703", "FX.USDCNH", "PERP.BTCUSDT", "COMEX.HGZZ27", ""])
def test_a_symbol_that_no_table_has_finds_none(symbol):
    assert BOOK.of(symbol) is None


# ------------------------------------------------ China


@pytest.mark.parametrize(
    ("symbol", "text", "phase", "day", "until"),
    [
        ("SHFE.cu2703", "2026-11-27T10:14:59", "open", "2026-11-27", "2026-11-27T10:15"),
        ("SHFE.cu2703", "2026-11-27T10:15", "closed", "2026-11-27", "2026-11-27T10:30"),
        ("SHFE.cu2703", "2026-11-27T11:30", "closed", "2026-11-27", "2026-11-27T13:30"),
        ("SHFE.cu2703", "2026-11-27T15:00", "closed", "2026-11-30", "2026-11-27T20:55"),
        ("SHFE.cu2703", "2026-11-27T20:57", "auction", "2026-11-30", "2026-11-27T21:00"),
        ("SHFE.cu2703", "2026-11-27T23:30", "open", "2026-11-30", "2026-11-28T01:00"),
        ("SHFE.cu2703", "2026-11-28T01:00", "closed", "2026-11-30", "2026-11-30T09:00"),
        ("SHFE.au2612", "2026-11-28T02:29", "open", "2026-11-30", "2026-11-28T02:30"),
        ("SHFE.rb2705", "2026-11-27T23:00", "closed", "2026-11-30", "2026-11-30T09:00"),
        ("CFFEX.IF2612", "2026-11-27T10:20", "open", "2026-11-27", "2026-11-27T11:30"),
        ("CFFEX.T2703", "2026-11-27T15:10", "open", "2026-11-27", "2026-11-27T15:15"),
    ],
)
def test_china_keeps_its_breaks_auctions_and_nights(symbol, text, phase, day, until):
    now = at(symbol, text)
    assert (now.phase, str(now.trading_day), now.until_ns) == (phase, day, ns(until))


HOLIDAY_EVES = [
    ("2024-02-08", "2024-02-19"), ("2024-04-03", "2024-04-08"), ("2024-06-07", "2024-06-11"), ("2024-09-13", "2024-09-18"),
    ("2024-09-30", "2024-10-08"), ("2024-12-31", "2025-01-02"), ("2025-01-27", "2025-02-05"), ("2025-04-03", "2025-04-07"),
    ("2025-04-30", "2025-05-06"), ("2025-05-30", "2025-06-03"), ("2025-09-30", "2025-10-09"), ("2025-12-31", "2026-01-05"),
    ("2026-02-13", "2026-02-24"), ("2026-04-03", "2026-04-07"), ("2026-04-30", "2026-05-06"), ("2026-06-18", "2026-06-22"),
    ("2026-09-24", "2026-09-28"), ("2026-09-30", "2026-10-08"),
]  # fmt: skip


@pytest.mark.parametrize(("eve", "back"), HOLIDAY_EVES)
def test_there_is_no_night_before_a_holiday_and_an_auction_after_it(eve, back):
    night = at("SHFE.au2612", f"{eve}T21:30")
    assert (night.phase, str(night.trading_day)) == ("closed", back)
    assert night.next_open_ns == ns(f"{back}T09:00")
    assert at("SHFE.au2612", f"{back}T08:56").phase == "auction"
    assert at("SHFE.au2612", f"{back}T21:30").phase == "open"


def test_a_morning_after_a_night_has_no_auction():
    assert at("SHFE.cu2703", "2026-11-25T08:56").phase == "closed"
    assert at("GFEX.lc2705", "2026-11-25T08:56").phase == "auction"


def test_a_weekend_worked_for_a_holiday_is_no_trading_day():
    for day in ("2025-01-26", "2025-09-28", "2026-01-04", "2026-02-14", "2026-02-28", "2026-10-10"):
        assert not BOOK.of("SHFE.cu").is_trading_day(date.fromisoformat(day))


def test_past_its_last_day_a_table_knows_nothing():
    last = at("SHFE.cu2703", "2026-12-31T14:59")
    assert (last.phase, last.until_ns) == ("open", ns("2026-12-31T15:00"))
    for text in ("2026-12-31T15:00", "2027-01-04T09:30", "2035-01-01T00:00"):
        after = at("SHFE.cu2703", text)
        assert (after.phase, after.trading_day, after.next_open_ns) == ("unknown", None, None)
    assert at("SHFE.cu2703", "2023-06-01T09:30").phase == "unknown"


# ------------------------------------------------ overseas


CHANGES = [
    ("2025-03-07", "2025-03-10", "America/Chicago"), ("2025-10-31", "2025-11-03", "America/Chicago"),
    ("2026-03-06", "2026-03-09", "America/Chicago"), ("2026-10-30", "2026-11-02", "America/Chicago"),
    ("2025-03-28", "2025-03-31", "Europe/London"), ("2025-10-24", "2025-10-27", "Europe/London"),
    ("2026-03-27", "2026-03-30", "Europe/London"), ("2026-10-23", "2026-10-26", "Europe/London"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "zone"), CHANGES)
def test_clock_changes_move_a_market_by_an_hour_against_shanghai(before, after, zone):
    symbol, opens = ("COMEX.HGH27", "08:00") if zone == "America/Chicago" else ("LME.CA3M", "01:00")
    calendar = BOOK.of(symbol)
    hours = []
    for day in (before, after):
        instant = ns(f"{day}T{opens}", zone)
        assert calendar.at(instant).phase == "open"
        hours.append(datetime.fromtimestamp(instant // NS_PER_S, sessions.zone_of("Asia/Shanghai")).hour)
    assert abs(hours[0] - hours[1]) == 1
    length = {session.end_ns - session.start_ns for session in calendar.sessions(date.fromisoformat(after)) if session.phase is Phase.OPEN}
    assert length == {(23 if zone == "America/Chicago" else 18) * 3600 * NS_PER_S}


@pytest.mark.parametrize(
    ("text", "phase", "day"),
    [
        ("2026-11-29T16:59", "auction", "2026-11-30"),
        ("2026-11-29T17:00", "open", "2026-11-30"),
        ("2026-11-30T15:59", "open", "2026-11-30"),
        ("2026-11-30T16:00", "closed", "2026-12-01"),
        ("2026-01-19T13:29", "open", "2026-01-20"),
        ("2026-01-19T13:30", "closed", "2026-01-20"),
        ("2026-01-19T17:00", "open", "2026-01-20"),
        ("2026-11-27T12:45", "closed", "2026-11-30"),
        ("2026-12-24T12:45", "closed", "2026-12-28"),
        ("2026-12-25T10:00", "closed", "2026-12-28"),
        ("2026-04-03T10:00", "closed", "2026-04-06"),
    ],
)
def test_comex_halts_on_holidays_and_ends_early_on_short_days(text, phase, day):
    now = at("COMEX.HGH27", text, "America/Chicago")
    assert (now.phase, str(now.trading_day)) == (phase, day)


def test_hong_kong_has_half_days_and_evenings_of_the_next_day():
    evening = at("HKEX.HSIZ26", "2026-11-27T18:00", "Asia/Hong_Kong")
    assert (evening.phase, str(evening.trading_day)) == ("open", "2026-11-30")
    half = at("HKEX.HSIZ26", "2026-12-24T12:30", "Asia/Hong_Kong")
    assert (half.phase, half.next_open_ns) == ("closed", ns("2026-12-28T09:15", "Asia/Hong_Kong"))


def test_singapore_trades_the_a50_while_china_rests():
    text = "2026-10-05T10:00"
    assert at("SGX.CNZ26", text).phase == "open"
    assert at("CFFEX.IF2612", text).phase == "closed"


def test_round_the_clock_never_closes():
    calendar = BOOK.of("24x7")
    assert calendar.open_for(ns("2026-12-25T12:00"), 10**18)
    assert calendar.at(int(datetime(2026, 12, 25, 23, 59, tzinfo=UTC).timestamp()) * NS_PER_S).trading_day == date(2026, 12, 25)


# ------------------------------------------------ files of a user's own

GOOD = """
[calendar]
name = "mine"
zone = "Asia/Shanghai"
first_day = 2027-01-04
last_day = 2027-12-31
source = "a notice"
[closed]
"2027-02-05..2027-02-11" = "Spring Festival"
[[group]]
name = "mine.cu"
products = { SHFE = ["cu"] }
day = ["09:00-10:15"]
"""


def test_a_table_of_ones_own_comes_before_ours(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(GOOD)
    book = book_of([file])
    assert book.of("SHFE.cu2703").name == "mine.cu"
    assert book.of("SHFE.au2706").name == "china.night-0230"
    assert not book.of("SHFE.cu2703").is_trading_day(date(2027, 2, 8))


@pytest.mark.parametrize(
    ("old", "new", "key", "allowed"),
    [
        ('zone = "Asia/Shanghai"', 'zone = "Asia/Nowhere"', "calendar.zone", "time zone"),
        ('zone = "Asia/Shanghai"', 'zone = "../../etc/passwd"', "calendar.zone", "time zone"),
        ("09:00-10:15", "9 to 10", "group mine.cu.day", "HH:MM-HH:MM"),
        ("09:00-10:15", "09:00-24:15 x", "group mine.cu.day", "HH:MM-HH:MM"),
        ('["09:00-10:15"]', '["09:00-10:15", "10:00-11:00"]', "group mine.cu.day", "none over another"),
        ("2027-02-05..2027-02-11", "2027-02-30", "closed", "YYYY-MM-DD"),
        ("2027-02-05..2027-02-11", "2027-02-11..2027-02-05", "closed", "earlier day first"),
        ("last_day = 2027-12-31", "last_day = 2026-12-31", "calendar.last_day", "first_day"),
        ("last_day = 2027-12-31", "last_day = 5", "calendar.last_day", "date"),
        ('source = "a notice"', 'sauce = "a notice"', "calendar", "sauce"),
        ('products = { SHFE = ["cu"] }', "", "group[0]", "products"),
        ("[[group]]", "[[group", "(file)", "TOML"),
        ("last_day = 2027-12-31", f"last_day = {'9' * 5_000}", "(file)", "TOML"),
        ("last_day = 2027-12-31", f"last_day = {'[' * 5_000}", "(file)", "TOML"),
    ],
)
def test_a_bad_table_says_file_key_value_and_what_is_allowed(tmp_path, old, new, key, allowed):
    file = tmp_path / "mine.toml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        book_of([file])
    assert caught.value.file == str(file)
    assert caught.value.key == key
    assert allowed in caught.value.allowed


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_tables_that_the_page_shows_can_be_read(lang, tmp_path):
    text = (sessions.TABLES.parent.parent / "docs" / lang / "calendars.md").read_text(encoding="utf-8")
    blocks = text.split("```\n")
    table = next(block for block in blocks if block.startswith("[calendar]"))
    special = next(block for block in blocks if block.startswith("[[special]]")).replace("cme.metals-energy", "china-2027.cu")
    file = tmp_path / "mine.toml"
    file.write_text(table + special)
    assert book_of([file]).of("SHFE.cu2703").name == "china-2027.cu"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_says_of_each_file_which_days_it_knows(lang):
    text = (sessions.TABLES.parent.parent / "docs" / lang / "calendars.md").read_text(encoding="utf-8")
    for file in table_files():
        head = sessions.read(file).calendar
        assert f"| {head.first_day} | {head.last_day} |" in next(line for line in text.splitlines() if line.startswith(f"| `{file.name}`"))
