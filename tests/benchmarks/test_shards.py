"""The isolation benchmark: its configuration is sound, its sums are right."""

import json
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import pytest

from benchmarks.shards import QUOTES, TROUBLES, config_of, measured, quantile
from config.checks import problems
from config.load import ROOT, load
from config.shards import for_shard, placed_in


def test_its_two_shards_share_nothing(tmp_path):
    loaded = load([config_of(tmp_path)])
    assert problems(loaded) == []
    assert placed_in(loaded.config) == {"AxB": "one", "CxD": "two"}
    one, two = (for_shard(loaded.config, name) for name in ("one", "two"))
    assert not {venue.name for venue in one.venue} & {venue.name for venue in two.venue}
    assert two.shard[0].nice == 10


def test_quantiles_are_samples():
    assert [quantile([3.0, 1.0, 2.0], share) for share in (0.0, 0.5, 0.99)] == [1.0, 2.0, 3.0]


@pytest.mark.slow
def test_it_measures_every_trouble_beside_a_living_neighbour():
    done = subprocess.run([sys.executable, "-m", "benchmarks.shards", "--rounds", "1"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["trouble"] for row in rows] == list(TROUBLES)
    assert all(row["same_process"] for row in rows)
    told = {row["trouble"]: set(row["told"]) for row in rows}
    assert {"crash": "SHARD_ENDED", "stall": "SHARD_HUNG", "spin": "LANE_HUNG", "leak": "SHARD_MEMORY_OVER"}.items() <= {(name, code) for name, codes in told.items() for code in codes}
    assert all(row["silent"] or (row["quiet_p50_us"] > 0 and row["p99_ratio"] > 0) for row in rows)


def test_round_without_an_answer_is_told_and_in_no_figure():
    codes = iter([Counter(SHARD_ENDED=1), Counter(SHARD_ENDED=3, SHARD_HUNG=1)])
    rounds = iter([[10.0, 20.0], [30.0], [], [5.0], [10.0], []])
    desk = SimpleNamespace(round=lambda: next(rounds), told=lambda _shard: {"epoch": 1}, pid=lambda: 0, quote=lambda *_: None, took=lambda _: None, until_open=lambda _: None, codes=lambda: next(codes))
    row = measured(desk, "flood", 3)
    assert (row["silent"], row["p50_ratio"], row["missed"]) == (2, 1.5, 3 * QUOTES - 2)
    assert (row["missed_quiet"], row["told"]) == (3 * QUOTES - 3, {"SHARD_ENDED": 2, "SHARD_HUNG": 1})
