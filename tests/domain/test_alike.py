from decimal import Decimal
from fractions import Fraction

from domain.alike import shared
from domain.guards import QuoteLimits


def test_equal_values_are_one():
    first = shared(QuoteLimits(max_silence_ns=7_001, max_unchanged_ns=7_002))
    assert shared(QuoteLimits(max_silence_ns=7_001, max_unchanged_ns=7_002)) is first
    assert shared(QuoteLimits(max_silence_ns=7_001, max_unchanged_ns=7_003)) is not first


def test_equal_values_of_other_types_stay_apart():
    assert [type(shared(value)) for value in (Fraction(7_001), Decimal(7_001), 7_001)] == [Fraction, Decimal, int]
