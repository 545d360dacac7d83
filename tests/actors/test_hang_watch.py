"""A blocking actor that does not come back: found, told with its stack, raised again."""

from threading import Event

import pytest

from actors import hang_watch
from actors.base import Actor
from actors.deaths import Cause
from actors.hang_watch import HangWatch
from actors.lane import LaneDispatcher
from actors.runtime import Runtime
from supervisors.engine import Supervisor
from supervisors.spec import Backoff, ChildSpec, SupervisorSpec
from system.clock import SystemClock

MS = 1_000_000


class Hang:
    """Do not come back before `gate` is set."""


class Blocks(Actor):
    HANDLERS = {Hang: "on_hang", str: "on_text"}
    PINNED = True
    HANG_NS = 50 * MS

    def __init__(self, runtime, name, gate, heard):
        super().__init__(runtime, name)
        self.gate, self.heard = gate, heard

    def on_hang(self, _message):
        self.gate.wait(10)
        self.tell("ear", f"from the past {self.epoch}")

    def on_text(self, text):
        self.heard.append((self.epoch, text))


class Ear(Actor):
    HANDLERS = {str: "on_text"}

    def __init__(self, runtime, name, heard):
        super().__init__(runtime, name)
        self.heard = heard

    def on_text(self, text):
        self.heard.append(("ear", text))


@pytest.fixture
def lane():
    lane = LaneDispatcher(SystemClock())
    yield lane
    lane.close()


@pytest.fixture
def gate():
    gate = Event()
    yield gate
    gate.set()


def until(lane, holds):
    lane.pump(holds, 5 * 10**9)
    assert holds()


def test_hung_actor_is_told_with_its_stack_fenced_and_raised_again(lane, gate, monkeypatch):
    monkeypatch.setattr(hang_watch, "LOOK_NS", 10 * MS)
    told, heard = [], []
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Ear, "ear", heard)
    children = (ChildSpec("slow", (Blocks, (gate, heard))), ChildSpec("watch", (HangWatch, (lambda *words, **more: told.append((words, more)),))))
    runtime.spawn(Supervisor, "sup", SupervisorSpec(children=children, intensity=None, backoff=Backoff(first_ms=1, most_ms=5)))
    runtime.tell("slow", "before")
    until(lane, lambda: heard == [(1, "before")])
    runtime.tell("slow", Hang())
    until(lane, lambda: told)
    ((words, more),) = told
    assert (words, more["actor"], more["at"]) == (("critical", "ACTOR_HUNG"), "slow", "Hang")
    assert any("on_hang" in line for line in more["stack"])
    until(lane, lambda: runtime.alive("slow"))
    assert runtime.mailbox("slow").last_reason.cause is Cause.HUNG
    runtime.tell("slow", "after")
    until(lane, lambda: (2, "after") in heard)
    gate.set()
    assert runtime.blocking.workers()
    until(lane, lambda: len(runtime.blocking.workers()) == 1)
    lane.pump(lambda: False, 20 * MS)
    assert [each for each in heard if each[0] == "ear"] == []  # what it had to say comes too late
    assert len(told) == 1


def test_one_that_waits_for_mail_or_is_in_time_is_left_alone(lane, gate, monkeypatch):
    monkeypatch.setattr(hang_watch, "LOOK_NS", 5 * MS)
    monkeypatch.setattr(Blocks, "HANG_NS", 60_000 * MS)
    told = []
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Blocks, "slow", gate, [])
    runtime.spawn(Blocks, "idle", gate, [])
    runtime.spawn(HangWatch, "watch", lambda *words, **_more: told.append(words))
    runtime.tell("slow", Hang())
    lane.pump(lambda: False, 60 * MS)
    assert (told, runtime.alive("slow"), runtime.alive("idle")) == ([], True, True)
