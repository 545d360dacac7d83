from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import round_half_up, rounded


@pytest.mark.parametrize(("number", "by", "whole"), [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (-4, 3, -1), (0, 7, 0), (7, 7, 1)])
def test_halves_go_away_from_zero(number, by, whole):
    assert rounded(number, by) == whole


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**20))
def test_a_quotient_is_rounded_as_its_fraction(number, by):
    assert rounded(number, by) == round_half_up(Fraction(number, by))
