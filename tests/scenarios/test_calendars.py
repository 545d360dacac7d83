"""Sessions by calendar, in virtual time: breaks, holidays, clocks, ends.

The world begins on 2026-01-01 at 00:00 UTC. Venues say open throughout unless
a test says otherwise: what keeps the pair from trading is its calendar alone.
"""

import pytest

from simulation import fates
from simulation.agenda import MS
from simulation.settings import CHEAP, QUIET

TABLE = """
[calendar]
name = "{name}"
zone = "UTC"
first_day = 2025-12-01
last_day = {last}
weekdays = [1, 2, 3, 4, 5, 6, 7]
source = "a test"
[closed]
{closed}
[[group]]
name = "{name}.x"
products = {{ {name} = ["X"] }}
day = {day}
"""
BREAK = '["00:00-00:01", "00:02-23:00"]'
WHOLE = '["00:00-23:00"]'
HORIZON_MS = 5000
"""hedge_deadline 1 s, naked_budget 3 s and 1 s to spare."""


@pytest.fixture
def tabled(scene, tmp_path):
    """A scene whose venues keep these hours; `b` None: none known for B."""

    def make(a=WHOLE, b=None, *, last="2027-12-31", closed="", **shape):
        files = []
        for name, day in (("A", a), ("B", b)):
            if day is not None:
                file = tmp_path / f"{name}{len(list(tmp_path.iterdir()))}.toml"
                file.write_text(TABLE.format(name=name, day=day, last=last, closed=closed))
                files.append(str(file))
        return scene(tables=tuple(files), **shape)

    return make


def at(s, ms):
    """Let time pass until so many ms after midnight."""
    now_ms = s.agenda.wall_ns // MS % 86_400_000
    assert now_ms <= ms
    s.run(ms - now_ms)


@pytest.mark.slow
def test_t15_nothing_begins_in_a_break_that_the_calendar_alone_knows(tabled):
    s = tabled(BREAK)
    at(s, 60_000)
    assert s.fires(for_ms=58_000) == 0
    assert s.frames("D") == 0
    assert s.view.reason == "SESSION_CLOSED A.X: closed, opens 2026-01-01 00:02 UTC"
    assert s.until(lambda: s.judge.outcomes, 2500 * MS), "it trades when the break is over"
    assert s.agenda.wall_ns // MS % 86_400_000 >= 120_000
    assert s.ends() == "DONE"


def test_t15_nothing_begins_so_late_that_the_break_would_meet_it(tabled):
    s = tabled(BREAK)
    at(s, 60_000 - HORIZON_MS + 20)
    assert s.fires(for_ms=HORIZON_MS - 40) == 0
    assert s.view.reason.startswith("SESSION_CLOSED A.X: closes 2026-01-01 00:01 UTC, opens 2026-01-01 00:02")


def test_t15_what_began_in_time_has_ended_before_the_break(tabled):
    s = tabled(BREAK)
    at(s, 60_000 - HORIZON_MS - 1000)
    s.opens()
    assert s.ends(HORIZON_MS) in ("DONE", "PART", "NONE")
    assert s.agenda.wall_ns // MS % 86_400_000 < 60_000


@pytest.mark.slow
def test_t15_leg_left_naked_by_a_close_is_held_and_cured_at_the_opening(tabled):
    s = tabled(WHOLE, BREAK, policy="replenish_first")
    s.holds()
    at(s, 40_000)
    s.closes(b=fates.part(0))
    s.set_status(s.b, 18)
    assert s.strands() == "MARKET"
    at(s, 60_500)
    sent = s.frames("D") + s.frames("F")
    at(s, 119_900)
    assert s.frames("D") + s.frames("F") == sent, "nothing is sent in the break"
    s.set_status(s.b, 17)
    at(s, 120_100)
    assert s.frames("D") > sent, "at the opening, not seconds after it"
    assert s.ends() == "DONE"
    assert s.position == (0, 0)


@pytest.mark.parametrize("which", ["a", "b"])
def test_t16_holiday_of_one_market_keeps_the_pair_waiting(tabled, which):
    file = {"a": WHOLE, "b": None} if which == "a" else {"a": None, "b": WHOLE}
    s = tabled(**file, closed='"2026-01-01" = "a holiday"')
    assert s.fires(for_ms=3000) == 0
    assert s.view.reason == f"SESSION_CLOSED {which.upper()}.X: closed, opens 2026-01-02 00:00 UTC"
    assert s.frames("D") == 0


def test_t16_half_day_of_one_market_ends_the_pairs_day(tabled):
    s = tabled(WHOLE, '["00:00-00:01"]')
    at(s, 50_000)
    s.opens()
    assert s.ends(5000) == "DONE"
    s.mid = QUIET
    at(s, 61_000)
    s.mid = CHEAP
    s.run(2000)
    assert s.pair.hedge is None and len(s.judge.outcomes) == 1, "not even a close begins"
    assert s.view.reason.startswith("SESSION_CLOSED B.X")


def test_auction_is_no_trading(tabled):
    s = tabled('["00:00-12:00 auction", "12:00-13:00"]')
    assert s.fires() == 0
    assert s.view.reason == "SESSION_CLOSED A.X: auction, opens 2026-01-01 12:00 UTC"


@pytest.mark.parametrize("status", [2, 18, 21])
def test_wall_clock_that_steps_into_a_session_opens_nothing_by_itself(tabled, status):
    s = tabled('["12:00-13:00"]')
    s.set_status(s.a, status)
    assert s.fires() == 0
    s.agenda.clock.step_wall(12 * 3600 * 1000 * MS + 60_000 * MS)
    s.run(100)
    assert s.view.why_closed() == ""
    assert s.fires(for_ms=5000) == 0
    assert s.view.reason == "SESSION_CLOSED", "the venue's own word"


def test_wall_clock_that_steps_out_of_a_session_closes_at_once(tabled):
    s = tabled('["00:00-01:00"]')
    s.agenda.clock.step_wall(2 * 3600 * 1000 * MS)
    s.run(6000)
    assert s.fires() == 0
    s.agenda.clock.step_wall(-2 * 3600 * 1000 * MS)
    assert s.until(lambda: s.judge.outcomes, 6000 * MS)


@pytest.mark.slow
def test_venue_that_contradicts_its_calendar_is_told_once_and_so_is_the_end_of_it(tabled):
    s = tabled(BREAK)
    s.set_status(s.a, 2)
    s.run(4000)
    assert "CALENDAR_DISAGREES" not in s.judge.alerts
    s.run(20_000)
    assert "CALENDAR_DISAGREES" in s.judge.alerts
    s.set_status(s.a, 17)
    s.run(2000)
    assert "CALENDAR_AGREES" in s.judge.alerts
    s.judge.alerts.clear()
    at(s, 70_000)
    assert "CALENDAR_DISAGREES" in s.judge.alerts, "open in the calendar's break"


def test_calendar_that_is_about_to_end_is_told_at_the_start(tabled):
    s = tabled(last="2026-01-20")
    assert "CALENDAR_ENDS" in s.judge.alerts
    assert s.fires() == 1


def test_calendar_that_has_ended_opens_nothing_and_says_so(tabled):
    s = tabled(last="2025-12-31")
    assert "CALENDAR_ENDS" in s.judge.alerts
    assert s.fires() == 0
    assert s.view.reason.startswith("CALENDAR_ENDED A.X: A.x knows 2025-12-01 to 2025-12-31")


def test_calendar_that_knows_enough_is_not_told(tabled):
    s = tabled()
    s.run(3000)
    assert not [code for code in s.judge.alerts if code.startswith("CALENDAR")]
    assert s.fires() == 1


@pytest.mark.slow
def test_t15_order_that_still_works_when_the_venue_closes_is_not_chased(tabled):
    """Day orders: the close ends the one that works; the rest waits for the opening."""
    s = tabled(WHOLE, BREAK, tifs="0", policy="replenish_first")
    s.holds()
    at(s, 59_000 - HORIZON_MS)
    s.closes(b=fates.rest)
    s.set_status(s.b, 18)
    for order in s.b.working:
        s.b.end(order, "C")
    assert s.strands() == "MARKET"
    at(s, 61_000)
    sent = s.frames("D") + s.frames("F")
    at(s, 119_900)
    assert s.frames("D") + s.frames("F") == sent
    s.set_status(s.b, 17)
    assert s.ends(2000) == "DONE"
    assert s.position == (0, 0)
