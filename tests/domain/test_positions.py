"""Positions two ways: ours by fills, the venue's by its answer."""

import pytest

from domain import pairs
from domain.books import LegBook
from domain.ledgers import Ledgers
from domain.market import Instrument
from domain.positions import Held, Told, difference, held_by, is_less, position_rows
from domain.terms import terms_of
from domain.venue_news import Position
from tests.domain.test_ledger import CU, HG

KEYS = (("SHFE", "cu"), ("COMEX", "HG"))


def told(long_qty=0, short_qty=0):
    return Position("cu", long_qty, short_qty, long_qty, short_qty, long_qty, short_qty, long_qty, short_qty)


def pair(name, *nets):
    return pairs.Pair(name, (1, -1), books=tuple(LegBook(net, net) for net in nets))


def test_pairs_of_one_account_are_added_up_long_and_short_apart():
    found = held_by([(pair("a", 9, -4), KEYS), (pair("b", -3, 2), KEYS)])
    assert (found["SHFE", "cu"].long, found["SHFE", "cu"].short, found["SHFE", "cu"].short_today) == (9, 3, 3)


@pytest.mark.parametrize(
    ("ours", "theirs", "nets", "more"),
    [
        (Held(9, 3), told(9, 3), False, (0, 0)),
        (Held(9, 3), told(7, 3), False, (-2, 0)),
        (Held(9, 3), told(10, 1), False, (1, -2)),
        (Held(9, 3), told(6, 0), True, (0, 0)),
        (Held(9, 3), told(4, 0), True, (-2, 0)),
        (Held(1, 4), told(0, 1), True, (0, -2)),
        (Held(2, 0), None, False, (-2, 0)),
    ],
)
def test_difference_is_what_the_venue_has_more(ours, theirs, nets, more):
    assert difference(ours, theirs, nets=nets) == more


def test_lots_that_are_missing_stop_opens_and_what_a_person_accepted_does_not():
    assert is_less((-2, 0)) and is_less((0, -1))
    assert not is_less((3, 0))
    assert not is_less((-2, 0), accepted=(-2, 0)) and is_less((-3, 0), accepted=(-2, 0))


def test_rows_tell_accounts_then_pairs_and_the_difference_as_it_was_heard():
    ledgers = Ledgers()
    ledgers.configure("a", "CNY", (terms_of(CU), terms_of(HG)))
    heard = {KEYS[0]: Told(told(7), Held(9, 0, 9, 0), 1_000_000_000)}
    held = [(pair("a", 18, -8), ledgers.of["a"])]
    rows = [
        row
        for index in (1, 0)
        for row in position_rows(KEYS[index], [(held[0][0], index, held[0][1])], heard.get(KEYS[index]), (0, 0), 3_000_000_000, nets=index == 1)
    ]
    assert [row["place"] for row in rows] == ["COMEX/HG", "COMEX/HG/a/1", "SHFE/cu", "SHFE/cu/a/0"]
    account = rows[2]
    assert (account["long"], account["venue_long"], account["difference_long"], account["equal"], account["age_ms"]) == (18, 7, -2, False, 2000)
    assert rows[0]["equal"] is None  # New York has not said


def test_spot_instruments_have_terms_too():
    assert terms_of(Instrument("V", "S", *[CU.tick_size] * 3, "USD", kind="spot", base="BTC")).currency == "USD"
