"""Whole lots that agree, and what is left over."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvariantViolation
from domain.market import Instrument
from domain.sizing import (
    QTY_FACTORS,
    exposure_per_lot,
    lots_for,
    residual,
    residual_lots,
    smallest_lots,
    units_within,
)

AU = Instrument("shfe", "SHFE.au2612", Decimal("0.02"), Decimal(1), Decimal(1000), "CNY")
GC = Instrument("comex", "COMEX.GCZ26", Decimal("0.1"), Decimal(1), Decimal(100), "USD")
PERP = Instrument("bn", "BTCUSD_PERP", Decimal("0.1"), Decimal(1), Decimal(100), "BTC", kind="inverse")
GOLD = (exposure_per_lot(AU), exposure_per_lot(GC, QTY_FACTORS["ounce_to_gram"]))


def test_gold_units_are_those_of_the_page():
    assert GOLD[1] == Fraction("3110.34768")
    assert smallest_lots(GOLD, "150") == (3, 1)
    assert abs(residual((3, -1), GOLD)) == Fraction("110.34768")
    assert smallest_lots(GOLD, 10) == (28, 9)
    assert round(float(residual((28, -9), GOLD))) == 7


def test_copper_unit_is_nine_to_four():
    tons = (Fraction(5), Fraction(25_000) * QTY_FACTORS["pound_to_ton"])
    assert float(tons[1]) == pytest.approx(11.33980925)
    assert smallest_lots(tons, "0.4") == (9, 4)


def test_no_unit_says_the_nearest():
    with pytest.raises(ValueError, match=r"nearest, \(3, 1\), leaves 110.348"):
        smallest_lots(GOLD, 1, max_lots=5)


def test_inverse_is_sized_by_the_price():
    assert exposure_per_lot(PERP, px_ticks=500_000) == Fraction(100, 50_000)
    assert lots_for(Fraction(1), exposure_per_lot(PERP, px_ticks=500_000)) == 500
    with pytest.raises(InvariantViolation, match="needs a price"):
        exposure_per_lot(PERP)


held = st.integers(1, 10**6).map(lambda n: Fraction(n, 100))


@given(held, held, st.integers(1, 10**5))
@settings(max_examples=50, deadline=None)
def test_lots_found_are_within_tolerance_and_the_fewest(first, second, tolerance):
    exposures = (first, second)
    try:
        lots = smallest_lots(exposures, tolerance, max_lots=60)
    except ValueError:
        lots = (61, 61)
    else:
        assert abs(residual((lots[0], -lots[1]), exposures)) <= tolerance
    for fewer in range(1, lots[0]):
        near = round(fewer * first / second)
        assert not (1 <= near <= 60 and abs(fewer * first - near * second) <= tolerance)


@given(st.fractions(-1000, 1000), held)
@settings(max_examples=50, deadline=None)
def test_residual_lots_never_overdo(left_over, per_lot):
    lots = residual_lots(left_over, per_lot)
    rest = left_over - lots * per_lot
    assert abs(rest) < per_lot
    assert rest * left_over >= 0


def test_units_within_the_scarcest_room():
    assert units_within((10, 3), (3, -1)) == 3
    assert units_within((-5, 3), (3, -1)) == 0
