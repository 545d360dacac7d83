"""The bench of the core: its keys, its figures' sense; never their size."""

import pytest

from benchmarks import core
from tools.errors import FINE, GATE

FOUND = {
    name: {"ours_us": 80.0, "ipc_us": 120.0, "ratio": 0.667, "ok": True} for name in core.GATES
} | {"outside_us": 300.0, "hedges": 10, "journal_records": 90}


@pytest.mark.slow
def test_measure_gives_the_keys_hedges_and_a_journal_that_verifies(monkeypatch):
    monkeypatch.setattr(core, "WARM_UP", 0)
    monkeypatch.setattr(core, "QUOTES_A_ROUND", 40)
    found = core.measure(1)
    assert {"ours_us", "ipc_us", "ratio"} <= set(found["P1"])
    assert {"ours_us", "ipc_us", "ratio"} <= set(found["P6"])
    assert found["P1"]["samples"] > 0
    assert found["P6"]["samples"] > 0
    assert found["hedges"] > 0
    assert found["journal_records"] > found["hedges"]
    assert found["outside_us"] > 0


def bench(monkeypatch, capsys, runs):
    from tools.cli import run

    monkeypatch.setattr(core, "measure", lambda _rounds: runs.pop(0))
    code = run(["bench", "core", "-o", "json"])
    return code, capsys.readouterr()


def above(name):
    return {**FOUND, name: {**FOUND[name], "ratio": 0.99, "ok": False}}


def test_bench_is_fine_when_one_of_three_runs_is_within_the_gates(monkeypatch, capsys):
    code, said = bench(monkeypatch, capsys, [above("P1"), above("P6"), FOUND])
    assert code == FINE
    assert '"ratio": 0.667' in said.out


def test_bench_misses_its_gate_when_three_runs_in_a_row_are_above_it(monkeypatch, capsys):
    code, said = bench(monkeypatch, capsys, [above("P6"), above("P6"), above("P6")])
    assert code == GATE
    assert "run 2 of 3" in said.err
