"""A root before it raises anything."""

from types import SimpleNamespace

import pytest

from domain.errors import ConfigError
from tools.root import Root


@pytest.mark.parametrize("name", ["config.new", "placement.new"])
def test_root_that_cannot_write_what_shards_and_tools_read_says_which_file(tmp_path, name):
    stands_in_the_way = tmp_path / "shards" / name
    stands_in_the_way.mkdir(parents=True)
    closed = []
    root = SimpleNamespace(directory=tmp_path, config={}, journal=SimpleNamespace(close=lambda: closed.append(True)))
    root.say_places = lambda: (tmp_path / "shards" / "placement.new").write_text("{}")
    with pytest.raises(ConfigError, match="see to the disk") as refused:
        Root._tell_shards_and_tools(root)
    assert (refused.value.file, closed) == (str(stands_in_the_way), [True])
