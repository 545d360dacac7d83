from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import ExchangeError
from exchange.instruments import from_minor, round_half_up, tick_value_of, to_minor


@given(st.integers(-(10**18), 10**18), st.integers(0, 10))
def test_money_reads_back_as_it_was_written(amount, digits):
    assert to_minor(from_minor(amount, digits), digits) == amount


@pytest.mark.parametrize(("number", "whole"), [("1/2", 1), ("-1/2", -1), ("4/3", 1), ("-5/3", -2), ("3", 3)])
def test_halves_round_away_from_zero(number, whole):
    assert round_half_up(Fraction(number)) == whole


def test_tick_value_is_refused_when_it_is_no_whole_minor_unit():
    with pytest.raises(ExchangeError, match="more decimals"):
        tick_value_of("X", Fraction(1, 1000), Fraction(1), Fraction(1), 2)


@given(st.integers(-5, 5), st.integers(1, 10**6))
def test_marking_gives_back_what_opening_cost(make_instrument, net, px):
    instrument = make_instrument()
    flow = instrument.cash_flow(1 if net > 0 else -1, px, abs(net)) if net else 0
    assert flow + instrument.mark(net, px) == 0


def test_limits_stay_inside_the_band(make_instrument):
    assert make_instrument(band=Fraction(1, 10)).limits(1005) == (905, 1105)
    assert make_instrument(band=None).limits(1005) is None
