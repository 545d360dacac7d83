"""A close that is STRANDED: when it is tried again by itself, and how often."""

import pytest
from msgspec.structs import replace

from domain import again
from domain.again import FIRST_PAUSE_NS, SETTLE_NS, Sight
from domain.hedges import HedgeStatus
from domain.orders import OrdStatus
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


def denied(denials=0, why="BUDGET", **changes):
    """Its time went by, its last order denied."""
    hedge = stranded(why, denials=denials, naked_ns=1, **changes)
    leg = hedge.legs[1]
    order = replace(leg.orders[-1], status=OrdStatus.DENIED, sent_ns=2)
    return replace(hedge, legs=(hedge.legs[0], replace(leg, orders=(*leg.orders, order))))


@pytest.mark.parametrize("kind", ["open", "close"])
@pytest.mark.parametrize("why", ["BUDGET", "UNKNOWN"])
def test_one_that_was_denied_is_tried_again_whatever_it_was_and_without_retries(kind, why):
    hedge = replace(denied(why=why, retries=MOST), kind=kind)
    assert again.waits(hedge, MOST)
    assert again.word_of(hedge, "let") == "denied: let"
    assert not again.waits(denied(again.MOST_DENIED), MOST)
    assert not again.waits(denied(claimed=("ann", "by phone")), MOST)
    assert not again.waits(denied(why="FROZEN"), MOST)


def test_one_whose_order_went_out_after_a_denial_was_not_denied():
    hedge = denied()
    leg = hedge.legs[1]
    sent = replace(leg.orders[-1], status=OrdStatus.REJECTED, sent_ns=3)
    hedge = replace(hedge, legs=(hedge.legs[0], replace(leg, orders=(*leg.orders, sent))))
    assert not again.waits(hedge, MOST)
    assert not again.waits(replace(denied(), naked_ns=5), MOST)  # that was an earlier try


@pytest.mark.parametrize(("denials", "pause_s"), [(0, 2), (1, 10), (2, 20), (3, 40), (6, 300), (11, 300)])
def test_what_a_gateway_denies_is_tried_ever_more_seldom(denials, pause_s):
    assert tries(denied(denials), [WELL] * 400) == (pause_s, "time")


@pytest.mark.parametrize(("denials", "pause_s"), [(0, 7), (5, 10)])
def test_what_our_own_limits_barred_is_tried_once_they_let_it(denials, pause_s):
    barred = Sight(False, True, barred="PRICE_COLLAR")
    assert tries(denied(denials), [barred] * 400) is None
    assert tries(denied(denials), [barred] * 5 + [WELL] * 60) == (pause_s, "let")


def test_denied_tries_end():
    hedge, count = denied(), 0
    while again.waits(hedge, MOST):
        hedge, count = replace(hedge, denials=hedge.denials + 1), count + 1
    assert count == again.MOST_DENIED


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
