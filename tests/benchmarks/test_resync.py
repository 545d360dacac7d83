"""The bench of a day told again: its keys, and that little of it is recorded; never a time."""

import pytest

from benchmarks import core, resync
from tools.errors import FINE, GATE

ROW = {"bytes": 10, "bytes_before": 1000, "bytes_ratio": 0.01, "ms": 5.0, "ms_before": 9.0, "ms_ratio": 0.556}


@pytest.mark.slow
def test_measure_records_next_to_nothing_of_a_day_that_is_known(monkeypatch):
    monkeypatch.setattr(core, "QUOTES_A_ROUND", 60)
    found = resync.measure(100, 2)
    assert found["orders_a_venue"] >= 100
    for row in (found["reconnect"], found["raise"]):
        assert set(ROW) <= set(row)
        assert 0 < row["bytes"] < row["bytes_before"] / 10


@pytest.mark.parametrize(("ok", "code"), [(True, FINE), (False, GATE)])
def test_command_fails_where_a_gate_is_missed(monkeypatch, capsys, ok, code):
    from tools.cli import run

    monkeypatch.setattr(resync, "measure", lambda _orders, _times: {"reconnect": ROW, "raise": ROW, "ok": ok})
    assert run(["bench", "resync", "-o", "table"]) == code
    assert "bytes_ratio" in capsys.readouterr().out
