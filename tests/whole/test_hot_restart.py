"""What was changed while a node ran, over its restart; files that say otherwise."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.snapshots import make
from config.load import load_checked
from domain.errors import ConfigError
from tests.whole.hot import change, pair_of, triggered, with_pair, without, words
from tools.node_again import file_of
from tools.node_build import Node


def changed(world, level):
    pair = triggered(pair_of(world.node.config, "AxB"), sell_open=Decimal(level))
    change(world, with_pair(world.node.config, replace(pair)))
    return world.node.digest


def test_start_comes_back_with_what_was_changed_and_tells(world, again):
    digest = changed(world, 60)
    added = replace(pair_of(world.node.config, "AxB"), name="N1")
    change(world, with_pair(world.node.config, triggered(added, sell_open=Decimal(5000))))
    node = again()
    assert [spec.name for spec in node.specs] == ["AxB", "N1"]
    assert str(pair_of(node.config, "AxB").trigger.sell_open) == "60"
    assert node.runtime.alive("N1")
    assert world.alerts() == ["CONFIG_KEPT"]
    node = again()  # and once more, from the start's own record
    change(world, without(node.config, "N1"))
    assert node.digest == digest


def test_pair_that_was_removed_stays_away_until_it_is_added(world, again):
    pair = pair_of(world.node.config, "AxB")
    change(world, without(world.node.config, "AxB"))
    node = again()
    assert (node.specs, world.alerts()) == ((), ["CONFIG_KEPT"])
    change(world, with_pair(node.config, pair))
    assert (node.again.kept, node.runtime.alive("AxB")) == ({}, True)
    world.holds()


def test_files_that_say_what_was_changed_end_it(world, again):
    changed(world, 60)
    node = again(lambda text: text.replace('sell_open = "50"', 'sell_open = "60"'))
    assert (node.again.kept, world.alerts()) == ({}, [])
    node = again(lambda text: text.replace('sell_open = "60"', 'sell_open = "70"'))
    assert str(pair_of(node.config, "AxB").trigger.sell_open) == "70"
    assert world.alerts() == []  # a person's own word, and nothing was changed meanwhile


def test_files_that_say_a_third_thing_hold_and_that_is_told(world, again):
    changed(world, 60)
    node = again(lambda text: text.replace('sell_open = "50"', 'sell_open = "70"'))
    assert str(pair_of(node.config, "AxB").trigger.sell_open) == "70"
    assert world.alerts() == ["CONFIG_DIFFERS"]
    world.until(world.alert_lines, "told")
    assert world.alert_lines()[-1]["tables"] == ["pair[AxB] in configuration"]
    assert file_of((str(world.file),), "pair[AxB]") == str(world.file)
    assert file_of((str(world.file),), "pair[Z]").startswith("none of ")


def test_pair_that_holds_cannot_be_missing_from_the_files(world):
    world.holds()
    world.stop()
    text = world.file.read_text()
    gone = load_checked([world.file])
    with pytest.raises(ConfigError, match=r"pair\[AxB\] = .absent.*it holds \[-1, 1\] lots"):
        Node(replace(gone, pair=()), live=True)
    world.file.write_text(text)
    world.node = Node(load_checked([world.file]), live=True)
    world.node.build()
    world.listen()
    world.until(world.is_open, "open again")


def test_modes_of_pairs_and_strategies_are_kept_over_a_restart(world, again):
    config = world.node.config
    change(world, with_pair(config, replace(pair_of(config, "AxB"), strategy="metals")))
    signed = {"operator": "ann", "reason": "roll"}
    words(world).mode({**signed, "mode": "reducing", "scope": "strategy metals"})
    words(world).mode({**signed, "mode": "paused", "scope": "pair AxB"})
    node = again()
    rows = {row["scope"]: row["value"] for row in words(world).modes({})["rows"]}
    assert rows == {"strategy metals": "REDUCING", "pair AxB": "PAUSED"}
    assert node.desk.holds["AxB"].opens
    world.fire()
    world.told()
    assert world.pair.hedge_count == 0


def test_start_from_a_snapshot_comes_back_with_what_was_changed(world, again):
    digest = changed(world, 60)
    world.stop()
    _, last = make(world.node_dir / "journal")
    node = again(started=False)
    assert node.read_from == last + 1
    assert (node.digest, world.alerts()) == (digest, ["CONFIG_KEPT"])
