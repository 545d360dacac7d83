"""`sim cuts`: a journal cut and flipped at every byte, judged."""

import json

import pytest
from click.testing import CliRunner

from journal import recovery
from tools.output import Output
from tools.sim_cuts import Steps, cuts, judged, written


def test_every_byte_is_cut_and_flipped_in_both_states(tmp_path):
    path = written(tmp_path, 4096)
    size = path.stat().st_size
    counts, wrong = judged((path, 0, size))
    assert wrong == []
    behind = size - Steps(path.read_bytes()).at[0][0]
    assert {what: sum(own.values()) for what, own in counts.items()} == dict.fromkeys(counts, behind)
    assert counts["synced, cut"]["damage"] == counts["synced, flipped"]["damage"] == behind
    assert counts["not synced, cut"]["torn"] > counts["not synced, cut"]["whole"] > 0


def test_opening_that_cuts_what_was_promised_is_found(tmp_path, monkeypatch):
    path = written(tmp_path, 4096)
    monkeypatch.setattr(recovery, "cut_is_allowed", lambda *words, **more: "")
    _, wrong = judged((path, 0, path.stat().st_size))
    assert any("synced, cut" in each for each in wrong) and any("not synced, flipped" in each for each in wrong)


@pytest.mark.slow
def test_command_says_how_many_bytes_and_that_none_is_wrong():
    asked = CliRunner().invoke(cuts, ["--kb", "6", "--jobs", "1"], obj=Output("json"), standalone_mode=False)
    told = json.loads(asked.stdout)
    assert asked.return_value == 0
    assert told["wrong"] == [] and told["opened"] >= 2
    assert {row["what"] for row in told["rows"]} == {"synced, cut", "synced, flipped", "not synced, cut", "not synced, flipped"}
