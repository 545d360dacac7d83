"""Comparable prices by hand, and spreads as they could be traded."""

from decimal import Decimal
from fractions import Fraction
from math import isnan, nan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvariantViolation
from domain.market import BUY, SELL, quote_of
from domain.prices import (
    LegPrice,
    Line,
    PriceFormula,
    RatioView,
    SpreadView,
    TouchView,
    fx_rate,
    tradable_units,
    walk_book,
)
from domain.units import unit_factor_of

SHFE = PriceFormula(Decimal(10))
COMEX = PriceFormula(
    tick_size=Decimal("0.05"),
    premium=Decimal(5),
    unit_factor=unit_factor_of("cents_per_pound_to_per_ton"),
    vat=Decimal("0.13"),
    cost=Decimal(150),
)
SPOT = PriceFormula(Decimal("0.01"))
PERP = PriceFormula(Decimal("0.1"))


def quote(bids, asks, last=None):
    return quote_of(("v", "s"), bids, asks, last_px=last)


def btc(basis="touch"):
    view = SpreadView([LegPrice(SPOT, 1), LegPrice(PERP, -1)], basis)
    view.on_quote(0, quote([6_003_000, 100], [6_003_100, 100], 6_003_050))
    view.on_quote(1, quote([599_900, 4], [599_950, 4], 599_925))
    return view


def test_import_parity_of_copper_is_as_worked_by_hand():
    # (450 + 5) c/lb x 22.0462262185 = 10031.03293 USD/t; x 7.10 = 71220.33380; x 1.13 = 80478.97719; + 150
    assert float(COMEX.comparable(9000, Fraction("7.10"))) == pytest.approx(80_628.97719, abs=1e-5)
    a, b = Line(COMEX).coefficients(7.10)
    assert a * 9000 + b == pytest.approx(80_628.97719, abs=1e-5)


def test_gold_in_new_york_is_yuan_a_gram():
    # 2000 USD/oz / 31.1034768 g/oz = 64.3014931 USD/g; x 7.2 = 462.970751 CNY/g
    gold = PriceFormula(Decimal("0.1"), unit_factor=unit_factor_of("per_ounce_to_per_gram"))
    a, b = Line(gold).coefficients(7.2)
    assert (a * 20_000 + b, b) == (pytest.approx(462.970751, abs=1e-6), 0.0)


def test_raw_price_is_units_alone():
    assert float(COMEX.raw(9000)) == pytest.approx(450 * 22.0462262185)


@given(st.integers(-(10**7), 10**7), st.decimals("0.01", "100", places=4))
def test_line_is_the_exact_formula(px, fx):
    a, b = Line(COMEX).coefficients(float(fx))
    assert a * px + b == pytest.approx(float(COMEX.comparable(px, Fraction(fx))), rel=1e-12, abs=1e-6)


@pytest.mark.parametrize("rate", [0.0, -7.0, nan, float("inf")])
def test_a_bad_rate_makes_the_line_unknown(rate):
    assert all(isnan(c) for c in Line(SHFE).coefficients(rate))


def test_btc_spot_against_perpetual_both_ways():
    view = btc()
    # sell: hit spot's bid 60030.00, lift the perpetual's ask 59995.0; buy: lift 60031.00, hit 59990.0
    assert view.sell == pytest.approx(35.0)
    assert view.buy == pytest.approx(41.0)


def test_basis_mid_and_last_watch_one_price():
    assert btc("mid").sell == btc("mid").buy == pytest.approx(60_030.5 - 59_992.5)
    assert btc("last").sell == pytest.approx(60_030.5 - 59_992.5)
    assert btc("mid").executable(SELL, 1) == pytest.approx(35.0)


def test_executable_walks_both_books_for_the_size():
    view = SpreadView([LegPrice(SPOT, 1), LegPrice(PERP, -2)])
    view.on_quote(0, quote([1000, 1, 900, 1], [1100, 5]))
    view.on_quote(1, quote([50, 2], [60, 2, 70, 2]))
    assert view.executable(SELL, 2) == pytest.approx(9.5 - 6.5)
    assert isnan(view.executable(SELL, 3))
    assert isnan(view.executable(BUY, 2))


def test_a_missing_side_or_leg_makes_the_spread_unknown():
    view = btc()
    view.on_quote(1, quote([], [599_950, 4]))
    assert view.sell == pytest.approx(35.0)
    assert isnan(view.buy)
    assert isnan(SpreadView([LegPrice(SPOT, 1), LegPrice(PERP, -1)]).sell)


def test_fx_moves_the_spread_without_a_new_book():
    view = SpreadView([LegPrice(SHFE, 1), LegPrice(COMEX, -1)])
    view.on_fx(1, 7.0)
    view.on_quote(0, quote([8000, 1], [8001, 1]))
    view.on_quote(1, quote([9000, 1], [9001, 1]))
    before = view.buy
    view.on_fx(1, 7.10)
    assert view.buy == pytest.approx(80_010 - 80_628.97719, abs=1e-4)
    assert view.buy < before
    view.on_fx(1, nan)
    assert isnan(view.buy)


def test_weights_make_a_butterfly():
    leg = PriceFormula(Decimal(1))
    view = SpreadView([LegPrice(leg, 1), LegPrice(leg, -2, Decimal(2)), LegPrice(leg, 1)])
    for index, px in enumerate((100, 110, 130)):
        view.on_quote(index, quote([px, 9], [px + 1, 9]))
    assert view.sell == 100 - 2 * 111 + 130
    assert view.buy == 101 - 2 * 110 + 131
    assert view.executable(SELL, 1) == view.sell


books = st.tuples(st.integers(1, 10**7), st.integers(1, 500))


@given(books, books, st.sampled_from([(1, -1), (-1, 1), (3, -2), (1, 1)]))
def test_one_never_buys_cheaper_than_one_sells(first, second, lots):
    view = SpreadView([LegPrice(SPOT, lots[0]), LegPrice(PERP, lots[1])])
    for index, (bid, width) in enumerate((first, second)):
        view.on_quote(index, quote([bid, 99], [bid + width, 99]))
    assert view.sell <= view.buy
    assert view.executable(SELL, 1) == pytest.approx(view.sell)
    assert view.executable(BUY, 1) == pytest.approx(view.buy)


def test_ratio_raw_and_comparable():
    legs = [LegPrice(SHFE, 2), LegPrice(COMEX, -1)]
    raw, full = RatioView(legs, ratio_basis="raw"), RatioView(legs)
    for view in (raw, full):
        view.on_fx(1, 7.10)
        view.on_quote(0, quote([8000, 9], [8001, 9]))
        view.on_quote(1, quote([8999, 9], [9000, 9]))
    assert raw.sell == pytest.approx(80_000 / (450 * 22.0462262185))
    assert full.sell == pytest.approx(80_000 / 80_628.97719)
    assert raw.sell < raw.buy
    assert full.executable(SELL, 1) == pytest.approx(full.sell)
    assert full.at([8000, 9000]) == pytest.approx(full.sell)


def test_ratio_of_a_price_below_zero_is_unknown():
    view = RatioView([LegPrice(SPOT, 1), LegPrice(PERP, -1)])
    view.on_quote(0, quote([10, 9], [11, 9]))
    view.on_quote(1, quote([-5, 9], [-4, 9]))
    assert isnan(view.sell)
    assert isnan(view.buy)


def test_touch_view_watches_one_leg_in_its_own_price():
    view = TouchView([LegPrice(SPOT, 1), LegPrice(PERP, -1)], watched=1)
    view.on_quote(1, quote([599_900, 4], [599_950, 4]))
    assert isnan(view.buy)
    view.on_quote(0, quote([1, 1], [2, 1]))
    assert (view.buy, view.sell) == (pytest.approx(-59_990.0), pytest.approx(-59_995.0))


def test_views_refuse_what_makes_no_sense():
    with pytest.raises(InvariantViolation, match="basis"):
        SpreadView([LegPrice(SPOT, 1)], "best")
    with pytest.raises(InvariantViolation, match="two legs"):
        RatioView([LegPrice(SPOT, 1)])
    with pytest.raises(InvariantViolation, match="no leg 3"):
        TouchView([LegPrice(SPOT, 1)], watched=3)


def test_walk_book_of_nothing_is_nothing():
    avg, worst, filled = walk_book([], 3)
    assert (isnan(avg), worst, filled) == (True, None, 0)
    assert walk_book([100, 2, 102, 5], 4) == (101.0, 102, 4)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=10), st.integers(0, 60))
def test_walk_book_is_between_best_and_worst(steps, qty):
    px, levels = 100, []
    for step, lots in steps:
        px += step
        levels += [px, lots]
    avg, worst, filled = walk_book(levels, qty)
    assert filled == min(qty, sum(levels[1::2]))
    if filled:
        assert levels[0] <= avg <= worst <= px


def test_tradable_units_is_the_scarcest_leg_less_claims():
    quotes = [quote([100, 7, 99, 9], [101, 5]), quote([50, 3], [51, 4, 52, 8])]
    assert tradable_units(quotes, (3, -1), SELL) == 2
    assert tradable_units(quotes, (3, -1), SELL, payups=(1, 1)) == 5
    assert tradable_units(quotes, (3, -1), SELL, claimed_lots=(2, 0)) == 1
    assert tradable_units([quotes[0], None], (3, -1), SELL) == 0


def test_fx_rate_is_the_middle():
    assert fx_rate(quote([71_000, 1], [71_010, 1]), 0.0001) == pytest.approx(7.1005)
    assert isnan(fx_rate(quote([71_000, 1], []), 0.0001))
    assert msgspec.structs.replace(SHFE, fx=Decimal(2)).comparable(1) == 20
