"""What a pair records after a repair's record is decided after it too."""

from collections import deque
from types import SimpleNamespace

import pytest

from actors.notes import RepairFacts
from actors.trader import Trader
from domain.venue_news import VenueChanged
from domain.venues import VenueStage

FACTS = RepairFacts("P.x.1", (), 7)


def news(day, venue="A"):
    return VenueChanged(venue, VenueStage.OPEN, True, True, True, trading_day=day)


def asked(waiting):
    """Whether the roll to the second day comes again, and what was told."""
    told = []
    trader = SimpleNamespace(name="P", box=SimpleNamespace(orders=deque(waiting)), tell=lambda name, message: told.append((name, message)))
    return Trader.comes_again(trader, news("20260102")), told


@pytest.mark.parametrize(
    ("waiting", "again", "told"),
    [
        ((), False, []),
        ((news("20260103"),), False, []),
        ((FACTS,), True, [("P", news("20260102"))]),
        ((news("20260102", "B"), FACTS), True, [("P", news("20260102"))]),
        ((FACTS, news("20260103")), True, []),
    ],
    ids=["nothing waits", "no repair's record", "a repair's record", "another venue's news", "newer news"],
)
def test_a_day_rolls_once_the_repairs_records_before_it_are_adopted(waiting, again, told):
    assert asked(waiting) == (again, told)
