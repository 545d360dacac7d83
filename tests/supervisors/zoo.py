"""Bad actors, and three dispatchers to put them on.

Each animal has one fault. What a test pokes is `b`, between two good
neighbours; all write their starts (+) and stops (-) into one diary.
"""

from __future__ import annotations

import os
import threading

import pykka
import pytest

from actors.base import Actor
from actors.lane import LaneDispatcher
from actors.mailbox import Lane
from actors.pinned import PinnedDispatcher
from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher
from supervisors.engine import Supervisor
from supervisors.spec import ChildSpec, SupervisorSpec
from system.clock import SystemClock

PATIENCE_NS = 4 * 10**9
SHUTDOWN_MS = 40
NTH = 3
FLOOD = 20_000  # more than an order lane holds


class Poke:
    """Do what you are here for."""

    lane = Lane.ORDERS


class Fail:
    """Crash, whoever you are."""

    lane = Lane.ORDERS


class Noise:
    lane = Lane.ORDERS


class Never:
    """A timer's message."""


class Good(Actor):
    """Its fault is none."""

    HANDLERS = {Poke: "on_poke", Fail: "on_fail", Noise: "on_noise", Never: "on_noise"}

    def __init__(self, runtime, name, diary):
        super().__init__(runtime, name)
        self.diary = diary

    def on_start(self):
        self.diary.append(f"+{self.name}")

    def on_stop(self):
        self.diary.append(f"-{self.name}")

    def on_poke(self, _message):
        pass

    def on_fail(self, _message):
        raise ValueError("told to")

    def on_noise(self, _message):
        pass


class FailsInInit(Good):
    """When it is made the second time."""

    FAILS_AT = 2

    def __init__(self, runtime, name, diary):
        super().__init__(runtime, name, diary)
        if self.epoch == self.FAILS_AT:
            diary.append(f"!{name}")
            raise ValueError("init")

    def on_poke(self, _message):
        raise ValueError("poked")


class FailsOnStart(Good):
    """When it is started the second time."""

    FAILS_AT = 2

    def on_start(self):
        if self.epoch == self.FAILS_AT:
            self.diary.append(f"!{self.name}")
            raise ValueError("start")
        super().on_start()

    def on_poke(self, _message):
        raise ValueError("poked")


class FailsOnNth(Good):
    """On the third message of each life."""

    def on_start(self):
        super().on_start()
        self.count = 0

    def on_poke(self, _message):
        self.count += 1
        if self.count == NTH:
            raise ValueError("the third")


class RaisesBaseException(Good):
    def on_poke(self, _message):
        raise SystemExit("no Exception")


class IgnoresStop(Good):
    def on_stop_asked(self, _reason):
        return False


class FailsOnStop(Good):
    def on_stop(self):
        super().on_stop()
        raise ValueError("stop")


class Hangs(Good):
    """Waits in a handler for what does not come, in its first life."""

    entered, released = threading.Event(), threading.Event()

    def on_poke(self, _message):
        if self.epoch == 1:
            self.entered.set()
            self.released.wait(PATIENCE_NS / 1e9)


class Spins(Hangs):
    """The same, at full speed."""

    def on_poke(self, _message):
        if self.epoch == 1:
            self.entered.set()
            until_ns = self.clock.mono_ns() + PATIENCE_NS
            while not self.released.is_set() and self.clock.mono_ns() < until_ns:
                pass


class Floods(Good):
    """Tells its neighbour more than a lane holds."""

    def on_poke(self, _message):
        for _ in range(FLOOD):
            self.tell("c", Noise())


class Busy(Good):
    """A neighbour that, where it has a thread of its own, works meanwhile."""

    entered, released = threading.Event(), threading.Event()

    def on_poke(self, _message):
        if self.epoch == 1:
            self.entered.set()
            self.released.wait(PATIENCE_NS / 1e9)


class Leaks(Good):
    """Timers, monitors and, where there are any, sources; then it crashes."""

    TIMERS = 200
    fds = []

    def on_poke(self, _message):
        for number in range(self.TIMERS):
            self.after_ns(3_600 * 10**9 + number, Never())
            self.runtime.monitor("a", self.name)
        if hasattr(self.runtime.dispatcher, "add_source"):
            self.fds.extend(os.pipe())
            self.runtime.dispatcher.add_source(self.fds[-2], self.on_frames)
        raise ValueError("full")

    def on_frames(self):
        pass


def make_runtime(kind):
    """A runtime on that dispatcher."""
    clock = SystemClock()
    made = {"lane": lambda: LaneDispatcher(clock), "pinned": lambda: PinnedDispatcher(clock)}
    dispatcher = made.get(kind, lambda: SimulatedDispatcher(11))()
    return Runtime(dispatcher, dispatcher.clock)


def close(runtime):
    """End all of it; threads that hang are let go first."""
    for each in (Hangs, Spins, Busy):
        each.released.set()
    for name in list(runtime.boxes):
        runtime.kill(name)
    if runtime.dispatcher.kind == "lane":
        runtime.dispatcher.close()
    while Leaks.fds:
        os.close(Leaks.fds.pop())
    assert runtime.dispatcher.kind == "simulated" or runtime.blocking.join(2)


def settle(runtime, done):
    """Work, or wait for the threads that do, until `done()`."""
    dispatcher = runtime.dispatcher
    if hasattr(dispatcher, "pump"):
        dispatcher.pump(done, PATIENCE_NS)
    else:
        until_ns = runtime.clock.mono_ns() + PATIENCE_NS
        wait = pykka.ThreadingFuture()
        while not done() and runtime.clock.mono_ns() < until_ns:
            with pytest.raises(pykka.Timeout):
                wait.get(timeout=0.001)
    assert done()


def supervise(runtime, bad, neighbour=Good, **spec):
    """a and c, good, and the animal between them; the diary."""
    for each in (Hangs, Spins, Busy):
        each.entered.clear()
        each.released.clear()
    diary = []
    children = tuple(
        ChildSpec(name, (cls, (diary,)), shutdown_ms=SHUTDOWN_MS) for name, cls in zip("abc", (Good, bad, neighbour), strict=True)
    )
    runtime.spawn(Supervisor, "sup", SupervisorSpec(children=children, **{"intensity": 3, **spec}))
    return diary


def epochs(runtime):
    """Who is in which life: `a1 b2 c1`; a dead one is `b-`."""
    return " ".join(f"{name}{box.epoch if (box := runtime.mailbox(name)).actor else '-'}" for name in "abc")


def deaths(runtime, name="b"):
    """Of what it has died so far, in order."""
    return [
        values["reason"].cause.value
        for _, event, values in list(runtime.events)
        if event == "actor_down" and values["actor"] == name
    ]
