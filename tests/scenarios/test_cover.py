"""Covers of an exposure held elsewhere, whole: T27, T50's ledger, and trouble."""

import pytest

from simulation import fates
from simulation.agenda import MS

SHAPE = {"kind": "cover", "units": 20, "max_units": 40}


def covered(s, limit_ms=20_000):
    return s.until(lambda: s.pair.hedge is None and s.pair.units == -s.exposed, limit_ms * MS)


def test_exposure_that_is_told_is_covered_and_followed_both_ways(scene):
    s = scene(**SHAPE)
    for lots in (-7, -12, -3, 5, 0):
        s.expose(lots)
        assert covered(s)
    assert s.position == (0, 0)


def test_older_or_same_version_changes_nothing(scene):
    s = scene(**SHAPE)
    s.expose(-7)
    assert covered(s)
    s._version -= 2
    s.expose(-9)
    s.run(3000)
    assert (s.pair.units, s.pair.exposure.qty) == (7, "-7")


@pytest.mark.parametrize("fate", [fates.part(3), fates.reject(), fates.silent(2), fates.late_fill(200)])
def test_trouble_with_an_order_ends_covered_and_never_rolled_back(scene, fate):
    s = scene(**SHAPE)
    s.a.script.append(fate)
    s.expose(-7)
    assert s.until(lambda: s.pair.units == 7 and s.pair.hedge is None, 30_000 * MS)
    assert "STRANDED" not in s.judge.alerts


def test_exposure_that_falls_while_a_day_order_works_takes_back_what_is_over(scene):
    s = scene(**SHAPE, tifs="0")
    s.a.script.append(fates.part(6, rests=True))
    s.expose(-10)
    assert s.until(lambda: s.pair.units == 6, 2000 * MS)
    s.expose(-2)
    assert covered(s)
    assert s.position == (2, 0)


def test_closed_market_is_uncovered_and_told_once_and_strands_nothing(scene):
    s = scene(**SHAPE)
    s.set_status(s.a, 18)
    s.run(200)
    s.expose(-7)
    s.run(8000)
    assert s.view.reason == "SESSION_CLOSED"
    assert s.judge.alerts.count("UNCOVERED") == 1 and "STRANDED" not in s.judge.alerts
    s.set_status(s.a, 17)
    assert covered(s)


def test_crash_keeps_the_exposure_and_goes_on(scene):
    s = scene(**SHAPE)
    s.a.script.append(fates.silent(4))
    s.expose(-7)
    assert s.until(lambda: s.pair.hedge is not None, 2000 * MS)
    s.kill()
    s.run(500)
    s.start()
    assert s.until(lambda: s.node is not None and s.pair.units == 7 and s.pair.hedge is None, 30_000 * MS)
    assert s.pair.exposure.qty == "-7"
