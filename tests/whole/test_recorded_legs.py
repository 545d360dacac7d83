"""What a pair holds keeps the legs that it was built with, whatever is configured later."""

import pytest

from config.load import load_checked
from domain.errors import ConfigError
from tools.node_build import Node
from tools.status import pairs_on_record


@pytest.fixture
def stopped(make_world):
    """A world whose pair of 9 against 4 lots holds a unit; its node has ended."""
    world = make_world(lots=(9, 4))
    world.fire(1_400)
    world.until(lambda: world.pair.hedge_count == 1 and world.pair.hedge is None, "it holds")
    world.check()
    world.node = None
    return world


def starts(world, *changes):
    text = world.file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    other = world.folder / "other.toml"
    other.write_text(text)
    world.node = Node(load_checked([other]), live=True)
    world.node.build()
    pair = world.node.pairs()["AxB"]
    world.stop()
    world.node = None
    return pair


def test_journal_alone_tells_a_ratio_pair_whole(stopped):
    (row,) = pairs_on_record(stopped.node_dir)
    assert (row["units"], row["naked"]) == (-1, [0, 0])
    assert [leg["lots"] for leg in row["legs"]] == [9, -4]


CHANGES = {
    "lots": [("lots = 4", "lots = 5")],
    "sides": [('"buy"', '"x"'), ('"sell"', '"buy"'), ('"x"', '"sell"')],
    "symbol": [("A.X", "A.Y")],
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_other_legs_are_refused_while_the_pair_holds_something(stopped, changes):
    for _ in range(2):  # a refused start leaves nothing on record that the next one would believe
        with pytest.raises(ConfigError, match="built with"):
            starts(stopped, *changes)
    assert starts(stopped).units == -1


def test_other_legs_are_taken_once_nothing_is_held(make_world):
    world = make_world()
    world.holds()
    world.closes()
    assert world.ends().status == "DONE"
    world.check()
    world.node = None
    assert starts(world, ("A.X", "A.Y"), ("lots = 1", "lots = 3")).lots == (3, -3)
    (row,) = pairs_on_record(world.node_dir)
    assert ([leg["lots"] for leg in row["legs"]], row["naked"]) == ([3, -3], [0, 0])
