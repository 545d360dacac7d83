"""What a root runs is what its shards are raised with, whatever the files say by then."""

import pytest

from config.load import ROOT, fingerprint, load
from domain.errors import ConfigError
from tools.shard import others_pairs, settle, settled_config


def test_a_settled_configuration_is_the_same_one_to_the_digest(tmp_path):
    (tmp_path / "shards").mkdir()
    config = load([ROOT / "config" / "examples" / "desk.toml"]).config
    path = settle(tmp_path, config)
    assert (settled_config(path), path.stat().st_mode & 0o077) == (config, 0)
    assert fingerprint(settled_config(path)) == fingerprint(config)


@pytest.mark.parametrize("text", [None, b"", b"{", b'{"node": {"name": 1}}'])
def test_what_is_none_is_refused_by_name(tmp_path, text):
    path = tmp_path / "config.json"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(ConfigError, match=r"config\.json.*start the root anew"):
        settled_config(path)


def test_pairs_of_others_are_those_that_are_placed_elsewhere(tmp_path):
    (tmp_path / "over.toml").write_text('[[shard]]\nname = "a"\npairs = ["AU04xGCJ"]\n[[shard]]\nname = "b"\npairs = ["CU03xHGH"]\n')
    config = load([ROOT / "config" / "examples" / "desk.toml", tmp_path / "over.toml"]).config
    assert others_pairs(config, "a") == {"CU03xHGH"}
