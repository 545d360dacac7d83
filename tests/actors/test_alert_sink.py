"""The sink of alerts: a line each; a file that fails takes nobody with it."""

import json

from actors.alerts import AGAIN_NS, Alert, AlertSink
from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher


def make(path):
    simulated = SimulatedDispatcher(1)
    runtime = Runtime(simulated, simulated.clock)
    runtime.spawn(AlertSink, "sink", path)

    def tell(code):
        runtime.tell("sink", Alert("warning", code, 1, 2, {"pair": "AxB"}))
        simulated.run_idle()

    return simulated, runtime, tell


def lines(path):
    return [json.loads(line)["code"] for line in path.read_text().splitlines()]


def test_each_alert_is_a_line(tmp_path):
    _, _, tell = make(tmp_path / "alerts.jsonl")
    tell("ONE")
    tell("TWO")
    assert lines(tmp_path / "alerts.jsonl") == ["ONE", "TWO"]


def test_alerts_that_have_no_file_wait_for_it_in_order_and_the_sink_lives(tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.mkdir()
    simulated, runtime, tell = make(path)
    tell("ONE")
    tell("TWO")
    assert runtime.alive("sink")
    path.rmdir()
    simulated.advance(AGAIN_NS)
    tell("THREE")
    assert lines(path) == ["ONE", "TWO", "THREE"]


def test_a_file_that_fails_for_long_is_tried_again_and_again(tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.mkdir()
    simulated, _, tell = make(path)
    tell("ONE")
    simulated.advance(10 * AGAIN_NS)
    path.rmdir()
    simulated.advance(AGAIN_NS)
    assert lines(path) == ["ONE"]
