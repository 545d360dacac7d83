"""`config` and `init` as a user types them."""

import json

import pytest

from tools.cli import run
from tools.init import EXAMPLES, example_names


@pytest.mark.parametrize("name", example_names())
def test_check_finds_nothing_wrong_with_an_example(name, capsys):
    assert run(["config", "check", "-c", str(EXAMPLES / f"{name}.toml"), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_check_lists_all_that_is_wrong_and_exits_2(tmp_path, capsys):
    over = tmp_path / "over.toml"
    over.write_text('[[pair]]\nname = "CU03xHGH"\n[pair.trigger]\nsell_open = "10"\n[pair.size]\nunits = 9\n')
    assert run(["config", "check", "-c", str(EXAMPLES / "copper.toml"), "-c", str(over), "-o", "json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert {"pair[CU03xHGH].trigger.sell_open", "pair[CU03xHGH].size.units"} <= {row["key"] for row in found}
    assert {row["file"] for row in found if "trigger" in row["key"]} == {str(over)}


def test_check_without_a_file_says_how_to_make_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["config", "check"]) == 2
    assert "init" in capsys.readouterr().err


def test_show_names_the_file_of_each_value(tmp_path, capsys):
    over = tmp_path / "over.toml"
    over.write_text('[node]\nname = "mine"\n')
    assert run(["config", "show", "-c", str(EXAMPLES / "btc.toml"), "-c", str(over), "-o", "jsonl"]) == 0
    rows = {row["key"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows["node.name"] == {"key": "node.name", "value": "mine", "file": str(over)}
    assert rows["node.mode"]["file"].endswith("btc.toml")


def test_init_writes_once_and_replaces_nothing(tmp_path, capsys):
    assert run(["init", str(tmp_path / "new")]) == 0
    file = tmp_path / "new" / "hedgerow.toml"
    file.write_text("mine")
    assert run(["init", str(tmp_path / "new")]) == 5
    assert file.read_text() == "mine"
    assert "already" in capsys.readouterr().err
