"""What a person is shown before an exposure is set."""

from fractions import Fraction

import pytest

from domain.cover import CoverSpec
from domain.exposures import Exposure
from tools.node_exposures import moved_text

STOCK = CoverSpec(per_lot=Fraction(5), unit="t", max_step=Fraction(500))


@pytest.mark.parametrize(
    ("before", "qty", "spec", "text"),
    [
        ("90", "590", STOCK, "590 t (before: 90)"),
        ("90", "590.1", STOCK, "590.1 t (before: 90), FURTHER than max_step, 500, at once"),
        ("90", "-410.1", STOCK, "-410.1 t (before: 90), FURTHER than max_step, 500, at once"),
        (None, "501", STOCK, "501 t (before: none), FURTHER than max_step, 500, at once"),
        ("90", "90000", CoverSpec(per_lot=Fraction(5), unit="t"), "90000 t (before: 90)"),
    ],
)
def test_a_slip_of_the_finger_is_seen_before_it_is_agreed_to(before, qty, spec, text):
    known = None if before is None else Exposure(1, before, 0)
    assert moved_text(known, Exposure(2, qty, 0), spec) == text
