"""`sim calls`: its sums, and a thin sample by the command."""

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from tools.output import Output
from tools.sim_calls import by_call, calls, said


def row(call, ended="went on", violations=()):
    return {"life": "plain", "nth": 3, "way": 0, "call": call, "errno": 28, "at": "x", "ended": ended, "violations": list(violations)}


def test_a_call_is_a_row_with_what_came_of_it():
    rows = [row("pwrite"), row("pwrite", "emergency"), row("fsync", "refused to start", [(1, "I3", "lost")])]
    told = {each["call"]: each for each in by_call(rows, Counter(pwrite=7, fsync=2))}
    assert told["pwrite"] == {"call": "pwrite", "counted": 7, "failed": 2, "went on": 1, "emergency": 1, "broken": 0}
    assert told["fsync"]["broken"] == 1


def test_a_broken_life_is_said_with_its_call_and_errno():
    assert said(row("fsync", violations=[(1, "I3", "lost")])) == "plain life, call 3: fsync of x, ENOSPC: I3: lost"


@pytest.mark.slow
def test_command_tells_calls_failures_and_endings():
    asked = CliRunner().invoke(calls, ["--every", "300", "--life", "plain", "--jobs", "2"], obj=Output("json"), standalone_mode=False)
    told = json.loads(asked.stdout)
    assert asked.return_value == 0, asked.stderr
    assert told["counted"] > 500 and 4 <= told["failed"] <= 8
    assert (told["violations"], told["broken"]) == (0, [])
    assert sum(told["ended"].values()) == told["failed"]
