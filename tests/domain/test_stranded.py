"""What a STRANDED hedge says of itself: what is next, and what to type."""

import pytest
from msgspec.structs import replace

from config.glossary import GLOSSARY
from domain import stranded
from domain.hedges import HedgeStatus
from domain.orders import OrdStatus
from tests.domain.making import filled_hedge


def hedge(why, kind="close", **changes):
    return replace(filled_hedge(5, 2, status=HedgeStatus.STRANDED), kind=kind, stranded_why=why, **changes)


@pytest.mark.parametrize(
    ("why", "kind", "phrase"),
    [
        ("MARKET", "open", stranded.BY_MARKET),
        ("BUDGET", "open", stranded.BY_EVIDENCE),
        ("UNKNOWN", "close", stranded.BY_EVIDENCE),
        ("REFUSED", "close", stranded.BY_CAUSE),
        ("PRICE", "close", stranded.BY_CAUSE),
        ("CAP", "open", stranded.A_PERSONS),
        ("EXTERNAL", "close", stranded.A_PERSONS),
        ("FROZEN", "close", stranded.STOPPED),
    ],
)
def test_what_is_next_is_told_by_why_and_kind(why, kind, phrase):
    found = hedge(why, kind)
    assert stranded.what_next(found) == phrase
    assert phrase in GLOSSARY
    assert stranded.told_of(found).startswith(phrase)
    assert f"./hedgerow hedge retry {found.hedge_id} --reason WHY" in stranded.told_of(found)


def test_one_that_was_denied_says_its_own_tries():
    found = hedge("BUDGET", naked_ns=1)
    leg = found.legs[1]
    order = replace(leg.orders[-1], status=OrdStatus.DENIED, sent_ns=2)
    found = replace(found, legs=(found.legs[0], replace(leg, orders=(*leg.orders, order))))
    assert stranded.told_of(found).startswith(f"{stranded.BY_CAUSE} (12 of 12 tries left)")
    assert stranded.what_next(replace(found, denials=12)) == stranded.A_PERSONS


def test_tries_that_are_left_are_counted_down_to_a_person():
    assert "(3 of 3 tries left)" in stranded.told_of(hedge("REFUSED"))
    assert "(1 of 3 tries left)" in stranded.told_of(hedge("REFUSED", retries=2))
    assert stranded.what_next(hedge("MARKET", retries=3)) == stranded.A_PERSONS


def test_claimed_one_can_only_be_tried_again_and_one_in_flight_says_nothing():
    claimed = hedge("UNKNOWN", claimed=("ann", "by phone"))
    assert stranded.what_next(claimed) == stranded.CLAIMED in GLOSSARY
    assert len(stranded.to_type(claimed)) == 1
    working = replace(hedge("CAP"), status=HedgeStatus.WORKING)
    assert (stranded.what_next(working), stranded.to_type(working)) == ("", ())


def test_one_that_its_own_turn_went_on_with_is_said_to_be_and_can_be_looked_at():
    going = replace(hedge("BUDGET", retries=1), status=HedgeStatus.REPLENISHING)
    assert stranded.AT_ONCE in GLOSSARY
    assert stranded.told_of(going) == f"{stranded.AT_ONCE} (2 of 3 tries left); ./hedgerow hedge show {going.hedge_id}"
    ended = replace(going, status=HedgeStatus.HANDED_OVER)
    assert stranded.told_of(ended) == f"./hedgerow hedge show {ended.hedge_id}"
