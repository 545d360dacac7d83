"""Formulas: read once, judged by the way they move, and no way out of them."""

from decimal import Decimal
from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvariantViolation
from domain.formula_view import FormulaView, ratios
from domain.formulas import MAX_TEXT, Formula, FormulaError
from domain.market import BUY, SELL, quote_of
from domain.prices import LegPrice, PriceFormula

NAMES = ("a", "b", "c")
UP, DOWN = 1, -1


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("a - b - c", (1, -1, -1)),
        ("a / b * 100 - c", (1, -1, -1)),
        ("min(a, a * 1.02) - max(b, c)", (1, -1, -1)),
        ("-(b + c) + a", (1, -1, -1)),
        ("abs(-a) - +b - c", (1, -1, -1)),
        ("a / (b + c)", (1, -1, -1)),
        ("(a - b) / 2 - c", (1, -1, -1)),
        ("abs(a - b) - c", (None, None, -1)),
        ("(a - b) * c", (1, -1, None)),
        ("a - b", (1, -1, 0)),
        ("a + 0 * b - c", (1, 0, -1)),
    ],
)
def test_formulas_way_with_each_leg_follows_from_its_parts(text, ways):
    assert Formula(text, NAMES).ways == ways


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a.b", "none of them"),
        ("a ** 2", "none of them"),
        ("a if b else c", "none of them"),
        ("[a][0]", "none of them"),
        ("d - a", "a, b, c: d is none"),
        ("__import__(a)", "min and max of two or more"),
        ("min(a)", "min of 1"),
        ("abs(a, b)", "abs of 2"),
        ("max(a, b, key=c)", "none of them"),
        ("a / (b - c)", "divisor"),
        ("a / 0", "divisor"),
        ("1e999 - a", "numbers such as"),
        ("9" * 200 + " - a", None),
        ("9" * 239, None),
        ("True - a", "numbers such as"),
        ("'x'", "numbers such as"),
        ("a -", "a formula such as"),
        ("", "a formula such as"),
        ("a" * (MAX_TEXT + 1), "at most"),
        ("(" * 230 + "a", "a formula such as"),
        ("a\0", "a formula such as"),
    ],
)
def test_what_is_no_formula_is_refused_and_says_why(text, told):
    if told is None:
        assert isnan(Formula(text, NAMES).value((1.0, 1.0, 1.0))) or Formula(text, NAMES).value((1.0, 1.0, 1.0)) > 1e100
        return
    with pytest.raises(FormulaError, match=told):
        Formula(text, NAMES)


@given(st.text(alphabet="ab+-*/(). 0123456789min,xs[]{}:'_=", max_size=40))
def test_any_text_is_a_formula_or_a_formula_error(text):
    try:
        formula = Formula(text, ("a", "b"))
    except FormulaError:
        return
    value = formula.value((2.0, 3.0))
    assert isnan(value) or abs(value) < 1e308


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a - b", ""),
        ("a", "names each leg: b"),
        ("abs(a - b)", "may do both"),
        ("b - a", "does not fall with a, a leg of side buy"),
        ("a + b", "does not rise with b, a leg of side sell"),
    ],
)
def test_formula_must_rise_with_what_is_bought_and_fall_with_what_is_sold(text, told):
    wrong = Formula(text, ("a", "b")).wrong((True, False))
    assert (told in wrong) if told else wrong == ""


@pytest.mark.parametrize("price", [nan, 0.0, -1.0])
def test_price_that_is_not_above_0_makes_no_value(price):
    assert isnan(Formula("min(a, 1) - b", ("a", "b")).value((price, 5.0)))
    assert Formula("min(a, 1) - b", ("a", "b")).value((7.0, 5.0)) == -4.0


PLAIN = PriceFormula(Decimal(1))
BOOKS = ([99, 5, 98, 5], [101, 5, 102, 5])


def view(text="a / b", basis="touch"):
    made = FormulaView([LegPrice(PLAIN, 1), LegPrice(PLAIN, -1)], Formula(text, ("a", "b")), basis)
    made.on_quote(0, quote_of(("v", "a"), *BOOKS, last_px=100))
    made.on_quote(1, quote_of(("v", "b"), [49, 5, 48, 5], [51, 5, 52, 5], last_px=50))
    return made


def test_formula_is_bought_at_the_asks_of_what_is_bought_and_the_bids_of_what_is_sold():
    assert (view().buy, view().sell) == (101 / 49, 99 / 51)
    assert (view(basis="mid").buy, view(basis="last").sell) == (2.0, 2.0)


def test_formula_executable_walks_the_books_for_its_size():
    assert view("a - b").executable(BUY, 5) == 52.0
    assert view("a - b").executable(SELL, 10) == pytest.approx(98.5 - 51.5)
    assert isnan(view().executable(BUY, 11))
    assert view("a * 2 - b").at((10, 3)) == 17.0


def test_value_is_worth_what_its_first_leg_moves_for_it():
    assert view("a - b").worth(BUY) == pytest.approx(1.0)
    assert view("a / b").worth(BUY) == pytest.approx(49.0)
    assert view("a * 4 - b").worth(SELL) == pytest.approx(0.25)


def test_view_refuses_a_formula_that_its_legs_do_not_fit():
    with pytest.raises(InvariantViolation, match="side sell"):
        FormulaView([LegPrice(PLAIN, 1), LegPrice(PLAIN, -1)], Formula("a + b", ("a", "b")))


prices = st.integers(1, 10_000)


@given(prices, prices, prices, prices)
def test_formula_is_never_bought_below_where_it_is_sold(bid_a, bid_b, wide_a, wide_b):
    for text in ("a - b", "a / b", "min(a, 500) / max(b, 3) - 2", "a * a - b * b * 0.5"):
        made = FormulaView([LegPrice(PLAIN, 1), LegPrice(PLAIN, -1)], Formula(text, ("a", "b")))
        made.on_quote(0, quote_of(("v", "a"), [bid_a, 1], [bid_a + wide_a, 1]))
        made.on_quote(1, quote_of(("v", "b"), [bid_b, 1], [bid_b + wide_b, 1]))
        assert made.buy >= made.sell


def test_raw_and_comparable_ratio_are_told_side_by_side():
    # 80,000 CNY/t in Shanghai; 9,900 USD/t in London, x 7.1 x 1.13 = 79,427.7
    london = PriceFormula(Decimal(1), vat=Decimal("0.13"))
    legs = [LegPrice(PriceFormula(Decimal(10)), 1), LegPrice(london, -1)]
    quotes = [quote_of(("S", "cu"), [7_999, 5], [8_000, 5]), quote_of(("L", "CA"), [9_900, 5], [9_901, 5])]
    found = ratios(legs, quotes, (1.0, 7.1))
    assert found["raw"] == (pytest.approx(80_000 / 9_900), pytest.approx(79_990 / 9_901))
    assert found["comparable"][0] == pytest.approx(80_000 / 79_427.7)
    assert isnan(ratios(legs, [quotes[0], None], (1.0, 7.1))["raw"][0])
    assert ratios([legs[0], LegPrice(london, 1)], quotes, (1.0, 7.1)) == {}
