"""The isolation benchmark: its configuration is sound, its sums are right."""

import json
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import pytest

from benchmarks.shards import TROUBLES, config_of, measured, quantile
from config.checks import problems
from config.load import ROOT, load
from config.shards import for_shard, placed_in


def test_its_two_shards_share_nothing(tmp_path):
    loaded = load([config_of(tmp_path, 1000)])
    assert problems(loaded) == []
    assert placed_in(loaded.config) == {"AxB": "one", "CxD": "two"}
    one, two = (for_shard(loaded.config, name) for name in ("one", "two"))
    assert not {venue.name for venue in one.venue} & {venue.name for venue in two.venue}
    assert two.shard[0].nice == 10


def test_quantiles_are_samples():
    assert [quantile([3.0, 1.0, 2.0], share) for share in (0.0, 0.5, 0.99)] == [1.0, 2.0, 3.0]


@pytest.mark.slow
def test_it_measures_every_trouble_beside_a_living_neighbour():
    done = subprocess.run([sys.executable, "-m", "benchmarks.shards", "--rounds", "1", "--hang-ms", "6000"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["trouble"] for row in rows] == list(TROUBLES)
    assert all(row["same_process"] for row in rows)
    told = {row["trouble"]: set(row["told"]) for row in rows}
    assert "SHARD_ENDED" in told["crash"] & told["stall"] & told["spin"] & told["leak"]
    assert "SHARD_HUNG" in told["stall"]
    assert told["spin"] & {"SHARD_HUNG", "LANE_HUNG"}
    assert "SHARD_MEMORY_OVER" in told["leak"]


def desk_of(rounds, overs):
    codes = iter([Counter(SHARD_ENDED=1), Counter(SHARD_ENDED=3, SHARD_HUNG=1)])
    words = {"quote": lambda *_: None, "took": lambda _: [], "until_open": lambda _: None, "told": lambda _shard: {"epoch": 1}, "has_read": lambda _shard: True}
    return SimpleNamespace(**words, round=lambda: next(rounds), codes=lambda: next(codes), controls={"C": SimpleNamespace(poll=lambda _ms: next(overs))})


def test_turn_without_an_answer_is_told_and_in_no_figure():
    row = measured(desk_of(iter([[10.0, 20.0], [30.0], [], [5.0], [10.0], []]), iter([1, 1, 1])), "flood", 3)
    assert (row["silent"], row["p50_ratio"], row["rounds_beside"]) == (2, 1.5, 3)
    assert (row["missed"], row["missed_quiet"]) == (99.3, 99.0)
    assert row["told"] == {"SHARD_ENDED": 2, "SHARD_HUNG": 1}


def test_rounds_go_on_for_as_long_as_the_trouble_does():
    row = measured(desk_of(iter([[10.0], [20.0], [40.0], [60.0]]), iter([0, 0, 1])), "flood", 1)
    assert (row["rounds_beside"], row["beside_p50_us"], row["p99_ratio"]) == (3, 40.0, 6.0)


def test_trouble_that_does_not_end_ends_the_measuring(monkeypatch):
    monkeypatch.setattr("benchmarks.shards.MOST_ROUNDS", 2)
    with pytest.raises(SystemExit, match="flood was not over after 2 rounds"):
        measured(desk_of(iter([[10.0]] * 3), iter([0, 0])), "flood", 1)
