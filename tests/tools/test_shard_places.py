"""Where shards are: by a file, by locks, by what their journals hold."""

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from config.load import ROOT, load
from config.shards import placed_in
from domain.errors import ConfigError, JournalError
from system.locks import DirectoryLock, LockHeldError
from tools import shard_places


@pytest.fixture
def placed(tmp_path):
    for shard in ("a", "b", "old"):
        (tmp_path / "shards" / shard / "journal").mkdir(parents=True)
    shard_places.write(tmp_path, "n", {"P": "a", "Q": "a", "R": "b"})
    return tmp_path


def test_the_file_says_where_each_pair_is(placed):
    assert shard_places.read(placed) == {"P": "a", "Q": "a", "R": "b"}
    assert shard_places.shard_dirs(placed) == {"a": placed / "shards" / "a", "b": placed / "shards" / "b"}
    assert shard_places.pair_dir(placed, "R") == placed / "shards" / "b"
    assert shard_places.pair_dir(placed, "other") == placed
    assert [place.name for place in shard_places.all_on_disk(placed)] == ["a", "b", "old"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pairs": 3}', "\x00", '{"pairs": ["a"]}'])
def test_what_is_no_placement_is_one_node(placed, text):
    (placed / "shards" / shard_places.FILE).write_text(text)
    assert shard_places.read(placed) == {}
    assert shard_places.node_dirs(placed) == [placed]


def test_a_directory_without_shards_is_one_node(tmp_path):
    assert shard_places.node_dirs(tmp_path) == [tmp_path]


def test_a_node_without_shards_does_not_start_beside_one_that_runs(placed):
    shard_places.refuse_living(placed)
    lock = DirectoryLock(placed / "shards" / "old" / "journal", "n.old")
    with pytest.raises(LockHeldError, match=r"held by node n\.old"):
        shard_places.refuse_living(placed)
    lock.release()


@pytest.mark.parametrize(("held_in", "now"), [("a", "b"), ("a", ""), ("", "b")])
def test_a_pair_with_a_position_stays_where_it_is(placed, monkeypatch, held_in, now):
    def place(name):
        return placed / "shards" / name if name else placed

    monkeypatch.setattr(shard_places, "on_record", lambda where: (["P"] if where == place(held_in) else [], {}))
    shard_places.refuse_moved(placed, {"P": place(held_in), "R": place(now)}, ())
    with pytest.raises(ConfigError, match="flatten it there first") as refused:
        shard_places.refuse_moved(placed, {"P": place(now)}, ())
    assert refused.value.key == "pair[P]"


def test_a_pair_with_a_position_does_not_go_from_the_files(placed, monkeypatch):
    there, added = placed / "shards" / "a", {"pair[P]": (None, {"name": "P"})}
    monkeypatch.setattr(shard_places, "on_record", lambda where: (["P"] if where == there else [], added if where == there else {}))
    shard_places.refuse_moved(placed, {}, [there])  # it was added while running: the start has it
    with pytest.raises(ConfigError, match="on record in shard a; run it until that is closed"):
        shard_places.refuse_moved(placed, {}, [placed])  # no such shard is raised
    added["pair[P]"] = ({"name": "P"}, None)
    with pytest.raises(ConfigError, match="on record in shard a; run it until that is closed") as refused:
        shard_places.refuse_moved(placed, {}, [there])
    assert (refused.value.key, refused.value.value) == ("pair[P]", "absent")


def test_a_journal_that_cannot_be_read_keeps_the_pairs_that_were_placed_there(placed, monkeypatch):
    def unreadable(where):
        if where.name == "a":
            raise JournalError("its CRC-32 is wrong")
        return [], {"defaults": (1, 2)}

    monkeypatch.setattr(shard_places, "on_record", unreadable)
    shards = placed / "shards"
    changed = shard_places.refuse_moved(placed, {"P": shards / "a", "Q": shards / "a", "R": shards / "b"}, ())
    assert changed == {placed: {"defaults": (1, 2)}, shards / "b": {"defaults": (1, 2)}, shards / "old": {"defaults": (1, 2)}}
    with pytest.raises(ConfigError, match="shard a; flatten it there first"):
        shard_places.refuse_moved(placed, {"P": shards / "a", "Q": shards / "b", "R": shards / "b"}, ())


def test_a_shard_without_a_pair_is_one_all_the_same(placed):
    shard_places.write(placed, "n", {"P": "a"}, ["a", "old"])
    assert list(shard_places.shard_dirs(placed)) == ["a", "old"]


SHARDS = """
[[shard]]
name = "metal"
pairs = ["CU03xHGH", "CU-STOCK"]
share = { SHFE = "0.5", COMEX = "0.5" }
[[shard]]
name = "rest"
pairs = ["AU04xGCJ", "SC03xBZJ"]
share = { SHFE = "0.5", COMEX = "0.5" }
"""


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "over.toml").write_text(SHARDS)
    return load([ROOT / "config" / "examples" / "desk.toml", tmp_path / "over.toml"]).config


def table(config, of, **more):
    return to_builtins(replace(next(pair for pair in config.pair if pair.name == of), **more))


def test_pairs_are_where_they_were_added_while_the_shards_ran(desk):
    new, gone = table(desk, "CU03xHGH", name="NEW"), table(desk, "AU04xGCJ")
    told = shard_places.as_run(desk, {"metal": {"pair[NEW]": (None, new)}, "rest": {"pair[AU04xGCJ]": (gone, None)}})
    assert placed_in(told) == {"CU03xHGH": "metal", "CU-STOCK": "metal", "NEW": "metal", "SC03xBZJ": "rest"}


def test_one_that_the_files_place_in_another_shard_by_now_is_there_alone(desk):
    added = table(desk, "CU03xHGH")
    told = shard_places.as_run(desk, {"rest": {"pair[CU03xHGH]": (None, added)}})
    assert placed_in(told) == placed_in(desk)


def test_files_that_give_its_instrument_to_another_shard_are_refused(desk):
    added = table(desk, "CU03xHGH", name="NEW")
    with pytest.raises(ConfigError, match=r"in shard metal trades it too.*do not go together"):
        shard_places.as_run(desk, {"rest": {"pair[NEW]": (None, added)}})
