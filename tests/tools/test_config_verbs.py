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


def test_diff_of_two_configurations_tells_keys_values_and_what_a_change_needs(tmp_path, capsys):
    over = tmp_path / "over.toml"
    over.write_text('[[pair]]\nname = "CU03xHGH"\n[pair.trigger]\nsell_open = "160"\n')
    copper = str(EXAMPLES / "copper.toml")
    assert run(["config", "diff", "-c", copper, "--with", copper, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run(["config", "diff", "-c", copper, "-c", str(over), "--with", copper, "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {"key": "pair[CU03xHGH].trigger.sell_open", "before": "150", "after": "160", "needs": "hot", "file": str(over)}
    ]


def test_diff_without_a_node_says_that_none_runs(tmp_path, capsys):
    over = tmp_path / "over.toml"
    over.write_text(f'[node]\ndir = "{tmp_path}/var"\n')
    assert run(["config", "diff", "-c", str(EXAMPLES / "copper.toml"), "-c", str(over)]) == 4
    assert "not connected" in capsys.readouterr().err
