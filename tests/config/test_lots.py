"""Lots of a unit: found at load, the smallest that fit; or why there are none."""

import pytest

from config.checks import problems
from config.load import ROOT, load
from config.lots import notes
from config.pairspecs import pair_specs

COPPER = ROOT / "config" / "examples" / "copper.toml"
BASE = """
[[venue]]
name = "A"
feed = "ipc:///tmp/a.feed"
trade = "ipc:///tmp/a.trade"
[[venue]]
name = "B"
feed = "ipc:///tmp/b.feed"
trade = "ipc:///tmp/b.trade"
[[instrument]]
venue = "A"
symbol = "A.x"
tick_size = "0.02"
multiplier = "{first}"
currency = "CNY"
[[instrument]]
venue = "B"
symbol = "B.x"
tick_size = "0.1"
multiplier = "{second}"
currency = "USD"
kind = "{kind}"
base = "BTC"
[[pair]]
name = "p"
currency = "CNY"
[[pair.legs]]
venue = "A"
symbol = "A.x"
side = "buy"
{lots}
[[pair.legs]]
venue = "B"
symbol = "B.x"
side = "sell"
fx = "1"
unit_factor = "{factor}"
[pair.size]
{tolerance}
[pair.trigger]
sell_open = "1"
"""


def loaded(tmp_path, first="1000", second="100", factor="per_ounce_to_per_gram", tolerance="", kind="linear", lots=""):
    told = f'residual_tolerance = "{tolerance}"' if tolerance else ""
    (tmp_path / "c.toml").write_text(BASE.format(first=first, second=second, factor=factor, tolerance=told, kind=kind, lots=lots))
    return load([tmp_path / "c.toml"])


@pytest.mark.parametrize(
    ("first", "second", "factor", "tolerance", "lots"),
    [
        ("1000", "100", "per_ounce_to_per_gram", "120", (3, 1)),  # gold: 3,000 g against 3,110.35 g leave 110 g
        ("1000", "100", "per_ounce_to_per_gram", "10", (28, 9)),  # 28,000 g against 27,993.13 g leave 7 g
        ("5", "250", "cents_per_pound_to_per_ton", "0.5", (9, 4)),  # copper: 45 t against 45.36 t
        ("1000", "1000", "1", "0", (1, 1)),  # crude: barrels on both sides
        ("300", "1", "0.0433369", "1", (1, 13)),  # IF against A50: 300 against 13 x 23.075
    ],
)
def test_smallest_whole_lots_within_the_tolerance(tmp_path, first, second, factor, tolerance, lots):
    found = loaded(tmp_path, first, second, factor, tolerance)
    assert problems(found, "observe") == []
    assert tuple(leg.lots for leg in found.config.pair[0].legs) == lots
    spec = pair_specs(found.config, sends_orders=False)[0]
    assert spec.lots == (lots[0], -lots[1])


@pytest.mark.parametrize(
    ("more", "key", "told"),
    [
        ({}, "pair[p].legs[A.x].lots", "size.residual_tolerance"),
        ({"tolerance": "0.0001"}, "pair[p].legs[A.x].lots", "the nearest"),
        ({"tolerance": "10", "lots": "lots = 3"}, "pair[p].legs[B.x].lots", "of every leg, or of none"),
    ],
)
def test_lots_that_cannot_be_found_say_why(tmp_path, more, key, told):
    assert told in {error.key: error.allowed for error in problems(loaded(tmp_path, **more), "observe")}[key]


def test_lots_that_leave_more_than_they_may_are_refused(tmp_path):
    over = tmp_path / "over.toml"
    over.write_text('[[pair]]\nname = "CU03xHGH"\n[pair.size]\nresidual_tolerance = "0.3"\n')
    found = {error.key: error.allowed for error in problems(load([COPPER, over]))}
    assert "at least 0.359237" in found["pair[CU03xHGH].size.residual_tolerance"]
    over.write_text('[[pair]]\nname = "CU03xHGH"\n[pair.size]\nresidual_tolerance = "0.4"\n')
    assert problems(load([COPPER, over])) == []


def test_inverse_leg_without_lots_is_left_to_each_hedge(tmp_path):
    found = loaded(tmp_path, "1", "100", "1", kind="inverse", lots="lots = 10")
    assert problems(found, "observe") == []
    spec = pair_specs(found.config, sends_orders=False)[0]
    assert (spec.lots, [leg.sized for leg in spec.legs], spec.unit_exposure) == ((10, 0), [False, True], 10)


@pytest.mark.parametrize(("lots", "told"), [(4, []), (1, ["CU03xHGH: one unit holds SHFE.cu2703 45, COMEX.HGH27 11.3398 t: 74.8% of it is not covered"])])
def test_a_unit_that_leaves_much_uncovered_is_noted(tmp_path, lots, told):
    file = tmp_path / "c.toml"
    file.write_text(COPPER.read_text().replace("\nlots = 4\n", f"\nlots = {lots}\n"))
    assert notes(load([file]).config) == told


@pytest.mark.parametrize("file", sorted(ROOT.glob("config/examples/*.toml")) + sorted(ROOT.glob("config/templates/*/hedgerow.toml")))
def test_no_unit_of_ours_leaves_much_uncovered(file):
    assert notes(load([file]).config) == []
