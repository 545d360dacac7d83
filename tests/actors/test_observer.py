"""The observer answers beside the lane, and is raised again when it fails."""

import pytest
import zmq

from actors.deaths import Cause
from actors.lane import LaneDispatcher
from actors.observer import Observer, Watching
from actors.runtime import Runtime
from system.clock import SystemClock
from wire.inspection import Request, decode_reply, encode_request

S = 1_000_000_000


class Rig:
    def __init__(self):
        self.lane = LaneDispatcher(SystemClock())
        self.runtime = Runtime(self.lane, self.lane.clock)
        self.context = zmq.Context()
        self.router, self.tool = self.context.socket(zmq.ROUTER), self.context.socket(zmq.DEALER)
        self.router.bind("inproc://observe")
        self.tool.connect("inproc://observe")
        self.beats = 0
        self.fails = False
        self.watching = Watching(self.router, {"hello": lambda args: args["to"]}, self.lane.clock, self.beat, 1_000_000)

    def beat(self):
        self.beats += 1
        if self.fails:
            raise ValueError("a bug")

    def ask(self):
        """No lap of the lane is taken meanwhile."""
        self.tool.send(encode_request(Request(1, "hello", {"to": "you"})))
        assert self.tool.poll(5_000)
        return decode_reply(self.tool.recv()).value

    def close(self):
        self.watching.end()
        self.context.destroy(linger=0)
        self.lane.close()


@pytest.fixture
def rig():
    made = Rig()
    yield made
    made.close()


def test_observer_answers_while_the_lane_takes_no_lap(rig):
    rig.runtime.spawn(Observer, "observer", rig.watching)
    assert rig.ask() == "you"
    assert rig.lane.laps == 0
    assert rig.watching.answered == 1


def test_observer_crashes_of_its_threads_bug_and_answers_once_it_is_raised(rig):
    rig.fails = True
    rig.runtime.spawn(Observer, "observer", rig.watching)
    rig.lane.pump(lambda: not rig.runtime.alive("observer"), 5 * S)
    reason = rig.runtime.mailbox("observer").last_reason
    assert (reason.cause, str(reason.error)) == (Cause.CRASH, "a bug")
    rig.fails = False
    rig.runtime.spawn(Observer, "observer", rig.watching)
    assert rig.ask() == "you"


def test_stopped_observer_uses_its_socket_no_more(rig):
    rig.runtime.spawn(Observer, "observer", rig.watching)
    assert rig.ask() == "you"
    rig.runtime.stop("observer")
    rig.lane.pump(lambda: not rig.runtime.alive("observer"), 5 * S)
    rig.tool.send(encode_request(Request(1, "hello", {"to": "you"})))
    assert not rig.tool.poll(300)
