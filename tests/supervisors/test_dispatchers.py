"""Supervision of real threads: strategies on lane and pinned, a hang."""

from __future__ import annotations

import threading

import pykka
import pytest

from actors.base import Actor
from actors.deaths import Cause
from actors.lane import LaneDispatcher
from actors.mailbox import Fault, Lane
from actors.pinned import PinnedDispatcher
from actors.runtime import Runtime, StartFailed
from supervisors.engine import Supervisor
from supervisors.spec import ChildSpec, Strategy, SupervisorSpec
from system.clock import SystemClock


class Poke:
    lane = Lane.ORDERS


class Good(Actor):
    HANDLERS = {Poke: "on_poke"}

    def __init__(self, runtime, name, diary):
        super().__init__(runtime, name)
        self.diary = diary

    def on_start(self):
        self.diary.append(f"+{self.name}")

    def on_stop(self):
        self.diary.append(f"-{self.name}")

    def on_poke(self, _message):
        raise KeyboardInterrupt


class PinnedGood(Good):
    PINNED = True


class FailsSecond(PinnedGood):
    def on_start(self):
        if self.epoch == 2:
            raise ValueError("second start")
        super().on_start()


class Hangs(PinnedGood):
    """Sits in a handler until released; then tries to tell."""

    entered = threading.Event()
    released = threading.Event()
    finished = threading.Event()

    def on_poke(self, _message):
        self.entered.set()
        self.released.wait(5)
        self.tell("c", Poke())
        self.finished.set()


@pytest.fixture(params=["lane", "pinned"])
def runtime(request):
    clock = SystemClock()
    dispatcher = LaneDispatcher(clock) if request.param == "lane" else PinnedDispatcher(clock)
    runtime = Runtime(dispatcher, clock)
    yield runtime
    runtime.stop("sup")
    settle(runtime, lambda: not any(box.actor for box in runtime.boxes.values()))
    assert runtime.blocking.join(2)
    if request.param == "lane":
        dispatcher.close()


def settle(runtime, done):
    if runtime.dispatcher.kind == "lane":
        runtime.dispatcher.pump(done, 2 * 10**9)
    else:
        until_ns = runtime.clock.mono_ns() + 2 * 10**9
        while not done() and runtime.clock.mono_ns() < until_ns:
            with pytest.raises(pykka.Timeout):
                pykka.ThreadingFuture().get(timeout=0.001)
    assert done()


def supervise(runtime, diary, classes, shutdown_ms=1_000, **spec):
    children = tuple(
        ChildSpec(name=name, start=(cls, (diary,)), shutdown_ms=shutdown_ms)
        for name, cls in zip("abc", classes, strict=True)
    )
    runtime.spawn(Supervisor, "sup", SupervisorSpec(children=children, intensity=3, **spec))
    settle(runtime, lambda: all(runtime.alive(name) for name in "abc"))


@pytest.mark.parametrize("classes", [(Good,) * 3, (PinnedGood,) * 3, (Good, PinnedGood, Good)])
@pytest.mark.parametrize(
    ("strategy", "written"),
    [
        (Strategy.ONE_FOR_ONE, ["+b"]),
        (Strategy.ONE_FOR_ALL, ["-c", "-a", "+a", "+b", "+c"]),
        (Strategy.REST_FOR_ONE, ["-c", "+b", "+c"]),
    ],
)
def test_a_crash_restarts_its_group_on_any_dispatcher(runtime, strategy, written, classes):
    diary = []
    supervise(runtime, diary, classes, strategy=strategy)
    settle(runtime, lambda: len(diary) == 3)
    diary.clear()
    runtime.tell("b", Poke())
    settle(runtime, lambda: len(diary) == len(written))
    assert sorted(diary) == sorted(written)
    assert [each for each in diary if each[0] == "-"] == [each for each in written if each[0] == "-"]
    assert runtime.mailbox("b").epoch == 2


def test_a_pinned_childs_start_failure_at_a_restart_is_one_more_restart(runtime):
    diary = []
    supervise(runtime, diary, (Good, FailsSecond, Good))
    runtime.tell("b", Poke())
    settle(runtime, lambda: diary.count("+b") == 2)
    assert runtime.mailbox("b").epoch == 3


class FailsAlways(PinnedGood):
    def on_start(self):
        raise ValueError("no start")


def test_a_pinned_childs_start_failure_at_boot_is_its_supervisors(runtime):
    diary = []
    children = (ChildSpec("a", (Good, (diary,))), ChildSpec("b", (FailsAlways, (diary,))))
    with pytest.raises(StartFailed, match="no start"):
        runtime.spawn(Supervisor, "sup", SupervisorSpec(children=children))
    settle(runtime, lambda: diary == ["+a", "-a"])


class SlowToStop(PinnedGood):
    """Takes its time: its supervisor is gone before it."""

    def on_stop_asked(self, _reason):
        return False


def test_a_child_that_outlived_its_supervisor_is_fenced_by_the_next_one(runtime):
    diary = []
    child = ChildSpec("b", (SlowToStop, (diary,)), shutdown_ms=20)
    inner = SupervisorSpec(children=(child,), intensity=0)
    outer = ChildSpec("inner", (Supervisor, (inner,)), shutdown_ms=None)
    runtime.spawn(Supervisor, "sup", SupervisorSpec(children=(outer,), intensity=1))
    stale = runtime.mailbox("b").actor
    runtime.tell("inner", Fault(ValueError("a bug of the supervisor's")))
    settle(runtime, lambda: diary.count("+b") == 2)
    down = [values["reason"].cause for _, event, values in runtime.events if event == "actor_down" and values["actor"] == "b"]
    assert down == [Cause.FENCED]
    assert (stale.live, runtime.mailbox("sup").epoch, runtime.mailbox("b").epoch) == (False, 1, 2)


def test_a_hung_pinned_child_is_abandoned_and_can_do_nothing_more(runtime):
    diary = []
    for event in (Hangs.entered, Hangs.released, Hangs.finished):
        event.clear()
    supervise(runtime, diary, (Good, Hangs, Good), shutdown_ms=20)
    runtime.tell("b", Poke())
    assert Hangs.entered.wait(2)
    runtime.stop("sup")
    settle(runtime, lambda: not runtime.alive("sup"))
    assert runtime.mailbox("b").last_reason.cause is Cause.KILLED
    Hangs.released.set()
    assert Hangs.finished.wait(2)
    assert not runtime.mailbox("c").has_mail()
