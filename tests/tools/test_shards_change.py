"""A change of several shards: judged by all, done by all, or taken back and said."""

import msgspec
import pytest
from msgspec.structs import replace

from config.changes import decoded, merged, proposed
from config.load import ROOT, fingerprint, load
from config.shards import by_hand, for_shard, joined, placed_in
from domain.errors import ConfigError
from tools.errors import NotConnected, Refused
from tools.root_changes import Ended
from tools.shards_change import Part, change_parts, steps_of

SHARDS = """
[[shard]]
name = "metal"
strategies = ["copper"]
share = { SHFE = "0.5", COMEX = "0.5" }
[[shard]]
name = "rest"
pairs = ["AU04xGCJ", "SC03xBZJ"]
share = { SHFE = "0.5", COMEX = "0.5" }
[[pair]]
name = "CU03xHGH"
strategy = "copper"
[[pair]]
name = "CU-STOCK"
strategy = "copper"
"""


@pytest.fixture
def whole(tmp_path):
    (tmp_path / "shards.toml").write_text(SHARDS)
    return by_hand(load([ROOT / "config" / "examples" / "desk.toml", tmp_path / "shards.toml"]).config)


@pytest.fixture
def parts(whole):
    return {name: Part(own := for_shard(whole, name), fingerprint(own)) for name in ("metal", "rest")}


def named(config, name):
    return next(pair for pair in config.pair if pair.name == name)


def with_pair(config, pair, shard):
    places = {**placed_in(config), pair.name: shard}
    return by_hand(replace(config, pair=(*(each for each in config.pair if each.name != pair.name), pair)), places)


def calmer(config):
    return replace(config, defaults=replace(config.defaults, cooldown_ms=777))


# ------------------------------------------------ each shard's part


def test_all_parts_together_are_the_whole_as_it_runs(whole, parts):
    other = replace(named(whole, "CU03xHGH"), name="NEW")
    metal = replace(parts["metal"].config, pair=(*parts["metal"].config.pair, other))
    found = joined(whole, {"metal": metal, "rest": parts["rest"].config})
    assert placed_in(found) == {**placed_in(whole), "NEW": "metal"}
    assert [pair.name for pair in found.pair] == [*(pair.name for pair in whole.pair), "NEW"]
    assert joined(whole, {name: part.config for name, part in parts.items()}) == whole


def test_a_new_pair_goes_to_its_shard_and_defaults_to_all(whole, parts):
    (step,) = steps_of(whole, with_pair(whole, replace(named(whole, "CU03xHGH"), name="NEW"), "metal"), parts, ())
    assert (step.shard, [pair.name for pair in step.told.pair], step.told.base) == ("metal", ["NEW"], parts["metal"].digest)
    assert {step.shard for step in steps_of(whole, calmer(whole), parts, ())} == {"metal", "rest"}
    assert steps_of(whole, whole, parts, ()) == []


def test_who_loses_a_pair_goes_first_and_keeps_its_links(whole, parts):
    after = with_pair(whole, replace(named(whole, "CU03xHGH"), name="NEW"), "metal")
    after = replace(after, pair=tuple(pair for pair in after.pair if pair.name not in ("AU04xGCJ", "SC03xBZJ")))
    first, second = steps_of(whole, after, parts, ())
    assert (first.shard, first.told.gone, second.shard) == ("rest", ("AU04xGCJ", "SC03xBZJ"), "metal")
    assert [venue.trade for venue in merged(first.before, first.told).venue] == [venue.trade for venue in first.before.venue]


@pytest.mark.parametrize(
    ("pair", "shard", "error", "says"),
    [
        ("CU03xHGH", "rest", ConfigError, "CU03xHGH in shard metal trades it too"),
        ("CU03xHGH", "nowhere", ConfigError, "a place: its name among"),
    ],
)
def test_a_pair_that_may_not_be_placed_so_is_refused(whole, parts, pair, shard, error, says):
    with pytest.raises(error, match=says):
        steps_of(whole, with_pair(whole, replace(named(whole, pair), name="NEW"), shard), parts, ())


def test_a_pair_that_moves_and_a_venue_without_a_link_need_a_start(whole, parts):
    with pytest.raises(Refused, match="CU03xHGH runs in metal, is placed in rest"):
        steps_of(whole, by_hand(whole, dict.fromkeys(placed_in(whole), "rest")), parts, ())
    less = replace(parts["rest"].config, venue=tuple(replace(venue, trade=None) if venue.name == "COMEX" else venue for venue in parts["rest"].config.venue))
    with pytest.raises(Refused, match=r"shard rest has no link for that.*venue\[COMEX\].trade"):
        steps_of(whole, calmer(whole), {**parts, "rest": Part(less, "x")}, ())


def test_a_shard_that_is_away_bars_what_it_would_have_to_do_and_nothing_else(whole, parts):
    away = {**parts, "rest": parts["rest"]._replace(away="hung")}
    with pytest.raises(NotConnected, match="shard rest is away, so nothing is changed: hung"):
        steps_of(whole, calmer(whole), away, ())
    assert [step.shard for step in steps_of(whole, with_pair(whole, replace(named(whole, "CU03xHGH"), name="NEW"), "metal"), away, ())] == ["metal"]


# ------------------------------------------------ done


class Shard:
    """A shard's node as far as it is asked: it merges what it is told, or does not."""

    def __init__(self, config, refuses=()):
        self.config, self.refuses, self.words = config, list(refuses), []

    def ask(self, verb, body, *, label, operator, reason, dry_run=False):
        self.words.append("dry" if dry_run else reason)
        if not dry_run and self.refuses:
            error = self.refuses.pop(0)
            if error is not None:
                raise error
        after = merged(self.config, decoded(body))
        assert decoded(body).base == fingerprint(self.config)
        if dry_run:
            return {"does": ["something"]}
        before, self.config = {pair.name for pair in self.config.pair}, after
        return {"seq": len(self.words), "sha256": fingerprint(after), "added": [pair.name for pair in after.pair if pair.name not in before], "changed": [], "removed": [], "notes": []}


class Root:
    def __init__(self):
        self.words = []

    def ask(self, verb, body=b"", **_args):
        self.words.append((verb, msgspec.json.decode(body, type=Ended) if body else None))
        return {"seq": 70}


class Node:
    def __init__(self, parts, **refuses):
        self.shards = {name: Shard(part.config, refuses.get(name, ())) for name, part in parts.items()}
        self.root = Root()

    def asked(self, name):
        return self.shards[name]

    def of_root(self):
        return self.root


class Asked:
    dry_run, yes = False, True

    def __init__(self):
        self.said = []
        self.out = self

    def say(self, text):
        self.said.append(text)

    def signed(self):
        return {"operator": "ann", "reason": "a test"}

    def agreed(self):
        return True


@pytest.fixture
def steps(whole, parts):
    return steps_of(whole, calmer(with_pair(whole, replace(named(whole, "CU03xHGH"), name="NEW"), "metal")), parts, ())


def test_what_all_judge_sound_is_done_by_all_and_on_the_roots_record(parts, steps):
    node = Node(parts)
    told = change_parts(Asked(), node, "config apply", steps)
    assert (told["seq"]["root"], set(told["seq"]), told["added"]) == (70, {"root", "metal", "rest"}, ["NEW"])
    assert {shard.config.defaults.cooldown_ms for shard in node.shards.values()} == {777}
    (begun, _), (ended, how) = node.root.words
    assert (begun, ended, set(how.done), how.places) == ("change_begin", "change_end", {"metal", "rest"}, {"NEW": "metal"})


def test_what_one_judges_unsound_none_does(parts, steps):
    node, asked = Node(parts), Asked()
    node.shards["rest"].ask = lambda *_args, **_more: (_ for _ in ()).throw(Refused("changed meanwhile"))
    with pytest.raises(Refused, match="nothing is changed: shard rest: changed meanwhile"):
        change_parts(asked, node, "config apply", steps)
    assert node.root.words == []
    assert node.shards["metal"].words == ["dry"]


def second_of(steps):
    return steps[1].shard


@pytest.mark.parametrize(("error", "kind", "says"), [(Refused("it holds 3 lots"), Refused, "undone as a whole: shard .* refused: it holds 3 lots"), (NotConnected("no answer"), NotConnected, "whether it has done it is not known")])
def test_where_one_fails_those_before_it_go_back(parts, steps, error, kind, says):
    node = Node(parts, **{second_of(steps): [error]})
    with pytest.raises(kind, match=says):
        change_parts(Asked(), node, "config apply", steps)
    first = steps[0].shard
    assert node.shards[first].config.defaults == parts[first].config.defaults
    assert {pair.name for pair in node.shards[first].config.pair} == {pair.name for pair in parts[first].config.pair}
    assert node.shards[first].words == ["dry", "a test", "taken back: a test"]
    _, (_, how) = node.root.words
    assert (how.undone, how.done, how.stays, how.places) == ((first,), {}, {}, {})
    assert (how.unknown or tuple(how.refused)) == (second_of(steps),)


def test_one_that_cannot_go_back_is_named(parts, steps):
    first, second = (step.shard for step in steps)
    node = Node(parts, **{first: [None, Refused("NEW has a hedge")], second: [Refused("no")]})
    with pytest.raises(Refused, match=f"done in part: shard {second} refused: no; shard {first} has done it and does not go back: NEW has a hedge"):
        change_parts(Asked(), node, "config apply", steps)
    _, (_, how) = node.root.words
    assert (how.stays, set(how.done)) == ({first: "NEW has a hedge"}, {first})


def test_a_look_alone_does_nothing_and_says_each_shards_part(parts, steps):
    node, asked = Node(parts), Asked()
    asked.dry_run = True
    assert change_parts(asked, node, "config apply", steps) is None
    assert sorted(asked.said) == ["metal: something", "rest: something"]
    assert node.root.words == []


def test_the_way_back_is_exact(whole, parts, steps):
    for step in steps:
        after = merged(step.before, step.told)
        back = merged(after, proposed(after, step.before, ""))
        assert (back.defaults, {pair.name: pair for pair in back.pair}) == (step.before.defaults, {pair.name: pair for pair in step.before.pair})
