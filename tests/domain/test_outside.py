"""Outside trades: what is lost, and whose loss it is."""

import pytest
from msgspec.structs import replace

from domain import outside, pairs
from domain.books import LegBook, taken
from domain.hedges import H
from domain.outside import Outside, OutsideTrade
from tests.domain.making import hedge


@pytest.mark.parametrize(
    ("claims", "long", "short", "lost"),
    [
        ([5], 5, 0, 0),
        ([5], 9, 0, 0),
        ([5], 3, 0, 2),
        ([5, 3], 6, 0, 2),
        ([5], 0, 4, 5),
        ([-5], 0, 5, 0),
        ([-5], 0, 2, -3),
        ([-5], 1, 0, -5),
        ([5, -5], 0, 0, 0),
        ([0], 0, 3, 0),
    ],
)
def test_loss_on_a_netting_venue_is_what_the_sums_lack(claims, long, short, lost):
    assert outside.lost(claims, long, short, nets=True) == lost


@pytest.mark.parametrize(
    ("claims", "long", "short", "lost"), [([5, -5], 5, 5, 0), ([5, -5], 3, 5, 2), ([5, -5], 5, 1, -4), ([5], 9, 9, 0)]
)
def test_loss_on_a_venue_that_keeps_sides_apart_is_by_side(claims, long, short, lost):
    assert outside.lost(claims, long, short, nets=False) == lost


@pytest.mark.parametrize(
    ("lots", "holdings", "shares"),
    [
        (2, {"a": 5}, {"a": 2}),
        (9, {"a": 5}, {"a": 5}),
        (4, {"a": 6, "b": 2}, {"a": 3, "b": 1}),
        (1, {"a": 2, "b": 6}, {"b": 1}),
        (5, {"a": 3, "b": 3, "c": 3}, {"a": 2, "b": 2, "c": 1}),
        (0, {"a": 3}, {}),
        (3, {}, {}),
    ],
)
def test_loss_is_shared_pro_rata_and_the_rest_goes_to_the_largest(lots, holdings, shares):
    assert outside.shares(lots, holdings) == shares


def test_lots_taken_change_book_and_cash_and_never_leave_too_many_of_today():
    book = LegBook(5, 5, -500, 5, 0)
    assert taken(book, -2, 103) == LegBook(3, 3, -294, 5, 2)
    assert taken(book, -2, None).cash == -500
    assert taken(LegBook(5, 1), -2, 1).today == 1


def test_claim_leaves_out_what_a_person_has_in_hand():
    held = replace(pairs.new("cu", (1, -1)), books=(LegBook(3), LegBook(-2)))
    assert outside.claim(held, 0) == 3
    handed = replace(held, past=(replace(hedge(), status=H.HANDED_OVER),))
    assert (outside.claim(handed, 0), outside.claim(handed, 1)) == (2, -2)
    back = replace(held, past=(replace(hedge(), status=H.HANDED_OVER, released=True),))
    assert outside.claim(back, 0) == 3


def test_same_trade_is_known_and_other_days_do_not_wait():
    trade = OutsideTrade("A", "20261123", "X", "2", "F", "t1", "X", 2, 100)
    trades = Outside()
    assert trades.add(trade)
    assert not trades.add(trade)
    later = replace(trade, day="20261124")
    assert trades.add(later)
    assert trades.waiting == {("A", "X"): [later]}
    assert trades.add(replace(trade, exec_type="H"))
    assert trades.waiting == {("A", "X"): [later]}
