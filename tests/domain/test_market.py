"""Instruments, quotes, units: exact values."""

from decimal import Decimal
from fractions import Fraction

import pytest

from domain.errors import ConfigError, HedgerowError, IllegalTransition, InvariantViolation, require
from domain.market import BUY, SELL, Instrument, Quote, depth, quote_of
from domain.units import decimal_of, exact, unit_factor_of

KEY = ("shfe", "SHFE.cu2612")
COPPER = Instrument("shfe", "SHFE.cu2612", Decimal(10), Decimal(1), Decimal(5), "CNY")
INVERSE = Instrument("bn", "BTCUSD_PERP", Decimal("0.1"), Decimal(1), Decimal(100), "BTC", kind="inverse")


def test_value_of_copper_is_ticks_times_five_tons():
    assert COPPER.value(8012, 2) == 80120 * 5 * 2


def test_value_of_inverse_is_in_base():
    assert INVERSE.value(500_000, 10) == Fraction(1000, 50_000)


def test_inverse_without_a_price_has_no_value():
    with pytest.raises(InvariantViolation, match="no value"):
        INVERSE.value(0, 1)


def test_quote_knows_what_each_side_takes():
    quote = quote_of(KEY, [100, 2, 99, 3], [101, 4])
    assert (quote.touch_px(BUY), quote.touch_qty(BUY)) == (101, 4)
    assert (quote.touch_px(SELL), quote.touch_qty(SELL)) == (100, 2)
    assert quote.levels(SELL) == [100, 2, 99, 3]
    assert (quote.venue, quote.symbol, quote.lane) == ("shfe", "SHFE.cu2612", 4)


def test_quote_of_empty_sides_has_no_price():
    quote = quote_of(KEY, (), ())
    assert (quote.bid_px, quote.ask_px, quote.bid_qty) == (None, None, 0)


def test_quote_is_frozen():
    with pytest.raises(AttributeError):
        Quote(KEY).bid_px = 1


def test_depth_stops_at_the_worst_price():
    assert depth([100, 2, 99, 3, 97, 9], 99, SELL) == 5
    assert depth([101, 2, 103, 3], 102, BUY) == 2
    assert depth([], 102, BUY) == 0


@pytest.mark.parametrize("text", ["", "x", "NaN", "inf", 0.1, True, None])
def test_decimal_of_nonsense_is_refused(text):
    with pytest.raises(ValueError, match="not"):
        decimal_of(text)


def test_unit_factors_are_exact_by_definition():
    assert unit_factor_of("per_ounce_to_per_gram") * Fraction("31.1034768") == 1
    assert round(float(unit_factor_of("cents_per_pound_to_per_ton")), 7) == 22.0462262
    assert unit_factor_of("2.5") == exact("2.5")
    with pytest.raises(ValueError, match="per_ounce_to_per_gram"):
        unit_factor_of("furlong")


def test_config_error_says_file_key_value_and_what_is_allowed():
    error = ConfigError("pairs.toml", "cu.vat", "x", "a number such as 0.13")
    assert str(error) == "pairs.toml: cu.vat = 'x': allowed: a number such as 0.13"


def test_error_tree_is_as_drawn():
    assert issubclass(IllegalTransition, InvariantViolation)
    assert issubclass(InvariantViolation, HedgerowError)
    require(cond=True, text="")
    with pytest.raises(InvariantViolation, match="why"):
        require(cond=False, text="why")
