"""A root before it raises anything."""

from types import SimpleNamespace

import pytest

from domain.errors import ConfigError
from tools.root import Root


def root_in(directory, journal=None):
    root = object.__new__(Root)
    root.directory, root.config, root.journal = directory, {"node": 1}, journal
    return root


@pytest.mark.parametrize("how", [lambda path: path.unlink(), lambda path: path.write_bytes(b""), lambda path: path.rename(path.with_suffix(".old"))])
def test_what_shards_are_raised_with_is_written_again_where_somebody_took_or_changed_it(tmp_path, how):
    (tmp_path / "shards").mkdir()
    root = root_in(tmp_path)
    root._settle()
    said = root.settled.read_bytes()
    how(root.settled)
    root.keep_settled()
    assert root.settled.read_bytes() == said
    before = root.settled.stat()
    root.keep_settled()
    assert root.settled.stat().st_ino == before.st_ino


@pytest.mark.parametrize("name", ["config.new", "placement.new"])
def test_root_that_cannot_write_what_shards_and_tools_read_says_which_file(tmp_path, name):
    stands_in_the_way = tmp_path / "shards" / name
    stands_in_the_way.mkdir(parents=True)
    closed = []
    root = root_in(tmp_path, SimpleNamespace(close=lambda: closed.append(True)))
    root.say_places = lambda: (tmp_path / "shards" / "placement.new").write_text("{}")
    with pytest.raises(ConfigError, match="see to the disk") as refused:
        root._tell_shards_and_tools()
    assert (refused.value.file, closed) == (str(stands_in_the_way), [True])
