"""`sim reenact`: a row an accident, exit 1 where R6 is not kept."""

import json

import pytest
from click.testing import CliRunner

from simulation.reenactments import Outcome, summed
from tools.output import Output
from tools.sim_reenact import reenact


@pytest.mark.slow
def test_each_accident_is_a_row_within_its_gates():
    asked = CliRunner().invoke(reenact, ["--variants", "2", "--jobs", "1"], obj=Output("json"), standalone_mode=False)
    rows = json.loads(asked.stdout)
    assert asked.return_value == 0
    assert [row["accident"] for row in rows] == ["knight", "everbright_silence", "everbright_lost"]
    assert all(row["variants"] == 2 and row["orders_over_cap"] == 0 and row["failed"] == [] for row in rows)
    assert 0 < rows[0]["alert_ms_most"] <= 500


@pytest.mark.parametrize(
    "wrong",
    [{"alert_ms": 501.0}, {"alert_ms": None}, {"breaker_ms": 1001.0}, {"over": 1}, {"wrong": ["held too much"]}],
)
def test_a_variant_out_of_its_bounds_is_named(wrong):
    fine = {"accident": "knight", "seed": 7, "silent": 1, "orders": 2, "over": 0, "alert_ms": 300.0, "breaker_ms": 0.0, "wrong": []}
    assert Outcome(**fine).ok
    assert summed([Outcome(**fine), Outcome(**{**fine, **wrong, "seed": 8})])["failed"] == [8]
