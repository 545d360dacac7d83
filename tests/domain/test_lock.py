"""Both sides of a leg at once 锁仓: books, offsets, money, margin; by hand."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import ledger, outside
from domain.books import LegBook, Sides, booked, read, rolled, sides_of, split_of, taken
from domain.closable import read_today
from domain.costs import LegMoney
from domain.firing import OFFSET, offsets, repair_offset
from domain.margin import Rates, used_by
from domain.market import FeeSchedule, Instrument
from domain.money import scaled
from domain.orders import OrdStatus, TradeBusted
from domain.pairs import DayRolled
from domain.pairspec import LegSpec
from domain.positions import Held, difference
from domain.prices import LegPrice, PriceFormula
from domain.profit import floating_of, side_average
from domain.terms import terms_of
from domain.venue_news import Position
from tests.domain.making import order
from tests.domain.test_ledger import fill, money, opens

S = OrdStatus
IF = Instrument(
    "CFFEX", "IF", Decimal("0.2"), Decimal(1), Decimal(300), "CNY", offset_mode="oc",
    fees=FeeSchedule(open_rate=Decimal("0.000023"), close_rate=Decimal("0.000023"), close_today_rate=Decimal("0.00023")),
)  # fmt: skip
DAYS = replace(IF, offset_mode="octy")
PRICE = LegPrice(PriceFormula(IF.tick_size), 1)
LEG, LEG_OF_DAYS = (LegSpec("CFFEX", "IF", 1, told, PRICE, locks=True) for told in (IF, DAYS))


def after(book, offset, side, qty):
    done = order(S.FILLED, side=side, offset=offset, qty=qty, cum_qty=qty, trades=((f"{offset}{side}", qty, 100),))
    return booked(book, None, done)


def undone(book, offset, side, qty):
    was = order(S.FILLED, side=side, offset=offset, qty=qty, cum_qty=qty)
    return booked(book, was, replace(was, cum_qty=0))


LOCKED = after(LegBook(2, 2), "L", -1, 2)


def test_lock_opens_the_other_side_and_leaves_the_first():
    assert (LOCKED.net, LOCKED.sides) == (0, Sides(0, 2, 0, 2))
    assert rolled(LOCKED, "20260106").sides == Sides(2, 0, 2, 0)
    half = after(LegBook(5, 2), "L", -1, 2)
    assert (half.net, half.today, half.sides) == (3, 2, Sides(3, 2, 0, 2))


def test_unlock_takes_older_lots_off_the_other_side():
    book = after(rolled(LOCKED, "d"), "U", -1, 2)
    assert (book.net, book.sides) == (-2, Sides(0, 0, 2, 0))
    assert undone(book, "U", -1, 2).sides == Sides(2, 0, 2, 0)
    assert undone(LOCKED, "L", -1, 2).sides == Sides(0, 2, 0, 0)


def test_close_of_a_side_never_touches_the_other():
    book = after(LegBook(5, 5), "L", -1, 2)  # long 5, short 2
    assert split_of(book, -1) == (0, 5)
    assert split_of(book, 1) == (0, 2)
    assert after(book, "T", -1, 3).sides == Sides(0, 2, 0, 2)


def test_what_is_traded_elsewhere_closes_before_it_opens():
    assert taken(LOCKED, -1, None).sides == Sides(0, 1, 0, 2)
    assert taken(LOCKED, 3, None).sides == Sides(0, 3, 0, 0)


def test_day_of_a_locked_side_is_as_the_venue_says():
    told = Position("IF", 2, 2, 2, 0, 2, 2, 2, 0)  # of the shorts all are yesterday's there
    today = read_today(LOCKED, told, 1)
    assert (today, read(LOCKED, today, 1).sides) == (0, Sides(0, 2, 2, 0))


@given(st.lists(st.tuples(st.sampled_from("OLTYUC"), st.sampled_from((1, -1)), st.integers(1, 4)), max_size=12))
def test_net_is_long_less_short_and_no_side_is_below_nothing(sent):
    book = after(LegBook(), "L", 1, 1)
    lots = 1
    for offset, side, qty in sent:
        book, lots = after(book, offset, side, qty), lots + side * qty
        one = sides_of(book)
        assert min(one.long_old, one.long_today, one.short_old, one.short_today) >= 0
        assert book.net == one.long - one.short == lots
        assert abs(book.today) <= abs(book.net)


# ------------------------------------------------------------------ offsets


@pytest.mark.parametrize(
    ("leg", "book", "opens", "sent"),
    [
        (LEG_OF_DAYS, LegBook(3, 3), False, (("L", 3),)),
        (LEG_OF_DAYS, LegBook(3, 1), False, (("Y", 2), ("L", 1))),
        (LEG_OF_DAYS, LegBook(3, 0), False, (("Y", 3),)),
        (LEG, LegBook(3, 0), False, (("C", 3),)),
        (LEG, LegBook(3, 1), False, (("L", 3),)),  # a plain close might take the lot of today
        (LEG_OF_DAYS, LegBook(2, 0), False, OFFSET),
        (LEG_OF_DAYS, LegBook(), True, (("O", 3),)),
        (LEG_OF_DAYS, rolled(LOCKED, "d"), True, (("U", 2), ("O", 1))),
        (LEG, rolled(LOCKED, "d"), True, (("U", 2), ("O", 1))),
        (LEG, LOCKED, True, (("O", 3),)),
    ],
)
def test_no_order_of_a_hedge_closes_todays_lots(leg, book, opens, sent):
    assert offsets(leg, book, -1, 3, opens) == sent


def test_without_room_for_both_sides_todays_lots_are_closed():
    assert offsets(LEG_OF_DAYS, LegBook(3, 1), -1, 3, False, locks=False) == (("Y", 2), ("T", 1))
    assert offsets(LEG, LegBook(3, 1), -1, 3, False, locks=False) == (("C", 3),)


def test_repair_of_a_close_closes():
    book = after(LegBook(3, 3), "L", -1, 1)
    assert repair_offset(LEG_OF_DAYS, book, -1, 2, opens=False, reverses=False) == "T"
    assert repair_offset(LEG_OF_DAYS, replace(book, net=-1), 1, 1, opens=False, reverses=True) == "L"


def test_fees_of_a_lock_are_of_an_open_and_of_an_unlock_of_a_close():
    paid = LegMoney(IF)
    assert paid.fees(20_000, 1, "L") == paid.fees(20_000, 1, "O") == pytest.approx(27.6)
    assert paid.fees(20_000, 1, "U") == paid.fees(20_000, 1, "Y")
    assert paid.fees(20_000, 1, "T") == pytest.approx(276)


# ------------------------------------------------------------------ money


def traded(pair, number, side, offset, px, qty=2):
    pair.take([opens(number, (0, side, qty, offset)), fill(number, 0, 0, f"20260105/{number}", qty, px)])


def test_page_locked_over_a_day_saves_the_close_today_fee():
    pair = ledger.new("p", "CNY", (terms_of(IF),))
    leg = pair.legs[0]
    pair.take([DayRolled(0, "20260105")])
    traded(pair, 1, 1, "O", 20_000)  # 4,000.0
    assert leg.fees == {"CNY": money("55.20")}
    traded(pair, 2, -1, "L", 20_050)  # 4,010.0
    assert leg.fees == {"CNY": money("110.54")}  # 55.20 + 55.34, not + 553.38
    assert (leg.net, leg.realised, [one.lots for one in leg.lots]) == (0, 0, [2, -2])
    assert (side_average(pair.terms[0], leg, 1), side_average(pair.terms[0], leg, -1)) == ("4000", "4010")
    for mark in (1, 20_025, 10**6):
        assert floating_of(pair.terms[0], leg, mark) == money(6000)  # whatever the market does
    pair.take([DayRolled(0, "20260106")])
    pair.take([opens(3, (0, -1, 2, "U")), fill(3, 0, 0, "20260106/3", 2, 20_100)])  # 4,020.0
    assert pair.terms[0].money(leg.realised) == money(12_000)
    pair.take([opens(4, (0, 1, 2, "C")), fill(4, 0, 0, "20260106/4", 2, 20_025)])  # 4,005.0
    assert pair.terms[0].money(leg.realised) == money(15_000)
    assert leg.fees == {"CNY": money("221.29")}  # + 55.48 + 55.27
    assert not leg.lots


def test_busted_unlock_gives_both_sides_back():
    pair = ledger.new("p", "CNY", (terms_of(IF),))
    leg = pair.legs[0]
    pair.take([DayRolled(0, "20260105")])
    traded(pair, 1, 1, "O", 20_000)
    traded(pair, 2, -1, "L", 20_050)
    before = (leg.cash, leg.realised, dict(leg.fees))
    traded(pair, 3, -1, "U", 20_100)
    pair.take([TradeBusted("p.1.3.0h0", 0, ("b", 2, 20_100), "20260105/3")])
    assert (leg.cash, leg.realised, leg.fees) == before
    assert sorted(one.lots for one in leg.lots) == [-2, 2]


def test_margin_is_of_both_sides_or_of_the_larger():
    pair = ledger.new("p", "CNY", (terms_of(IF),))
    pair.take([DayRolled(0, "20260105")])
    traded(pair, 1, 1, "O", 20_000)
    traded(pair, 2, -1, "L", 20_050)
    rate = Fraction(12, 100)
    both = Rates(rate, rate)
    # 2 x 300 x 4,000 x 12 % = 288,000 and 2 x 300 x 4,010 x 12 % = 288,720
    assert used_by(pair.terms[0], pair.legs[0], both) == scaled(576_720)
    assert used_by(pair.terms[0], pair.legs[0], replace(both, larger_side=True)) == scaled(288_720)


# ------------------------------------------------------------------ the account


def test_account_is_compared_side_by_side():
    held = Held()
    held.add(LOCKED)
    assert (held.long, held.short, held.long_today, held.short_today) == (2, 2, 2, 2)
    assert difference(held, Position("IF", 2, 2, 2, 2, 2, 2, 2, 2), nets=False) == (0, 0)
    assert difference(held, Position("IF", 1, 2, 1, 2, 1, 2, 1, 2), nets=False) == (-1, 0)


def test_lots_that_a_lock_has_lost_elsewhere_are_seen_on_either_side():
    assert not outside.lacking([LOCKED, LegBook(3)], 5, 2)
    assert outside.lacking([LOCKED, LegBook(3)], 4, 2)
    assert outside.lacking([LOCKED], 2, 1)
    assert not outside.lacking([LegBook(3)], 0, 0)  # nothing is locked: the sums say it
