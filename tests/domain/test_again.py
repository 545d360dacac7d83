"""A close that is STRANDED: when it is tried again by itself, and how often."""

import pytest
from msgspec.structs import replace

from domain import again
from domain.again import FIRST_PAUSE_NS, SETTLE_NS, Sight
from domain.hedges import HedgeStatus
from tests.domain.making import MS, filled_hedge

S = 1000 * MS
WELL, BAD = Sight(True, True), Sight(False, True)
MOST = 3


def stranded(why="REFUSED", retries=0, **changes):
    hedge = filled_hedge(5, 2, status=HedgeStatus.STRANDED)
    return replace(hedge, kind="close", stranded_why=why, retries=retries, **changes)


def tries(hedge, sights, step_ns=S):
    """Looks, one a second: (second, sign) of the first try, or None."""
    waiting = None
    for second, sight in enumerate(sights):
        waiting = again.looked(waiting, hedge, sight, (1 + second) * step_ns)
        sign = again.due(waiting, hedge, MOST, (1 + second) * step_ns)
        if sign:
            return second, sign
    return None


@pytest.mark.parametrize("why", ["MARKET", "UNKNOWN", "BUDGET", "LOTS", "CLOSE", "EXTERNAL", "FROZEN", "GIVEN_UP"])
def test_other_causes_are_not_its_business(why):
    assert not again.waits(stranded(why), MOST)


def test_opens_claimed_ones_and_those_with_no_retry_left_are_not_either():
    assert all(again.waits(stranded(why), MOST) for why in again.CAUSES)
    assert not again.waits(replace(stranded(), kind="open"), MOST)
    assert not again.waits(stranded(claimed=("ann", "by phone")), MOST)
    assert not again.waits(stranded(retries=3), MOST)
    assert not again.waits(replace(stranded(), status=HedgeStatus.SETTLING), MOST)


def test_price_in_reach_must_have_stayed_so():
    settle = SETTLE_NS // S
    assert tries(stranded("PRICE"), [BAD] * 5 + [WELL] * 9) == (5 + settle, "price")
    assert tries(stranded("PRICE"), ([WELL] * settle + [BAD]) * 20) is None


@pytest.mark.parametrize(("retries", "pause_s"), [(0, 10), (1, 40), (2, None)])
def test_without_a_sign_time_is_tried_further_apart_and_never_with_the_last_retry(retries, pause_s):
    found = tries(stranded(retries=retries), [WELL] * 200)
    assert found == (None if pause_s is None else (pause_s, "time"))


@pytest.mark.parametrize(("retries", "pause_s"), [(0, 0), (1, 10), (2, 40)])
def test_with_a_sign_it_waits_shorter_and_the_last_retry_is_for_it(retries, pause_s):
    away = Sight(False, False)
    assert tries(stranded(retries=retries), [away, away, *[WELL] * 200]) == (max(pause_s, 2 + SETTLE_NS // S), "market")


def test_market_that_misses_one_look_was_not_shut():
    away = Sight(False, False)
    assert tries(stranded(), [WELL, away, *[WELL] * 200]) == (10, "time")


def test_each_sign_has_its_name():
    rich = Sight(True, True, (100, None), frozenset("B"), "rules")
    for change, name in (
        ({"free": (111, None)}, "money"),
        ({"refusing": frozenset()}, "fills"),
        ({"rules": "others"}, "limits"),
        ({"free": (110, 5)}, "time"),
    ):
        assert tries(stranded(), [rich, *[replace(rich, **change)] * 30])[1] == name


def test_each_stranding_begins_anew():
    first = again.looked(None, stranded(), Sight(False, False), S)
    later = again.looked(first, stranded(retries=1), WELL, 50 * S)
    assert (later.begun_ns, later.away, later.well_ns) == (50 * S, False, 50 * S)
    assert again.pause_ns(1) == 4 * again.pause_ns(0) == 4 * FIRST_PAUSE_NS
