"""What is over once an instrument's last days are past."""

import pytest

from domain.days import NOTHING, LastDays, Over, over_of, over_on

DAYS = LastDays("20270312", "20270315")


@pytest.mark.parametrize(
    ("today", "opens", "every"),
    [
        ("", "", ""),
        ("20270312", "", ""),
        ("20270313", "LAST_OPEN_DAY", ""),
        ("20270315", "LAST_OPEN_DAY", ""),
        ("20270316", "EXPIRED", "EXPIRED"),
        ("20280101", "EXPIRED", "EXPIRED"),
    ],
)
def test_last_days_bar_opens_first_then_all(today, opens, every):
    over = over_on("SHFE.cu2703", DAYS, today)
    assert (over.opens.partition(" ")[0], over.every.partition(" ")[0]) == (opens, every)


def test_days_that_nobody_told_bar_nothing():
    assert over_on("X", LastDays(), "20991231") is NOTHING


def test_a_pair_is_barred_by_any_of_its_legs_and_named_by_what_bars_more():
    late, dead = Over("LAST_OPEN_DAY A"), Over("EXPIRED B", "EXPIRED B")
    assert over_of((NOTHING, late)) == late
    assert over_of((late, dead)) == dead
    assert over_of((NOTHING, NOTHING)) == NOTHING
