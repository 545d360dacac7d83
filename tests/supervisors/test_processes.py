"""Managed processes: started, watched, restarted, stopped, adopted."""

from __future__ import annotations

import os
import signal
import sys

import pytest

import supervisors.processes as processes_module
from actors.base import Actor
from actors.deaths import Cause
from actors.gateway_notes import GatewayEnded, GatewaySilent
from actors.lane import LaneDispatcher
from actors.runtime import Runtime, StartFailed
from supervisors.engine import Supervisor
from supervisors.processes import ManagedProcess, ProcessSpec, process_child
from supervisors.spec import Backoff, SupervisorSpec
from system import processes
from system.clock import SystemClock
from system.processes import Process, ProcessError

SLEEP = ("sleep", "30")
STUBBORN = ("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done")


@pytest.fixture
def lane():
    lane = LaneDispatcher(SystemClock())
    yield lane
    lane.close()


@pytest.fixture
def started():
    """Processes to end when the test is over, by themselves."""
    kept = []
    yield kept
    for process in kept:
        processes.send_signal(process, signal.SIGKILL)
        processes.wait(process, 2_000)


def spec_in(folder, command=SLEEP, stop_ms=1_000):
    return ProcessSpec(command=command, log=folder / "log", pid_file=folder / "pid", stop_ms=stop_ms)


def supervise(lane, spec, **changes):
    runtime = Runtime(lane, lane.clock)
    backoff = Backoff(first_ms=1, most_ms=10)
    child = process_child("gateway", spec)
    runtime.spawn(Supervisor, "sup", SupervisorSpec(children=(child,), backoff=backoff, **{"intensity": None, **changes}))
    return runtime


def until(lane, done):
    lane.pump(done, 3 * 10**9)
    assert done()


def running(spec):
    return processes.adopt(spec.pid_file)


def test_a_process_runs_in_a_session_of_its_own(tmp_path, started):
    process = processes.start(SLEEP, tmp_path / "log")
    started.append(process)
    assert os.getsid(process.pid) == process.pid
    assert processes.alive(process)
    assert processes.wait(process, 1) is None


def test_wait_gives_the_exit_code_or_the_signal(tmp_path):
    assert processes.wait(processes.start(("sh", "-c", "exit 3"))) == 3
    process = processes.start(SLEEP)
    assert processes.send_signal(process, signal.SIGTERM)
    assert processes.wait(process, 2_000) == -signal.SIGTERM
    assert not processes.send_signal(process, signal.SIGTERM)


def test_a_command_that_is_not_there_is_a_clear_error():
    with pytest.raises(ProcessError, match=r"/no/such: cannot be started.*No such file"):
        processes.start(("/no/such",))
    with pytest.raises(ProcessError, match="empty command"):
        processes.start(())


def test_a_reused_pid_is_never_taken_for_ours(tmp_path):
    other = Process(os.getpid(), processes.start_ticks(os.getpid()) + 1)
    processes.write_pid_file(tmp_path / "pid", other)
    assert processes.adopt(tmp_path / "pid") is None
    assert not processes.send_signal(other, signal.SIGKILL)
    assert processes.wait(other, 0) == processes.EXIT_UNKNOWN


def test_a_damaged_pid_file_adopts_nothing(tmp_path):
    (tmp_path / "pid").write_text("what")
    assert processes.adopt(tmp_path / "pid") is None
    assert processes.adopt(tmp_path / "none") is None


def test_a_killed_process_is_started_again_and_stop_ends_it(lane, tmp_path, started):
    spec = spec_in(tmp_path)
    runtime = supervise(lane, spec)
    until(lane, lambda: running(spec))
    first = running(spec)
    started.append(first)
    processes.send_signal(first, signal.SIGKILL)
    until(lane, lambda: running(spec) not in (None, first))
    second = running(spec)
    started.append(second)
    assert "exited with -9" in str(runtime.mailbox("gateway").last_reason.error)
    runtime.stop("sup")
    until(lane, lambda: not runtime.alive("sup"))
    assert not processes.alive(second)
    assert not spec.pid_file.exists()
    assert runtime.mailbox("gateway").last_reason.cause is Cause.SHUTDOWN
    assert runtime.blocking.join(2)


def test_a_start_waits_for_the_budget_and_then_happens(lane, tmp_path, started):
    spec, waits = spec_in(tmp_path), [30_000_000, 0]
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(ManagedProcess, "gateway", spec, lambda: True, lambda: waits.pop(0))
    until(lane, lambda: running(spec))
    started.append(running(spec))
    assert (waits, [event for _, event, _ in runtime.events if event == "process_waits"]) == ([], ["process_waits"])


def test_stop_while_a_start_waits_ends_it(lane, tmp_path):
    spec = spec_in(tmp_path)
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(ManagedProcess, "gateway", spec, lambda: True, lambda: 3_600_000_000_000)
    runtime.stop("gateway")
    until(lane, lambda: not runtime.alive("gateway"))
    assert not spec.pid_file.exists()


def test_one_that_ignores_sigterm_is_killed_when_its_time_is_up(lane, tmp_path, started):
    spec = spec_in(tmp_path, STUBBORN, stop_ms=30)
    runtime = supervise(lane, spec)
    until(lane, lambda: running(spec) and "ready" in spec.log.read_text())
    process = running(spec)
    started.append(process)
    runtime.stop("sup")
    until(lane, lambda: not runtime.alive("sup"))
    assert not processes.alive(process)
    assert "process_killed" in [event for _, event, _ in runtime.events]


def test_a_process_outlives_its_actor_and_is_adopted(lane, tmp_path, started):
    spec = spec_in(tmp_path)
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(ManagedProcess, "gateway", spec)
    until(lane, lambda: running(spec))
    process = running(spec)
    started.append(process)
    runtime.kill("gateway")
    assert processes.alive(process)
    runtime.spawn(ManagedProcess, "gateway", spec)
    until(lane, lambda: "process_adopted" in [event for _, event, _ in runtime.events])
    runtime.stop("gateway")
    until(lane, lambda: not runtime.alive("gateway"))
    assert not processes.alive(process)
    assert runtime.blocking.join(2)


def test_a_command_that_cannot_start_uses_up_the_intensity(lane, tmp_path):
    spec = spec_in(tmp_path, (sys.executable + "-none",))
    try:
        runtime = supervise(lane, spec, intensity=2)
    except StartFailed as error:
        pytest.fail(str(error))
    until(lane, lambda: not runtime.alive("sup"))
    assert runtime.mailbox("gateway").last_reason.cause is Cause.START_FAILED
    assert "cannot be started" in str(runtime.mailbox("gateway").last_reason.error)


class Hears(Actor):
    HANDLERS = {GatewayEnded: "on_ended"}

    def __init__(self, runtime, name):
        super().__init__(runtime, name)
        self.heard = 0

    def on_ended(self, _message):
        self.heard += 1


def test_the_end_of_a_process_is_told_and_a_silent_one_is_ended_once_it_had_time_to_start(lane, tmp_path, started, monkeypatch):
    spec = spec_in(tmp_path)
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Hears, "venue/x")
    child = process_child("gateway", spec, told="venue/x")
    backoff = Backoff(first_ms=1, most_ms=10)
    runtime.spawn(Supervisor, "sup", SupervisorSpec(children=(child,), backoff=backoff, intensity=None))
    first = running(spec)
    started.append(first)
    runtime.tell("gateway", GatewaySilent(5_000))
    runtime.stop("sup")
    until(lane, lambda: not runtime.alive("sup"))
    hung = [values for _, event, values in runtime.events if event == "process_hung"]
    assert (hung, runtime.mailbox("venue/x").actor.heard) == ([], 1)  # it had only just been started
    monkeypatch.setattr(processes_module, "START_MS", 0)
    runtime.spawn(Supervisor, "sup", SupervisorSpec(children=(child,), backoff=backoff, intensity=None))
    second = running(spec)
    started.append(second)
    processes.send_signal(second, signal.SIGSTOP)
    runtime.tell("gateway", GatewaySilent(5_000))
    until(lane, lambda: running(spec) not in (None, second))
    started.append(running(spec))
    until(lane, lambda: runtime.mailbox("venue/x").actor.heard == 2)
    assert not processes.alive(second)
    assert "exited with -9" in str(runtime.mailbox("gateway").last_error)
    runtime.stop("sup")
    until(lane, lambda: not runtime.alive("sup"))
    assert runtime.blocking.join(2)
