"""The templates of `init`: their figures by hand, and their two files agree."""

from fractions import Fraction

import pytest

from config.checks import problems
from config.load import load
from config.pairspecs import pair_specs
from exchange.config import definition_of
from exchange.config import load as load_exchange
from tools.init import CONFIG_FILE, EXCHANGE_FILE, TEMPLATES, template_names

FX = Fraction("7.12")


def config_of(name):
    return load([TEMPLATES / name / CONFIG_FILE])


def spec_of(name):
    return pair_specs(config_of(name).config, sends_orders=True)[0]


def test_the_templates_are_those_of_the_desk():
    assert template_names() == ["IF-A50", "au-GC", "cu-HG", "sc-BRN", "spot-perpetual"]


@pytest.mark.parametrize("name", template_names())
def test_nothing_is_wrong_with_a_template_and_its_trigger_can_fire(name):
    assert problems(config_of(name)) == []
    spec = spec_of(name)
    assert spec.trigger.problem() == ""
    assert [leg.lots > 0 for leg in spec.legs] == [True, False]


@pytest.mark.parametrize(
    ("name", "px", "tick", "by_hand"),
    [
        ("au-GC", 4050, "0.1", "927.0989"),  # 4,050 / 31.1034768 x 7.12
        ("cu-HG", 452, "0.05", "80173.5532"),  # 452 x 22.0462262 x 7.12 x 1.13
        ("sc-BRN", 72, "0.01", "529.3200"),  # (72 + 1.5) x 7.12 + 6
        ("IF-A50", 15200, "1", "108224.0000"),  # 15,200 x 7.12: the value of a lot in CNY
        ("spot-perpetual", 62000, "0.1", "62000.0000"),
    ],
)
def test_comparable_price_of_the_second_leg_is_what_one_reckons_by_hand(name, px, tick, by_hand):
    leg = spec_of(name).legs[1]
    rate = FX if leg.fx is not None else None
    found = leg.price.formula.comparable(px / Fraction(tick), rate)
    assert f"{float(found):.4f}" == by_hand


@pytest.mark.parametrize(
    ("name", "lots", "a_lot"),
    [
        ("au-GC", (3, -1), (1000, 100)),  # g, oz
        ("cu-HG", (9, -4), (5, 250)),  # t, USD a cent
        ("sc-BRN", (1, -1), (1000, 1000)),  # barrels
        ("IF-A50", (1, -13), (300, 1)),  # CNY, USD a point
        ("spot-perpetual", (100, -1), (Fraction("0.00001"), Fraction("0.001"))),  # BTC
    ],
)
def test_a_unit_is_so_many_lots_of_so_much(name, lots, a_lot):
    legs = spec_of(name).legs
    assert tuple(leg.lots for leg in legs) == lots
    assert tuple(leg.instrument.units_per_lot() for leg in legs) == a_lot


def test_both_sides_of_a_unit_hold_nearly_the_same():
    held = {name: [abs(leg.lots) * leg.instrument.units_per_lot() for leg in spec_of(name).legs] for name in ("au-GC", "spot-perpetual")}
    assert float(held["au-GC"][1] * Fraction("31.1034768")) == pytest.approx(3110.35, abs=0.005)
    assert held["spot-perpetual"][0] == held["spot-perpetual"][1]
    assert 1 * 300 * 4700 == pytest.approx(13 * 15200 * 7.12, rel=0.005)


@pytest.mark.parametrize("name", template_names())
def test_what_the_exchange_announces_is_what_the_configuration_holds(name):
    config = config_of(name).config
    exchange = load_exchange(TEMPLATES / name / EXCHANGE_FILE)
    told = {(venue.name, one.symbol): definition_of(one) for venue in exchange.venue for one in venue.instrument}
    assert set(told) == {(one.venue, one.symbol) for one in config.instrument}
    for one in config.instrument:
        theirs = told[one.venue, one.symbol]
        for key in ("tick_size", "lot_size", "multiplier"):
            assert Fraction(theirs[key]) == Fraction(getattr(one, key)), (one.symbol, key)
        for key in ("kind", "currency", "offset_mode"):
            assert theirs[key] == getattr(one, key), (one.symbol, key)
        assert theirs.get("expiry") == one.expiry
        for what in ("open", "close", "close_today") if one.fees is not None else ():
            assert Fraction(theirs[f"fee_rate_{what}"]) == Fraction(getattr(one.fees, f"{what}_rate")), one.symbol
            assert Fraction(theirs[f"fee_lot_{what}"]) == Fraction(getattr(one.fees, f"{what}_lot")), one.symbol
    traded = {leg.venue for leg in config.pair[0].legs}
    accounts = {venue.name: [each.name for each in venue.account] for venue in exchange.venue if venue.name in traded}
    assert accounts == {venue.name: [venue.account] for venue in config.venue if venue.name in traded}
    assert all(one.fees is not None for one in config.instrument if one.venue in traded)


HOURS = {
    "au-GC": ["china.night-0230", "cme.metals-energy"],
    "cu-HG": ["china.night-0100", "cme.metals-energy"],
    "sc-BRN": ["china.night-0230", "ice.oil"],
    "IF-A50": ["china.stock-index", "sgx.a50"],
    "spot-perpetual": [None, None],
}


@pytest.mark.parametrize("name", template_names())
def test_a_template_keeps_the_real_sessions_once_the_simulators_line_is_out(name, tmp_path):
    text = (TEMPLATES / name / CONFIG_FILE).read_text(encoding="utf-8")
    (tmp_path / CONFIG_FILE).write_text(text.replace('\ncalendar = "venue"\n', "\n"), encoding="utf-8")
    loaded = load([tmp_path / CONFIG_FILE])
    assert problems(loaded) == []
    legs = pair_specs(loaded.config, sends_orders=True)[0].legs
    assert [leg.calendar and leg.calendar.name for leg in legs] == HOURS[name]
