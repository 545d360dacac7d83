"""A seed's run: the same bytes again, whole or told, nothing broken."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.run import run
from tools.node_build import Node

ROOT = Path(__file__).resolve().parents[2]
SEEDS = range(1000, 1012)
FREE, FAULTY = 1, 0
"""A seed without faults, and one with."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_no_invariant_is_broken(seed):
    result = run(seed, Node, 6_000)
    assert result.violations == []


@pytest.mark.slow
def test_seed_without_faults_repairs_nothing_and_alerts_nobody():
    result = run(FREE, Node, 4_000)
    assert result.free_of_faults
    assert set(result.outcomes) == {"DONE"}
    assert (result.repairs, result.alerts, result.faults) == (0, {}, {})


@pytest.mark.slow
def test_same_seed_writes_the_same_journal():
    one, other = run(FAULTY, Node, 3_000), run(FAULTY, Node, 3_000)
    assert one == other


@pytest.mark.slow
def test_same_seed_writes_the_same_journal_in_another_process():
    digests = set()
    for hash_seed in ("1", "77"):
        command = [sys.executable, "-m", "tools", "-o", "json", "sim", "run", "--seed", "7", "--safety-ms", "4000"]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
        digests.add(json.loads(told.stdout)["journal_sha256"])
    assert len(digests) == 1
