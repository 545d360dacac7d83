"""Lots that can still be closed: today's and yesterday's, over all pairs."""

import pytest

from domain.books import LegBook, Sides
from domain.closable import Closable, read_today, there
from domain.pairs import LotsRead, evolve, new
from domain.venue_news import Position

KEY = ("SHFE", "cu")


def told(old=0, today=0, *, short=False):
    free = (old + today, today)
    return Position("cu", 0, free[0], 0, free[1], 0, free[0], 0, free[1]) if short else Position("cu", free[0], 0, free[1], 0, free[0], 0, free[1], 0)


def test_a_pair_closes_its_own_lots_by_day():
    assert there(LegBook(5, 2), (), -1, (0, 0), None) == (3, 2)
    assert there(LegBook(-5, -2), (), 1, (0, 0), None) == (3, 2)
    assert there(LegBook(5, 2), (), 1, (0, 0), None) == (0, 0)


def test_two_pairs_of_one_account_never_close_the_same_lots():
    # the books say 5 + 5 of yesterday's; the account has 7: three are gone, and not both may take what is left
    mine, other = LegBook(5, 0), LegBook(5, 0)
    assert there(mine, (other,), -1, (0, 0), told(old=7)) == (2, 0)
    assert there(mine, (other,), -1, (0, 0), told(old=10)) == (5, 0)
    # the other's close is under way: its lots are spoken for, once
    assert there(mine, (other,), -1, (5, 0), told(old=10)) == (5, 0)
    assert there(mine, (other,), -1, (5, 0), told(old=7)) == (2, 0)


def test_days_are_not_taken_from_an_answer_before_the_venue_has_refused():
    assert there(LegBook(5, 0), (LegBook(5, 5),), -1, (0, 0), told(today=10)) == (5, 0)


def test_a_pair_alone_closes_its_own_whatever_the_answer():
    assert there(LegBook(5, 2), (LegBook(-3, 0),), -1, (0, 0), told()) == (3, 2)


def test_claims_are_by_side_and_day_and_end_with_their_order():
    table = Closable()
    table.claim(KEY, -1, "a", "p", "T", 3)
    table.claim(KEY, -1, "b", "q", "Y", 2)
    table.claim(KEY, 1, "c", "p", "C", 9)
    assert table.taken(KEY, -1, "q") == (0, 3)
    assert table.taken(KEY, -1, "p") == (2, 0)
    table.claim(KEY, -1, "a", "p", "T", 0)
    assert table.taken(KEY, -1, "q") == (0, 0)


@pytest.mark.parametrize(
    ("book", "answer", "side", "today"),
    [
        (LegBook(5, 5), told(old=5), -1, 0),  # they are yesterday's over there
        (LegBook(5, 0), told(today=5), -1, 5),
        (LegBook(5, 2), told(old=3, today=2), -1, 2),
        (LegBook(5, 2), told(old=1, today=4), -1, 4),
        (LegBook(5, 2), told(old=20, today=20), -1, 2),  # others hold some too: our own figure may well be right
        (LegBook(-5, -5), told(old=5, short=True), 1, 0),
    ],
)
def test_todays_lots_are_read_anew_from_the_venues_answer(book, answer, side, today):
    assert read_today(book, answer, side) == today


def test_what_was_read_is_a_fact_of_the_pair():
    pair = new("p", (1, -1))
    assert evolve(pair, LotsRead(1, -3, "close refused")).books[1].today == -3


@pytest.mark.parametrize(
    ("old", "today", "own", "found"),
    [
        (0, 1, 3, 3),  # two of three are closed there and not heard here: of today's, as far as is known
        (0, 1, 0, 1),  # one at least is of today's
        (1, 0, 3, 2),  # and one at least is not
        (0, 0, 2, 2),  # nothing is there any more: nothing is learnt of its days
    ],
)
def test_lots_traded_and_not_heard_of_are_of_no_day(old, today, own, found):
    assert read_today(LegBook(3, own), told(old, today), -1) == found
    assert read_today(LegBook(-3, -own), told(old, today, short=True), 1) == -found
    both = LegBook(0, sides=Sides(3 - own, own, 0, 3))
    assert read_today(both, told(old, today), -1) == found
