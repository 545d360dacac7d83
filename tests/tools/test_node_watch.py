"""A lane that hangs is ended from outside, with its stacks; others are not."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import ctypes, sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from actors.base import Actor
from actors.lane import LaneDispatcher
from actors.runtime import Runtime
from system.clock import SystemClock
from tools.node_watch import LaneWatch

class Hangs(Actor):
    def on_receive(self, how):
        if how == "spin":
            while True: pass
        elif how == "lock":  # in C, with the interpreter's lock
            ctypes.PyDLL(None).usleep(ctypes.c_uint(60_000_000))
        elif how == "block":
            time.sleep(60)

lane = LaneDispatcher(SystemClock())
runtime = Runtime(lane, lane.clock)
runtime.spawn(Hangs, "culprit")
how, until = sys.argv[2], lane.clock.mono_ns() + int(float(sys.argv[3]) * 1e9)
with LaneWatch(lane, Path(sys.argv[1]), 500):
    print("running", flush=True)
    runtime.tell("culprit", how)
    lane.run(lambda: lane.clock.mono_ns() >= until)
print("over", flush=True)
"""


@pytest.fixture
def run(tmp_path):
    started = []

    def make(how, seconds=30.0):
        program = [sys.executable, "-c", PROGRAM.format(root=str(ROOT)), str(tmp_path), how, str(seconds)]
        process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "running\n"
        return process

    yield make
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["spin", "block", "lock"])
def test_hung_lane_is_ended_with_its_stacks_and_told(run, tmp_path, how):
    process = run(how)
    assert process.wait(timeout=15) == -signal.SIGKILL
    stacks = tmp_path / f"stacks-{process.pid}.txt"
    assert "on_receive" in stacks.read_text()
    rows = _alerts(tmp_path)
    assert [(row["code"], row["severity"], row["pid"]) for row in rows] == [("LANE_HUNG", "critical", process.pid)]
    assert rows[0]["stacks"] == str(stacks)


@pytest.mark.slow
def test_lane_that_has_nothing_to_do_is_not_hung_and_leaves_no_file(run, tmp_path):
    process = run("", 2.0)
    assert process.wait(timeout=15) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_stopped_process_is_not_hung(run, tmp_path):
    process = run("", 3.0)
    os.kill(process.pid, signal.SIGSTOP)
    _until(lambda: "T" in Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0])
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1.5)
    os.kill(process.pid, signal.SIGCONT)
    assert process.wait(timeout=15) == 0
    assert not (tmp_path / "alerts.jsonl").exists()


def _alerts(folder):
    path = folder / "alerts.jsonl"
    _until(path.exists)
    _until(lambda: path.read_text().endswith("\n"))
    return [json.loads(line) for line in path.read_text().splitlines()]


def _until(holds, seconds=5.0):
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit
        os.sched_yield()
