"""Shards: pairs are placed once, instruments stay together, shares add up."""

import pytest
from msgspec.structs import replace

from config.checks import problems
from config.load import ROOT, fingerprint, load
from config.shards import by_hand, for_shard, placed_in, running_problems

DESK = ROOT / "config" / "examples" / "desk.toml"
SHARE = 'share = { SHFE = "0.5", COMEX = "0.25" }'
METAL = f'[[shard]]\nname = "metal"\npairs = ["CU03xHGH", "CU-STOCK"]\n{SHARE}\n'
REST = f'[[shard]]\nname = "rest"\npairs = ["AU04xGCJ", "SC03xBZJ"]\n{SHARE}\n'


@pytest.fixture
def desk(tmp_path):
    def load_with(text):
        (tmp_path / "over.toml").write_text(text)
        return load([DESK, tmp_path / "over.toml"])

    return load_with


def found(loaded):
    return {error.key: error.allowed for error in problems(loaded)}


def test_a_placement_without_fault_has_no_problem(desk):
    loaded = desk(METAL + REST)
    assert found(loaded) == {}
    assert placed_in(loaded.config) == {"AU04xGCJ": "rest", "CU03xHGH": "metal", "SC03xBZJ": "rest", "CU-STOCK": "metal"}


def test_a_strategy_places_and_a_hand_comes_first(desk):
    strategies = "".join(f'[[pair]]\nname = "{name}"\nstrategy = "{of}"\n' for name, of in (("AU04xGCJ", "x"), ("SC03xBZJ", "x"), ("CU03xHGH", "x"), ("CU-STOCK", "y")))
    shards = METAL.replace('"CU-STOCK"', "").replace(", ]", "]") + 'strategies = ["y"]\n' + REST.replace('pairs = ["AU04xGCJ", "SC03xBZJ"]', 'strategies = ["x"]')
    loaded = desk(strategies + shards)
    assert found(loaded) == {}
    assert placed_in(loaded.config) == {"AU04xGCJ": "rest", "CU03xHGH": "metal", "SC03xBZJ": "rest", "CU-STOCK": "metal"}


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        (METAL, "pair[AU04xGCJ]", "a place: its name among a shard's pairs"),
        (METAL + REST.replace('"AU04xGCJ"', '"AU04xGCJ", "CU-STOCK"'), "shard[rest].pairs", "it is in metal"),
        (METAL + REST.replace('"AU04xGCJ"', '"AU04xGCJ", "NOPE"'), "shard[rest].pairs", "one of the pairs: AU04xGCJ, CU03xHGH"),
        (METAL + REST + 'strategies = ["none"]\n', "shard[rest].strategies", "there are none"),
        (METAL + REST + '[[shard]]\nname = "empty"\n', "shard[empty]", "at least one pair"),
        (METAL + REST.replace(SHARE, ""), "shard[rest].share", "SHFE, and its margin and message rate are split"),
        (METAL + REST.replace("0.5", "0.6"), "shard[rest].share.SHFE", "they make 1.1"),
        (METAL + REST.replace('"0.5"', '"0"'), "shard[rest].share.SHFE", "more than 0, at most 1"),
        (METAL + REST.replace("{ ", '{ FX = "1", '), "shard[rest].share.FX", "no share: its pairs trade nothing"),
        ("[shards]\nhang_ms = 1000\n", "shards", "at least one [[shard]]"),
    ],
)
def test_each_fault_of_a_placement_is_told(desk, text, key, allowed):
    told = found(desk(text))
    assert allowed in told[key]


def test_an_instrument_is_traded_by_one_shard(desk):
    apart = METAL.replace('"CU-STOCK"', '"SC03xBZJ"') + REST.replace('"SC03xBZJ"', '"CU-STOCK"')
    same = '[[pair]]\nname = "CU-STOCK"\n[[pair.legs]]\nvenue = "SHFE"\nsymbol = "SHFE.cu2703"\nside = "buy"\nlots = 1\nlimits = { order_lots = 45, price_collar_ticks = 40, position_lots = 90 }\n'
    told = found(desk(apart + same))
    assert "CU03xHGH in shard metal trades it too" in told["pair[CU-STOCK].legs[SHFE.cu2703].symbol"]


def test_a_shard_has_its_pairs_and_what_they_need(desk):
    config = desk(METAL + REST + '[[venue]]\nname = "SHFE"\nmargin_budget = { CNY = "1000" }\n').config
    own = for_shard(config, "metal")
    assert [pair.name for pair in own.pair] == ["CU03xHGH", "CU-STOCK"]
    assert {each.symbol for each in own.instrument} == {"SHFE.cu2703", "SHFE.cu2704", "COMEX.HGH27", "FX.USDCNH"}
    assert (own.node.name, own.node.dir) == ("desk.metal", f"{config.node.dir}/shards/metal")
    assert all(not venue.command for venue in own.venue)
    assert [venue.margin_budget for venue in own.venue if venue.name == "SHFE"] == [{"CNY": 500}]
    assert [venue.feed for venue in own.venue] == [venue.feed for venue in config.venue]
    assert fingerprint(own) != fingerprint(for_shard(config, "rest"))


def test_a_venue_that_a_shard_only_reads_has_no_trade_socket(desk):
    loaded = desk('[[venue]]\nname = "FX"\ntrade = "ipc://{dir}/FX.trade"\n' + METAL + REST)
    own = for_shard(loaded.config, "metal")
    assert {venue.name: venue.trade is not None for venue in own.venue} == {"SHFE": True, "COMEX": True, "FX": False}


def test_whichever_rule_places_its_pairs_a_shard_is_told_the_same(desk):
    strategies = "".join(f'[[pair]]\nname = "{name}"\nstrategy = "x"\n' for name in ("AU04xGCJ", "SC03xBZJ"))
    hand = desk(strategies + METAL + REST).config
    rule = desk(strategies + METAL + REST.replace('pairs = ["AU04xGCJ", "SC03xBZJ"]', 'strategies = ["x"]')).config
    assert for_shard(hand, "rest") == for_shard(rule, "rest")
    assert hand != rule
    assert by_hand(rule).shard[1].pairs == ("AU04xGCJ", "SC03xBZJ")
    assert placed_in(by_hand(rule, dict.fromkeys(placed_in(rule), "metal"))) == dict.fromkeys(placed_in(rule), "metal")


def test_a_shard_that_has_lost_its_last_pair_while_it_ran_is_none_of_its_faults(desk):
    loaded = desk(METAL + REST)
    lost = replace(loaded, config=replace(loaded.config, pair=tuple(pair for pair in loaded.config.pair if pair.name.startswith("CU"))))
    assert list(running_problems(lost)) == []
    apart = replace(loaded, config=by_hand(loaded.config, {**placed_in(loaded.config), "AU04xGCJ": "nowhere"}))
    assert [error.key for error in running_problems(apart)] == ["pair[AU04xGCJ]"]
