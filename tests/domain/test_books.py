"""What a pair holds by its own fills: lots, today's lots, cash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.books import LegBook, Sides, booked, rolled, taken, units_of
from domain.orders import OrdStatus
from tests.domain.making import order

S = OrdStatus


def filled(cum_qty, *trades, side=1, offset="O"):
    marked = tuple((str(i), qty, px) for i, (qty, px) in enumerate(trades))
    return order(S.PARTIALLY_FILLED, side=side, offset=offset, cum_qty=cum_qty, trades=marked)


def test_lots_are_booked_by_count_at_once_and_cash_when_the_price_is_known():
    book = booked(LegBook(), filled(0), filled(3))
    assert (book.net, book.today, book.cash, book.bought) == (3, 3, 0, 3)
    book = booked(book, filled(3), filled(3, (3, 100)))
    assert (book.net, book.cash, book.bought) == (3, -300, 3)


def test_what_was_bought_and_sold_again_leaves_cash_alone():
    book = booked(LegBook(), None, filled(2, (2, 100)))
    book = booked(book, None, filled(2, (2, 103), side=-1, offset="T"))
    assert (book.net, book.today, book.cash, book.bought, book.sold) == (0, 0, 6, 2, 2)


def test_a_bust_takes_lots_and_cash_off():
    before, after = filled(3, (3, 100)), filled(0, (0, 100))
    book = booked(booked(LegBook(), None, before), before, after)
    assert (book.net, book.today, book.cash, book.bought) == (0, 0, 0, 0)


@pytest.mark.parametrize(("lots", "px", "cash"), [(-2, 103, 206), (3, 101, -303), (-1, None, 0)])
def test_lots_traded_elsewhere_move_the_cash_that_they_cost(lots, px, cash):
    assert taken(LegBook(5), lots, px).cash == cash
    assert taken(LegBook(5, sides=Sides(5)), lots, px).cash == cash


def test_a_new_day_makes_todays_lots_yesterdays():
    book = rolled(LegBook(5, 3, 0, 5, 0, "20261123"), "20261124")
    assert (book.net, book.today, book.day) == (5, 0, "20261124")
    assert rolled(book, "20261124") is book


@pytest.mark.parametrize(("offset", "lots", "today"), [("Y", 2, 3), ("T", 2, 1), ("T", 3, 0), ("C", 4, 0), ("C", 1, 2)])
def test_closes_take_the_lots_that_they_name(offset, lots, today):
    book = booked(LegBook(5, 3), None, filled(lots, (lots, 100), side=-1, offset=offset))
    assert (book.net, book.today) == (5 - lots, today)


@pytest.mark.parametrize("offset", ["O", "T", "C", "Y", "N"])
def test_a_fill_and_its_bust_leave_the_book_as_it_was(offset):
    side = 1 if offset == "O" else -1
    before, after = filled(0, side=side, offset=offset), filled(2, (2, 100), side=side, offset=offset)
    book = LegBook(5, 2, 0, 9, 4)
    there = booked(book, before, after)
    back = booked(there, after, filled(0, (0, 100), side=side, offset=offset))
    assert back == book


@given(st.lists(st.tuples(st.sampled_from("OTYCN"), st.integers(-4, 4).filter(bool)), max_size=30))
def test_todays_lots_are_always_among_those_held(moves):
    book = LegBook()
    for offset, lots in moves:
        side = 1 if lots > 0 else -1
        book = booked(book, None, filled(abs(lots), side=side, offset=offset))
        assert min(0, book.net) <= book.today <= max(0, book.net)
        assert book.net == book.bought - book.sold


@pytest.mark.parametrize(("nets", "lots", "units"), [((5, -5), (1, -1), 5), ((5, -3), (1, -1), 3), ((-5, 5), (1, -1), -5),
    ((5, 5), (1, -1), 0), ((7, -4), (3, -2), 2), ((2, -2), (3, -2), 0), ((0, 0), (1, -1), 0)])  # fmt: skip
def test_units_are_what_all_legs_hold(nets, lots, units):
    assert units_of(nets, lots) == units
