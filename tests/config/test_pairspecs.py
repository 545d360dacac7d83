"""A configured pair as the domain is given it."""

import pytest

from config.load import ROOT, load
from config.pairspecs import limits_of, pair_specs

EXAMPLES = ROOT / "config" / "examples"


def spec_of(*files):
    config = load(files).config
    return pair_specs(config, sends_orders=True)[0]


@pytest.mark.parametrize("name", ["copper", "btc"])
def test_an_example_makes_a_trigger_without_a_problem(name):
    spec = spec_of(EXAMPLES / f"{name}.toml")
    assert spec.trigger.problem() == ""
    assert [leg.lots > 0 for leg in spec.legs] == [True, False]


def test_what_is_not_told_is_never_met():
    trigger = spec_of(EXAMPLES / "btc.toml").trigger
    assert (trigger.sell_open, trigger.buy_close) == (30.0, 18.0)
    assert trigger.buy_open != trigger.buy_open


def test_a_quoted_rate_comes_with_its_tick_and_limits():
    fx = spec_of(EXAMPLES / "copper.toml").legs[1].fx
    assert fx.key == ("FX", "FX.USDCNH")
    assert fx.tick_size == 0.0001


def test_orders_of_a_hedge_are_the_smaller_of_both_limits(tmp_path):
    over = tmp_path / "over.toml"
    over.write_text('[[pair]]\nname = "BTC"\n[pair.limits]\norders_per_hedge = 8\n')
    assert spec_of(EXAMPLES / "btc.toml", over).rules.policy.max_orders == 8


def test_limits_are_those_of_each_leg():
    pair = load([EXAMPLES / "btc.toml"]).config.pair[0]
    limits = limits_of(pair)
    assert [limits[(leg.venue, leg.symbol)].position_lots for leg in pair.legs] == [leg.limits.position_lots for leg in pair.legs]
