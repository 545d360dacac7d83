"""Which locks an open and a close take off, by hand."""

import re

import pytest
from msgspec.structs import replace

from domain import pairs
from domain.books import LegBook, Sides
from domain.unlocking import unlockable
from tests.domain.test_firing import SPEC

DAYS = replace(SPEC.legs[0].instrument, offset_mode="octy")
PLAIN = replace(DAYS, offset_mode="oc")


def asked(*sides, lots=(1, -2), instrument=DAYS, locks=(True, True)):
    """What can be unlocked of two legs that hold these."""
    legs = tuple(replace(leg, lots=qty, instrument=instrument, locks=each) for leg, qty, each in zip(SPEC.legs, lots, locks, strict=True))
    books = tuple(LegBook(one.long - one.short, sides=one) for one in sides)
    return unlockable(replace(SPEC, legs=legs), replace(pairs.new("cu", lots), books=books))


OLD = Sides(5, 0, 5, 0)


@pytest.mark.parametrize(
    ("first", "second", "units"),
    [
        (OLD, OLD, 2),  # two lots a unit of the second, four of its five
        (OLD, Sides(6, 0, 6, 0), 3),
        (Sides(1, 4, 3, 2), Sides(4, 0, 4, 0), 1),  # today's lots stay
    ],
)
def test_whole_units_of_what_both_sides_have_of_yesterdays(first, second, units):
    assert asked(first, second) == units


@pytest.mark.parametrize(
    ("sides", "more", "why"),
    [
        ((OLD, Sides(0, 5, 5, 0)), {}, "no unit of yesterday's lots is locked in each leg: .* long 0, short 5, 5 and 0 of today's"),
        ((OLD, Sides(1, 0, 1, 0)), {}, "no unit of yesterday's lots"),
        ((Sides(5, 1, 6, 0), OLD), {"instrument": PLAIN}, "no unit of yesterday's lots"),
        ((Sides(4, 0, 5, 0), Sides(6, 0, 4, 0)), {}, "it holds 1 units: ./hedgerow hedge close cu"),
        ((OLD, OLD), {"locks": (False, False)}, "no leg of it"),
    ],
)
def test_what_cannot_be_taken_off_says_why(sides, more, why):
    assert re.search(why, asked(*sides, **more))


def test_leg_that_does_not_lock_has_no_say():
    assert asked(OLD, Sides(), locks=(True, False)) == 5
