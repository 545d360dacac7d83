"""`sim fleet`, `sim shrink`: sums, the same bytes twice, small broken seeds."""

import json
import os
import signal
import subprocess

import pytest
from click.testing import CliRunner

from simulation import cells
from simulation.faults import MOMENTS, RATES
from simulation.shrink import shrunk
from system.signals import StopFlag
from tools.errors import UsageError
from tools.node_build import Node
from tools.output import Output
from tools.own_processes import command_of
from tools.sim_fleet import Total, died, results, short_of
from tools.sim_lines import Lines, code_digest
from tools.sim_run import fleet

SHORT_MS = 2_000
FREE = 1


def fleet_of(*words):
    asked = CliRunner().invoke(fleet, [*words, "--safety-ms", str(SHORT_MS)], obj=Output("json"), standalone_mode=False)
    return asked.return_value, json.loads(asked.stdout)


@pytest.mark.slow
def test_fleet_sums_its_seeds_and_each_writes_the_same_bytes_twice():
    code, told = fleet_of("--seeds", "6", "--jobs", "2", "--twice")
    assert code == 0
    assert (told["seeds"], told["compared_twice"], told["violations"], told["differing_seeds"]) == (6, 6, 0, [])
    assert told["hedges"] > 0
    assert told["faults_met"] == sum(told["faults"].values()) > 0
    assert told["alerts_free_of_faults"] == told["repairs_free_of_faults"] == 0
    assert told["events_per_s"] > 0 and told["virtual_over_real"] > 0


@pytest.mark.slow
def test_matrix_is_a_row_a_fault_and_a_column_a_state():
    code, told = fleet_of("--seeds", "3", "--matrix")
    assert code == 0
    assert {row["fault"] for row in told} == set(cells.FAULTS)
    assert all(set(row) == {"fault", "number", *cells.STATES, "ENDED", "NO_ORDER"} for row in told)


@pytest.mark.slow
def test_gate_names_what_a_short_run_falls_short_of():
    asked = CliRunner().invoke(fleet, ["--seeds", "2", "--safety-ms", "1000", "--gate"], obj=Output("json"), standalone_mode=False)
    assert asked.return_value == 1
    assert "short of the gate: hedges_a_seed" in asked.stderr and "cells of" in asked.stderr


def test_seed_that_differs_or_breaks_is_named():
    total = Total()
    row = dict.fromkeys(("hedges", "repairs", "events", "messages", "virtual_ms", "kills", "restarts", "cpu_s"), 0)
    row |= {"seed": 7, "violations": [[1, "I1", "x"]], "free_of_faults": False, "alerts": {}, "journal_sha256": "a"}
    row |= {"faults": {"lost": 3}, "live": {"lost": 2}, "outcomes": {}, "met": {"lost": {"SUBMITTED": 3}}, "phases": {}}
    total.add(row, "b")
    told = total.row(1.0, 1)
    assert (told["broken_seeds"], told["differing_seeds"], told["violations"]) == ([7], [7], 1)
    assert (told["faults_met"], told["faults_met_live"], told["faults_by_number"]) == (3, 2, {"F1": 3})
    assert told["cells_missed"]["lost"] == {"SUBMITTED": 3, "PENDING_CANCEL": 0}
    assert [line.split()[0] for line in short_of(told)][:3] == ["hedges_a_seed", "faults_met_live_a_seed", "events_per_s"]
    assert told["cells_under_20"] == told["cells"] and told["matrix_cells"]["lost"]["SUBMITTED"] == {"hits": 3, "unreachable": ""}
    total.matrix["lost"]["NEW"] = 1
    assert any("can't be" in line for line in short_of(total.row(1.0, 1)))


def test_seed_that_breaks_its_process_is_broken_and_the_others_go_on(monkeypatch):
    said = {3: [3], 4: [], 5: [5, 6]}  # by its first seed: what a process wrote before it died, or was done

    def run(command, **_):
        seeds = json.loads(command[-1])["seeds"]
        lines = "".join(json.dumps({**died(seed, ""), "violations": []}) + "\n" for seed in said[seeds[0]])
        return subprocess.CompletedProcess(command, 0 if seeds[0] == 5 else 1, lines, "" if seeds[0] == 5 else "it died")

    monkeypatch.setattr("tools.sim_fleet.subprocess.run", run)
    total = Total()
    for row, again in results(range(3, 7), SHORT_MS, 1, StopFlag(), twice=False):
        total.add(row, again)
    assert total.row(1.0, 1)["broken_seeds"] == [4]
    assert total.seeds == 4


@pytest.mark.slow
def test_fleet_goes_on_from_the_lines_that_an_earlier_one_kept(tmp_path):
    kept = tmp_path / "seeds.jsonl"
    code, first = fleet_of("--seeds", "3", "--lines", str(kept))
    assert (code, first["seeds"], first["taken_over"]) == (0, 3, 0)
    kept.write_bytes(kept.read_bytes()[:-9])  # the last line was cut
    code, told = fleet_of("--seeds", "4", "--lines", str(kept))
    assert (code, told["seeds"], told["taken_over"]) == (0, 4, 2)
    assert len(kept.read_bytes().splitlines()) == 5
    _, whole = fleet_of("--seeds", "4")
    measured = {"taken_over", "seconds", "cpu_s", "events_per_s", "virtual_over_real"}
    assert {key: value for key, value in told.items() if key not in measured} == {key: value for key, value in whole.items() if key not in measured}
    _, twice = fleet_of("--seeds", "2", "--twice", "--lines", str(kept))
    assert (twice["taken_over"], twice["compared_twice"]) == (0, 2), "what ran once is run again"


@pytest.mark.slow
def test_fleet_told_to_stop_gives_the_sums_of_what_has_run_and_keeps_its_lines(tmp_path):
    kept = tmp_path / "seeds.jsonl"
    command = [*command_of("tools.__main__:main"), "sim", "fleet", "--seeds", "2000", "--safety-ms", "1000", "--lines", str(kept), "-o", "json", "--lang", "en"]
    ran = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        while kept.stat().st_size < 500 if kept.exists() else True:  # noqa: ASYNC110
            assert ran.poll() is None, ran.stderr.read()
            os.sched_yield()
        ran.send_signal(signal.SIGINT)
        out, err = ran.communicate(timeout=120)
    finally:
        ran.kill()
    told = json.loads(out)
    assert ran.returncode == 130
    assert f"stopped after {told['seeds']} of 2000 seeds" in err
    assert 0 < told["seeds"] == len(kept.read_bytes().splitlines()) - 1 < 2000
    assert told["violations"] == 0


def row_of(seed):
    return {**died(seed, ""), "violations": [], "journal_sha256": "a"}


def test_lines_of_other_code_another_python_or_other_trouble_are_refused(tmp_path):
    path = tmp_path / "seeds.jsonl"
    Lines(path, 1000, "a" * 64).close()
    with pytest.raises(UsageError, match="other code"):
        Lines(path, 1000, "b" * 64)
    with pytest.raises(UsageError, match="--safety-ms 1000"):
        Lines(path, 2000, "a" * 64)
    for body in (b"x\n", b"{}\n", b"[]\n", b"no line", path.read_bytes() + b"{}\n", b"\xff\n"):
        path.write_bytes(body)
        with pytest.raises(UsageError, match="not the lines of a fleet"):
            Lines(path, 1000, "a" * 64)
        assert path.read_bytes() == body, "what is somebody else's is left as it is"
    with pytest.raises(UsageError, match="can be written"):
        Lines(tmp_path / "no" / "such", 1000, "a" * 64)


def test_lines_are_one_run_s_and_a_seed_that_broke_its_process_is_run_again(tmp_path):
    path = tmp_path / "seeds.jsonl"
    lines = Lines(path, 1000, "a" * 64)
    with pytest.raises(UsageError, match="another fleet"):
        Lines(path, 1000, "a" * 64)
    lines.put(row_of(1), None)
    lines.put(row_of(2), "a")
    lines.put(died(3, "SIGSEGV"), None)
    lines.close()
    again = Lines(path, 1000, "a" * 64)
    assert again.of(1, twice=False)[0]["seed"] == 1 and again.of(1, twice=True) is None
    assert again.of(2, twice=True)[1] == "a" and again.of(2, twice=False)[1] is None
    assert again.of(3, twice=False) is None
    again.close()


def test_code_s_digest_is_of_its_packages_alone(tmp_path):
    (tmp_path / "domain").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "domain" / "__init__.py").write_text("")
    first = code_digest(tmp_path)
    (tmp_path / "docs" / "a.py").write_text("1")
    assert code_digest(tmp_path) == first
    (tmp_path / "domain" / "a.py").write_text("1")
    assert code_digest(tmp_path) != first


def noisy(config, **given):
    """A node with a bug of its own: an alert for nothing."""
    node = Node(config, **given)
    build = node.build

    def built():
        build()
        node.desk.alert("warning", "NOISE")

    node.build = built
    return node


@pytest.mark.slow
def test_shrunk_seed_is_shorter_and_breaks_the_same_invariant():
    found = shrunk(FREE, noisy, 3_000)
    assert found["invariant"] == "I8"
    assert found["safety_ms"] < 3_000
    assert set(found["without"]) == {*RATES, *MOMENTS}


@pytest.mark.slow
def test_seed_that_breaks_nothing_can_not_be_shrunk():
    assert shrunk(FREE, Node, 1_000) is None
