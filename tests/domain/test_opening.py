"""Whether a pair's markets are open for long enough."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendars import Calendar, Hours, Phase, Span, always
from domain.opening import OpenHours
from domain.units import NS_PER_S

HORIZON = 5 * NS_PER_S
DAY = date(2026, 11, 30)
MORNING = Span(9 * 3600, 11 * 3600 + 1800)
NOON = Span(13 * 3600, 15 * 3600)


def made(*spans, last=date(2027, 12, 31)):
    return Calendar("test", UTC, Hours(day=spans), date(2026, 1, 1), last, {}, {})


HOURS = made(Span(9 * 3600 - 600, 9 * 3600, Phase.AUCTION), MORNING, NOON)
OTHER = made(Span(0, 12 * 3600))


def ns(hour, minute=0, second=0, day=DAY):
    return int(datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC).timestamp()) * NS_PER_S


def why(at, *calendars):
    return OpenHours([(f"L{i}", calendar) for i, calendar in enumerate(calendars)], HORIZON).why_not(at)


@pytest.mark.parametrize(
    ("at", "says"),
    [
        (ns(9), ""),
        (ns(11, 29, 55), ""),
        (ns(11, 29, 55) + 1, "SESSION_CLOSED L0: closes 2026-11-30 11:30 UTC, opens 2026-11-30 13:00 UTC"),
        (ns(11, 30), "SESSION_CLOSED L0: closed, opens 2026-11-30 13:00 UTC"),
        (ns(8, 55), "SESSION_CLOSED L0: auction, opens 2026-11-30 09:00 UTC"),
        (ns(15), "SESSION_CLOSED L0: closed, opens 2026-12-01 09:00 UTC"),
        (ns(9, day=date(2026, 12, 5)), "SESSION_CLOSED L0: closed, opens 2026-12-07 09:00 UTC"),
    ],
)
def test_a_hedge_begins_only_where_the_session_holds_its_horizon(at, says):
    assert why(at, HOURS) == says


def test_both_markets_must_be_open_and_the_closed_one_is_named():
    assert why(ns(10), HOURS, OTHER) == ""
    assert why(ns(14), HOURS, OTHER).startswith("SESSION_CLOSED L1")
    assert why(ns(8), HOURS, OTHER).startswith("SESSION_CLOSED L0")


def test_a_calendar_that_has_ended_bars_by_a_name_of_its_own():
    assert why(ns(10), made(MORNING, last=date(2026, 11, 27))).startswith("CALENDAR_ENDED L0: test knows")


def test_a_leg_without_a_calendar_bars_nothing():
    assert why(ns(3), None) == ""
    assert why(ns(3), None, always("24x7")) == ""


def test_what_was_found_is_kept_until_it_changes_and_no_longer():
    hours = OpenHours([("L0", HOURS)], HORIZON)
    assert hours.why_not(ns(10)) == ""
    assert (hours.since_ns, hours.until_ns) == (ns(9), ns(11, 29, 55) + 1)
    assert hours.why_not(ns(11, 30)) != ""
    assert hours.why_not(ns(10)) == "", "the wall clock was set back"
    assert hours.why_not(ns(8)) != ""


def test_the_next_opening_is_that_of_the_market_that_opens_last():
    hours = OpenHours([("L0", HOURS), ("L1", OTHER)], HORIZON)
    assert hours.opens_ns(ns(10)) is None
    assert hours.opens_ns(ns(12, 30)) == ns(0, day=date(2026, 12, 1))
    assert hours.opens_ns(ns(15)) == ns(9, day=date(2026, 12, 1))


minutes = st.integers(0, 7 * 24 * 60 * 60)


@settings(deadline=None)  # of a busy machine a clock says nothing
@given(st.lists(minutes, min_size=1, max_size=30))
def test_kept_answers_equal_fresh_ones_however_the_clock_steps(steps):
    kept = OpenHours([("L0", HOURS), ("L1", OTHER)], HORIZON)
    for second in steps:
        at = ns(0) + second * NS_PER_S
        assert kept.why_not(at) == why(at, HOURS, OTHER)
        if kept.why == "":
            assert HOURS.open_for(at, HORIZON) and OTHER.open_for(at, HORIZON)
