"""The worked examples of docs/*/pairs.md, figure by figure."""

from decimal import Decimal
from fractions import Fraction

import pytest

from config.load import ROOT
from domain.books import LegBook
from domain.cover import CoverSpec, event_of, left
from domain.exposures import Exposure
from domain.market import quote_of
from domain.pairs import Pair
from domain.prices import LegPrice, PriceFormula, SpreadView
from domain.sizing import smallest_lots
from domain.units import unit_factor_of

PAGES = [(ROOT / "docs" / lang / "pairs.md").read_text(encoding="utf-8") for lang in ("en", "zh")]


def told(figure):
    """The figure stands on the page, in both languages."""
    return all(figure in page for page in PAGES)


def test_import_parity_of_copper_by_hand():
    parity = PriceFormula(
        Decimal("0.05"), premium=Decimal(5), unit_factor=unit_factor_of("cents_per_pound_to_per_ton"),
        vat=Decimal("0.13"), cost=Decimal(150),
    )  # fmt: skip
    found = parity.comparable(9000, Fraction("7.10"))
    assert f"{float(found):,.5f}" == "80,628.97719"
    assert f"{float(80_700 - found):.2f}" == "71.02"
    assert f"{float(455 * unit_factor_of('cents_per_pound_to_per_ton')):,.5f}" == "10,031.03293"
    assert all(map(told, ("80,628.97719", "71.02", "10,031.03293", "71,220.33380", "80,478.97719")))


def test_gold_in_yuan_a_gram_by_hand():
    gold = PriceFormula(Decimal("0.1"), unit_factor=unit_factor_of("per_ounce_to_per_gram"))
    found = gold.comparable(20_000, Fraction("7.2"))
    assert f"{float(found):.6f}" == "462.970751"
    assert f"{float(465 - found):.3f}" == "2.029"
    assert told("462.970751") and told("2.029")


def test_crude_in_yuan_a_barrel_by_hand():
    brent = PriceFormula(Decimal("0.01"), cost=Decimal(12))
    assert brent.comparable(8000, Fraction("7.2")) == 588
    assert told("588.0")


def test_a50_in_points_of_if_by_hand():
    a50 = PriceFormula(Decimal("0.1"), unit_factor=Decimal("0.0433369"))
    assert f"{float(a50.comparable(130_000, Fraction('7.1'))):,.3f}" == "3,999.996"
    assert told("3,999.996") and told("0.0433369")


def test_spot_against_the_inverse_perpetual_by_hand():
    legs = [LegPrice(PriceFormula(Decimal("0.01")), 1), LegPrice(PriceFormula(Decimal("0.1")), -1)]
    view = SpreadView(legs)
    view.on_quote(0, quote_of(("v", "spot"), [6_000_900, 9], [6_001_000, 9]))
    view.on_quote(1, quote_of(("v", "perp"), [600_500, 9], [600_510, 9]))
    assert view.buy == pytest.approx(-40.0)
    assert told("-40")


def test_ratio_of_shanghai_over_london_by_hand():
    assert f"{80_000 / 9_900:.4f}" == "8.0808"
    assert f"{80_000 / (9_900 * 7.1 * 1.13):.5f}" == "1.00721"
    assert told("8.0808") and told("1.00721")


def test_cover_of_103_tons_by_hand():
    spec = CoverSpec(per_lot=Fraction(5))
    pair = Pair("cu", (1,), exposure=Exposure(1, "-103", 0), books=(LegBook(0),))
    assert event_of(pair, spec) == ("buy_open", 20)
    assert left(pair, spec, 20) == 3
    assert told("103") and told("-104.999")


OUNCES, POUNDS = unit_factor_of("per_ounce_to_per_gram"), unit_factor_of("cents_per_pound_to_per_ton")


@pytest.mark.parametrize(
    ("held", "tolerance", "lots", "leaves"),
    [
        ((Fraction(1000), 100 / OUNCES), "120", (3, 1), "110"),
        ((Fraction(1000), 100 / OUNCES), "10", (28, 9), "7"),
        ((Fraction(5), 250 / POUNDS), "0.5", (9, 4), "0.36"),
        ((Fraction(1000), Fraction(1000)), "0", (1, 1), "0"),
        ((Fraction(300), 1 / Fraction("0.0433369")), "1", (1, 13), "0.02"),
    ],
)
def test_sizing_table_by_hand(held, tolerance, lots, leaves):
    assert smallest_lots(held, tolerance) == lots
    left = abs(lots[0] * held[0] - lots[1] * held[1])
    assert f"{float(left):.{len(leaves.partition('.')[2])}f}" == leaves
    assert told(f"{lots[0]} : {lots[1]} | {leaves}")
