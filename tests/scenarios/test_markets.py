"""Quotes and sessions that do not count: T13 to T16."""

import pytest

from simulation import fates
from simulation.agenda import MS
from simulation.settings import OTHER, RICH


def test_t13_stale_overseas_feed_triggers_nothing(scene):
    s = scene()
    s.feeds["B"].loss = 1.0
    s.run(4000)
    assert s.fires() == 0
    assert "STALE" in s.view.reason or "CLOSED" in s.view.reason


def test_t13_feed_that_repeats_one_old_book_triggers_nothing(scene):
    s = scene()
    s.quotes = False
    s.run(2500)
    s.a.quote(RICH - 1, RICH + 1)
    s.run(1000)
    assert s.judge.outcomes == {}
    assert "STALE" in s.view.reason


@pytest.mark.parametrize("which", ["a", "b"])
def test_t14_crossed_book_triggers_nothing(scene, which):
    s = scene()
    getattr(s, which).rates["crossed"] = 1.0
    s.run(100)
    assert s.fires() == 0


@pytest.mark.parametrize("side", [(None, OTHER + 1), (None, None)])
def test_t14_absurd_or_empty_book_triggers_nothing(scene, side):
    s = scene()
    s.quotes = False
    s.a.quote(None if side[0] is None else 1, None if side[1] is None else 10**9)
    s.run(1000)
    assert s.judge.outcomes == {}


@pytest.mark.slow
@pytest.mark.parametrize("status", [2, 18, 21])
def test_t15_break_after_one_leg_filled_hammers_nobody(scene, status):
    s = scene(policy="replenish_first")
    s.holds()
    s.closes(b=fates.part(0))
    s.set_status(s.b, status)
    s.run(8000)
    sent = s.frames("D") + s.frames("F")
    s.run(30_000)
    assert s.frames("D") + s.frames("F") - sent <= 2
    s.set_status(s.b, 17)
    assert s.ends() == "DONE"
    assert s.position == (0, 0)


@pytest.mark.parametrize("which", ["a", "b"])
def test_t16_market_that_is_closed_alone_keeps_the_pair_waiting(scene, which):
    s = scene()
    venue = getattr(s, which)
    s.set_status(venue, 18)
    s.run(500)
    assert s.fires(for_ms=5000) == 0
    s.set_status(venue, 17)
    assert s.until(lambda: s.judge.outcomes, 3000 * MS)
    assert s.ends() == "DONE"
