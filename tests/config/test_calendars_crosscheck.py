"""Our days against exchange_calendars, where it knows the market.

Every difference stands here with its reason; one more, or one less, fails.
Not installed with the rest: `make calendars` installs it and runs this.
"""

from datetime import date, timedelta

import pytest

from config.sessions import book_of

theirs = pytest.importorskip("exchange_calendars", reason="exchange_calendars is not installed: make calendars", exc_type=ImportError)
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
"""Their warnings are theirs."""

CARTER = "2025-01-09"
MARKETS = [
    ("XSHG", "CFFEX.IF", "2026-12-31", {}, {}),
    ("XSHG", "SHFE.cu", "2026-12-31", {}, {}),
    ("XHKG", "HKEX.HSI", "2026-12-31", {}, {}),
    ("XLON", "LME.CA", "2026-12-31", {}, {}),
    ("CMES", "CBOT.YM", "2026-12-31", {}, {CARTER: "a day of mourning: stock indices halted at 08:30"}),
    ("IEPA", "ICE.BRN", "2026-12-31", {}, {CARTER: "theirs follows New York's stock exchange; oil traded"}),
    ("XSES", "SGX.CN", "2026-12-31", {}, {}),
]
"""Theirs, ours, up to; days that only we close, days that only they close, with the reason."""


@pytest.mark.parametrize(("name", "symbol", "last", "only_ours", "only_theirs"), MARKETS, ids=lambda value: value if isinstance(value, str) else "")
def test_closed_days_are_those_of_exchange_calendars(name, symbol, last, only_ours, only_theirs):
    market = theirs.get_calendar(name, start="2024-01-02", end=last)
    calendar = book_of().of(symbol)
    open_days = set(market.sessions.date)
    ours, other = set(), set()
    day = date(2024, 1, 2)
    while day <= date.fromisoformat(last):
        if day.weekday() < 5:
            if not calendar.sessions(day):
                ours.add(str(day))
            if day not in open_days:
                other.add(str(day))
        day += timedelta(days=1)
    assert (ours - other, other - ours) == (set(only_ours), set(only_theirs))


def test_half_days_of_hong_kong_are_those_of_exchange_calendars():
    market = theirs.get_calendar("XHKG", start="2024-01-02", end="2026-12-31")
    special = {day for day in book_of().of("HKEX.HSI").special if day.year < 2027}
    assert special == {stamp.date() for stamp in market.early_closes}


def test_days_on_which_chicago_halts_are_those_of_exchange_calendars():
    """But Juneteenth, on which theirs trades through, and a day of mourning, which it has closed: ours halts."""
    market = theirs.get_calendar("CMES", start="2024-01-02", end="2026-12-31")
    special = {day for day in book_of().of("CBOT.YM").special if day.year < 2027}
    ours_alone = {date(2024, 6, 19), date(2025, 6, 19), date(2026, 6, 19), date.fromisoformat(CARTER)}
    assert special - {stamp.date() for stamp in market.early_closes} == ours_alone
    assert {stamp.date() for stamp in market.early_closes} <= special
