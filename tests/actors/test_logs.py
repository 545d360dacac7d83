"""The log actor writes what the runtime buffered, and what it lost."""

from __future__ import annotations

import pytest

from actors import runtime as runtime_module
from actors.deaths import Cause, Reason
from actors.logs import DRAIN_EVERY_NS, LogActor
from actors.runtime import Runtime, StartFailed
from actors.simulated import SimulatedDispatcher
from system.processes import ProcessExited


class Sink:
    def __init__(self):
        self.lines = []

    def bind(self, **_values):
        return self

    def log(self, level, text, *args):
        self.lines.append((level, text.format(*args)))


def make():
    simulated = SimulatedDispatcher(1)
    runtime, sink = Runtime(simulated, simulated.clock), Sink()
    runtime.spawn(LogActor, "log", sink)
    return simulated, runtime, sink


def test_events_are_written_with_their_values():
    simulated, runtime, sink = make()
    runtime.log("slow_turn", actor="pair", took_us=12)
    simulated.advance(DRAIN_EVERY_NS)
    assert sink.lines == [("WARNING", "slow_turn actor=pair took_us=12")]


def test_lost_events_are_counted_once():
    simulated, runtime, sink = make()
    for n in range(runtime_module.LOG_EVENTS_MOST + 3):
        runtime.log("e", n=n)
    simulated.advance(20 * DRAIN_EVERY_NS)
    assert len(sink.lines) == runtime_module.LOG_EVENTS_MOST + 1
    assert [text for _, text in sink.lines if "dropped" in text] == ["log_events_dropped count=3"]


def test_a_value_with_braces_is_written_as_it_is():
    simulated, runtime, sink = make()
    runtime.log("e", text="{0} {x}")
    simulated.advance(DRAIN_EVERY_NS)
    assert sink.lines == [("INFO", "e text={0} {x}")]


def test_what_is_left_is_written_when_it_stops():
    simulated, runtime, sink = make()
    runtime.log("last")
    runtime.stop("log")
    simulated.run_idle()
    assert sink.lines[0] == ("INFO", "last ")


def test_a_crash_is_written_with_its_traceback():
    simulated, runtime, sink = make()
    with pytest.raises(StartFailed):
        runtime.spawn(LogActor, "bad", 1, 2, 3)
    runtime.crash(runtime.mailbox("log").actor, None, ValueError("bug"))
    runtime.spawn(LogActor, "log", sink)
    simulated.advance(DRAIN_EVERY_NS)
    assert [level for level, _ in sink.lines] == ["ERROR", "ERROR"]
    assert "TypeError" in sink.lines[0][1]
    assert sink.lines[1][1].endswith("ValueError: bug")


def test_a_process_that_ended_is_one_line_of_its_supervisor_and_no_traceback():
    simulated, runtime, sink = make()
    ended = Reason(Cause.CRASH, ProcessExited("gateway/A exited with 1"))
    runtime.log("actor_down", actor="gateway/A", epoch=1, reason=ended)
    runtime.log("restart", child="gateway/A", reason=repr(ended), wait_ms=200)
    simulated.advance(DRAIN_EVERY_NS)
    assert [level for level, _ in sink.lines] == ["DEBUG", "WARNING"]
    assert not any("\n" in text for _, text in sink.lines)
    assert sink.lines[1][1].endswith("exited with 1')) wait_ms=200")
