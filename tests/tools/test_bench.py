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


@pytest.mark.slow
def test_recovery_gives_its_keys_books_that_agree_and_ends_what_it_started():
    from benchmarks import recovery
    from system import processes

    seen = []
    killed = recovery.Bench.killed

    def kept(self, name):
        took = killed(self, name)
        seen.extend([self.gateway(each) for each in recovery.VENUES])
        return took

    recovery.Bench.killed = kept
    try:
        found = recovery.measure(1)
    finally:
        recovery.Bench.killed = killed
    assert set(recovery.GATES_MS) | {"hedges", "net", "ok"} == set(found)
    for name in recovery.GATES_MS:
        assert found[name]["times"] == 1
        assert 0 < found[name]["p50_ms"] == found[name]["max_ms"]
    assert found["killed_seen"]["max_ms"] < found["killed_trading"]["max_ms"]
    assert found["net"]["A/A.X"] == -found["net"]["B/B.X"] != 0
    assert len(seen) == 2
    assert not any(processes.alive(each) for each in seen)


def test_recovery_exits_3_when_a_gate_is_missed(monkeypatch, capsys):
    from benchmarks import recovery
    from tools.cli import run

    row = {"p50_ms": 1.0, "p99_ms": 2.0, "max_ms": 2.0, "gate_ms": 20.0, "times": 2, "ok": True}
    found = {**dict.fromkeys(recovery.GATES_MS, row), "hedges": 9, "net": {}, "ok": True}
    monkeypatch.setattr(recovery, "measure", lambda _times, _seed, _say: found)
    assert run(["bench", "recovery", "--times", "2", "-o", "json"]) == FINE
    assert '"killed_seen"' in capsys.readouterr().out
    found["ok"] = False
    assert run(["bench", "recovery"]) == GATE
    assert "hung_blocked" in capsys.readouterr().out


def test_the_99th_of_a_hundred_is_not_the_last():
    from benchmarks.recovery import spread

    assert spread([float(each) for each in range(1, 101)]) == {"p50_ms": 50.0, "p99_ms": 99.0, "max_ms": 100.0}
    assert spread([7.0]) == {"p50_ms": 7.0, "p99_ms": 7.0, "max_ms": 7.0}


@pytest.mark.slow
def test_isolation_crashes_the_bad_ones_alone_and_its_journal_verifies():
    from benchmarks import isolation

    found = isolation.measure(1)
    assert {"p99_us", "p50_us", "p99_ratio", "gate", "ok"} <= set(found)
    assert found["crashes"] >= isolation.BAD
    assert found["restarted"] == []
    assert found["samples"] > isolation.QUOTES / 2
    assert isolation.BadPair.is_bad is False


@pytest.mark.slow
def test_many_weighs_nodes_that_it_starts_and_stops():
    from benchmarks import many

    found = many.measure(12, 1)
    assert (found["pairs"], found["ready_s"] > 0, found["node_mib"] > 0) == (12, True, True)
