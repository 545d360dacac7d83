"""One leg after the other, whole: what the field's cases make of it."""

import pytest

from simulation import fates
from simulation.agenda import MS

SHAPE = {"sequence": "sequential", "units": 3, "max_units": 3}


def test_second_leg_waits_for_the_first_and_is_done(scene):
    s = scene(**SHAPE)
    s.opens()
    assert s.ends() == "DONE"
    assert s.position == (-3, 3)
    assert (len(s.orders(s.a)), len(s.orders(s.b))) == (1, 1)


def test_refusal_of_the_first_leg_sends_nothing_else(scene):
    s = scene(**SHAPE)
    s.opens(a=fates.reject())
    assert s.ends() == "NONE"
    assert (s.position, s.orders(s.b)) == ((0, 0), [])


def test_day_limit_that_fills_in_pieces_is_followed_piece_by_piece(scene):
    s = scene(**SHAPE, tif="day")
    s.opens(a=fates.part(1, rests=True))
    assert s.until(lambda: s.position[1] == 1, 2000 * MS)
    assert s.ends() in ("PART", "DONE")
    assert s.position[0] == -s.position[1]


@pytest.mark.parametrize("b", [fates.reject(), fates.silent(0), fates.part(1)])
def test_second_leg_in_trouble_leaves_nothing_naked(scene, b):
    s = scene(**SHAPE)
    s.opens(b=b)
    s.ends()
    assert s.position[0] == -s.position[1]


def test_first_leg_silent_is_asked_for_before_the_second_leaves(scene):
    s = scene(**SHAPE)
    s.opens(a=fates.silent(3))
    s.ends()
    assert s.position[0] == -s.position[1]


def test_crash_between_the_legs_is_taken_up(scene):
    s = scene(**SHAPE)
    s.opens(b=fates.silent(0))
    assert s.until(lambda: s.pair.books[0].net == -3, 2000 * MS)
    s.kill()
    s.run(500)
    s.start()
    assert s.until(lambda: s.node is not None and s.pair.hedge is None, 30_000 * MS)
    assert s.position[0] == -s.position[1]
