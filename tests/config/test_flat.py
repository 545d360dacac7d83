"""Two configurations compared, key by key."""

import msgspec
import pytest

from config.flat import FLAT, HOT, START, Change, compared, flat, needs, tables
from config.load import ROOT, load
from config.schema import Config, Leg, Pair

EXAMPLES = ROOT / "config" / "examples"


def tables_of(*files):
    return dict(tables(load(files).config))


def over(tmp_path, text):
    file = tmp_path / "over.toml"
    file.write_text(text)
    return tables_of(EXAMPLES / "copper.toml"), tables_of(EXAMPLES / "copper.toml", file)


def test_the_same_has_no_difference():
    assert compared(tables_of(EXAMPLES / "desk.toml"), tables_of(EXAMPLES / "desk.toml")) == []


def test_each_key_that_differs_is_told_with_both_values(tmp_path):
    before, after = over(tmp_path, '[[pair]]\nname = "CU03xHGH"\nlegs = [{ venue = "X", symbol = "Y", lots = 1, side = "buy" }]\n[pair.trigger]\nsell_open = "160"\n')
    changes = {change.key: change for change in compared(before, after)}
    assert changes["pair[CU03xHGH].trigger.sell_open"] == Change("pair[CU03xHGH].trigger.sell_open", "150", "160", HOT)
    assert changes["pair[CU03xHGH].legs[SHFE.cu2703].lots"].after is None
    assert changes["pair[CU03xHGH].legs[Y].lots"].before is None


def test_a_table_that_one_side_has_is_one_change(tmp_path):
    before, after = over(tmp_path, '[[fx]]\nname = "EUR"\nvenue = "FX"\nsymbol = "FX.USDCNH"\n')
    assert compared(before, after) == [Change("fx[EUR]", None, "there", HOT)]
    assert compared(after, before) == [Change("fx[EUR]", "there", None, START)]
    pair = {"pair[P]": {"name": "P"}}
    assert [change.needs for change in (*compared({}, pair), *compared(pair, {}))] == [HOT, FLAT]


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("node.mode", START), ("venue[SHFE].feed", START), ("instrument[SHFE.cu2703].tick_size", START), ("fx[USDCNH].max_jump", START),
        ("defaults.cooldown_ms", HOT), ("pair[P].trigger.sell_open", HOT), ("pair[P].size.units", HOT), ("pair[P].policy", HOT),
        ("pair[P].legs[SHFE.cu2703].lots", FLAT), ("pair[P].legs[SHFE.cu2703].venue", FLAT), ("pair[P].currency", FLAT),
        ("pair[P].legs[SHFE.cu2703].limits.order_lots", HOT), ("pair[P].legs[SHFE.cu2703].premium", HOT), ("pair[P].exposure.ratio", HOT),
    ],
)  # fmt: skip
def test_what_a_change_needs(key, wanted):
    assert needs(key) == wanted


def test_what_the_table_of_needs_names_is_in_the_schema():
    from config import flat as page

    legs = {field.name for field in msgspec.structs.fields(Leg)}
    pairs = {field.name for field in msgspec.structs.fields(Pair)}
    assert set(page.LEG_HOT) <= legs and {key.partition(".")[0] for key in page.PAIR_FLAT} <= pairs
    assert set(page.LISTS) < {field.name for field in msgspec.structs.fields(Config)}


def test_a_symbol_of_two_venues_is_called_by_both():
    config = load([EXAMPLES / "btc.toml"]).config
    twice = tuple(msgspec.structs.replace(each, symbol="BTC") for each in config.instrument)
    keys = dict(tables(msgspec.structs.replace(config, instrument=twice)))
    assert {"instrument[SPOT/BTC]", "instrument[PERP/BTC]"} <= set(keys)
    assert dict(flat("pair[P]", {"legs": [{"symbol": "A", "lots": 1}, {"symbol": "A", "lots": 2}]})) == {
        "pair[P].legs[0].symbol": "A", "pair[P].legs[0].lots": 1, "pair[P].legs[1].symbol": "A", "pair[P].legs[1].lots": 2,
    }  # fmt: skip
