"""The domain is given what leg, pair and defaults say, in that order."""

from fractions import Fraction

import pytest

from config.glossary import GLOSSARY, page, zh
from config.load import ROOT, load
from config.values import (
    defaults_of,
    formula_of,
    fx_limits_of,
    fx_of,
    heartbeat_ms_of,
    instrument_of,
    payup_ticks_of,
    quote_limits_of,
    signed_lots,
    slippage_cap_ticks_of,
)
from domain.units import CENTS_PER_POUND_TO_UNITS_PER_TON, NS_PER_MS

EXAMPLES = ROOT / "config" / "examples"


@pytest.fixture(scope="module")
def copper():
    return load([EXAMPLES / "copper.toml"]).config


def test_import_parity_of_copper_is_computed_exactly(copper):
    formula = formula_of(copper, copper.pair[0].legs[1])
    cents, usdcnh = Fraction(450), Fraction("7.1")
    expected = cents * CENTS_PER_POUND_TO_UNITS_PER_TON * usdcnh * Fraction("1.13")
    assert formula.comparable(9000, usdcnh) == expected
    assert 79_500 < expected < 79_700


def test_a_legs_side_gives_the_sign_of_its_lots(copper):
    assert [signed_lots(leg) for leg in copper.pair[0].legs] == [9, -4]


def test_a_named_rate_has_its_limits(copper):
    fx = fx_of(copper, copper.pair[0].legs[1])
    assert fx.symbol == "FX.USDCNH"
    assert fx_of(copper, copper.pair[0].legs[0]) is None
    assert fx_limits_of(fx).max_jump == 0.01


def test_snapshots_may_stay_unchanged_for_longer(copper):
    pair = copper.pair[0]
    limits = [quote_limits_of(copper, pair, leg).max_unchanged_ns // NS_PER_MS for leg in pair.legs]
    assert limits == [60_000, 2_000]


OWN = """
[[pair]]
name = "own"
currency = "USDT"
[[pair.legs]]
venue = "SPOT"
symbol = "SPOT.BTCUSDT"
side = "buy"
lots = 100
payup_ticks = 20
[[pair.legs]]
venue = "PERP"
symbol = "PERP.BTCUSDT"
side = "sell"
lots = 1
slippage_cap_ticks = 200
[pair.defaults]
payup_ticks = 5
cooldown_ms = 0
"""


def test_the_leg_has_the_last_word_then_the_pair(tmp_path):
    over = tmp_path / "over.toml"
    over.write_text(OWN)
    config = load([EXAMPLES / "btc.toml", over]).config
    pair = config.pair[-1]
    assert [payup_ticks_of(config, pair, leg) for leg in pair.legs] == [20, 5]
    assert [slippage_cap_ticks_of(config, pair, leg) for leg in pair.legs] == [20, 200]
    assert defaults_of(config, pair).cooldown_ms == 0
    assert defaults_of(config, pair).ack_timeout_ms == 300


def test_an_instrument_is_as_it_was_told(copper):
    assert instrument_of(copper.instrument[0]).units_per_lot() == 5


def test_heartbeats_leave_thrice_a_timeout_and_each_second(copper):
    assert heartbeat_ms_of(copper.venue[0]) == 1000


def test_glossary_page_is_the_table():
    assert (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8") == page()


def test_glossary_says_each_word_once_and_leaves_others_alone():
    assert all(word.zh and word.meaning for word in GLOSSARY.values())
    assert zh("DONE") == "已完成"
    assert zh("SHFE.cu2703") == "SHFE.cu2703"
