"""What a change is made of: pairs of files laid over what runs, placed by the files' rules."""

import pytest
from msgspec.structs import replace

from config.flat import START, Change
from config.load import ROOT, load
from config.shards import by_hand, placed_in
from tools.client import Absent
from tools.config_diff import differing
from tools.running import by_the_same_gateways, is_place, only

SHARDS = '[[shard]]\nname = "a"\n{0}\n[[shard]]\nname = "b"\n{1}\n[[pair]]\nname = "CU03xHGH"\nstrategy = "x"\n[[pair]]\nname = "CU-STOCK"\nstrategy = "x"\n'
GOLD, CRUDE = "AU04xGCJ", "SC03xBZJ"


@pytest.fixture
def desk(tmp_path):
    def made(first, second):
        (tmp_path / "over.toml").write_text(SHARDS.format(first, second))
        return load([ROOT / "config" / "examples" / "desk.toml", tmp_path / "over.toml"]).config

    return made


def without(config, *names):
    return by_hand(replace(config, pair=tuple(pair for pair in config.pair if pair.name not in names)))


def test_a_pair_comes_with_its_place_and_nothing_else_of_the_files(desk):
    after = replace(desk(f'strategies = ["x"]\npairs = ["{GOLD}"]', f'pairs = ["{CRUDE}"]'), defaults=load([ROOT / "config" / "examples" / "copper.toml"]).config.defaults)
    before = without(desk(f'strategies = ["x"]\npairs = ["{CRUDE}"]', f'pairs = ["{GOLD}"]'), "CU-STOCK")
    told = only(before, after, ["CU-STOCK"])
    assert placed_in(told) == {**placed_in(before), "CU-STOCK": "a"}
    assert told.defaults == before.defaults
    with pytest.raises(Absent, match="no pair 'NOPE' in the files"):
        only(before, after, ["NOPE"])


def test_whichever_rule_places_it_is_no_difference_and_a_move_is_one_that_needs_a_start(desk):
    rule = desk('strategies = ["x"]', f'pairs = ["{GOLD}", "{CRUDE}"]')
    hand = desk('pairs = ["CU03xHGH", "CU-STOCK"]', f'pairs = ["{GOLD}", "{CRUDE}"]')
    assert differing(rule, hand) == []
    moved = desk(f'strategies = ["x"]\npairs = ["{GOLD}"]', f'pairs = ["{CRUDE}"]')
    assert differing(rule, moved) == [Change(f"pair[{GOLD}].shard", "b", "a", START)]
    assert differing(without(rule, GOLD), rule)[0].key == f"pair[{GOLD}]"


def test_shards_that_come_or_go_are_no_mere_places():
    assert is_place(Change("shard[a].pairs", ["P"], ["P", "Q"], START))
    assert not is_place(Change("shard[a].pairs", None, ["P"], START))
    assert not is_place(Change("shard[a].nice", 0, 5, START))


def test_on_paper_the_commands_are_those_that_the_node_has_made(desk):
    paper = desk('strategies = ["x"]', f'pairs = ["{GOLD}", "{CRUDE}"]')
    paper = replace(paper, node=replace(paper.node, mode="paper"))
    other = replace(paper, venue=tuple(replace(venue, command=("other",)) for venue in paper.venue))
    assert by_the_same_gateways(paper, other) == paper
    live = replace(paper, node=replace(paper.node, mode="live"))
    assert by_the_same_gateways(live, other) == other
