"""What a thread is at, read from its frames: the names looked for are the code's."""

import os
from threading import Event, Thread

import pytest

from actors.base import Actor
from actors.in_hand import in_hand
from actors.lane import LaneDispatcher
from actors.pinned import PinnedDispatcher
from actors.runtime import Runtime
from system.clock import SystemClock
from system.stacks import stack


class Waits(Actor):
    """Holds its thread until it is let go."""

    def __init__(self, runtime, name, began, go, nested=""):
        super().__init__(runtime, name)
        self.began, self.go, self.nested = began, go, nested

    def on_receive(self, message):
        if message == "hand over":
            self.box.executor.hand_over(self.runtime.mailbox(self.nested), "nested")
        else:
            self.began.set()
            assert self.go.wait(10)

    def on_frames(self):
        os.read(self.nested, 1)
        self.on_receive("socket")


class Rig:
    def __init__(self):
        self.began, self.go, self.over = Event(), Event(), Event()
        self.lane = LaneDispatcher(SystemClock())
        self.runtime = Runtime(self.lane, self.lane.clock)
        self.thread = None

    def spawn(self, name, **more):
        self.runtime.spawn(Waits, name, self.began, self.go, **more)

    def run(self):
        self.thread = Thread(target=self.lane.run, args=(self.over.is_set,))
        self.thread.start()

    def close(self):
        if self.over.is_set():
            return
        self.go.set()
        self.over.set()
        self.lane.wake()
        if self.thread is not None:
            self.thread.join(10)
        for name in list(self.runtime.boxes):
            if self.runtime.mailbox(name).executor is not self.lane:
                self.runtime.kill(name)
        self.lane.close()


@pytest.fixture
def rig():
    made = Rig()
    yield made
    made.close()


def test_lane_has_the_message_of_the_present_turn_in_its_hands(rig):
    rig.spawn("waits")
    before_ns = rig.lane.clock.mono_ns()
    rig.run()
    rig.runtime.tell("waits", "hello")
    assert rig.began.wait(10)
    hand = in_hand(rig.lane)
    assert (hand.name, hand.message) == ("waits", "hello")
    assert before_ns <= hand.since_ns <= rig.lane.clock.mono_ns()
    assert "tests/actors/test_in_hand.py" in "\n".join(stack(rig.lane.thread_id))


def test_of_turns_within_turns_the_innermost_is_in_hand(rig):
    rig.spawn("inner")
    rig.spawn("outer", nested="inner")
    box = rig.runtime.mailbox("inner")
    rig.run()
    rig.runtime.tell("outer", "hand over")
    assert rig.began.wait(10)
    assert (in_hand(rig.lane).name, in_hand(rig.lane).message, box.actor.live) == ("inner", "nested", True)


def test_read_of_a_socket_is_in_hand_without_a_message(rig):
    read_fd, write_fd = os.pipe()
    rig.spawn("reads", nested=read_fd)
    rig.lane.add_source(read_fd, rig.runtime.mailbox("reads").actor.on_frames)
    rig.run()
    os.write(write_fd, b"x")
    assert rig.began.wait(10)
    assert in_hand(rig.lane)[:2] == ("reads", None)
    rig.close()
    os.close(read_fd)
    os.close(write_fd)


def test_pinned_actor_has_its_message_in_its_hands_and_nothing_while_it_waits(rig):
    pinned = PinnedDispatcher(rig.lane.clock)
    pinned.runtime = rig.runtime
    rig.runtime.spawn(Waits, "pinned", rig.began, rig.go, dispatcher=pinned)
    rig.runtime.tell("pinned", "hello")
    assert rig.began.wait(10)
    executor = rig.runtime.mailbox("pinned").executor
    assert in_hand(executor)[:2] == ("pinned", "hello")
    rig.go.set()
    until_ns = rig.lane.clock.mono_ns() + 10_000_000_000
    while in_hand(executor) is not None:
        assert rig.lane.clock.mono_ns() < until_ns
        os.sched_yield()


def test_thread_that_is_not_there_has_nothing(rig):
    rig.lane.thread_id = 1
    assert in_hand(rig.lane) is None
    assert stack(1) == []
