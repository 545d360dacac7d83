"""The inspector on a simulated dispatcher: answers, refuses, never dies of it."""

from collections import deque

import pytest
import zmq

from actors.answering import MAX_PAGE_NS, MAX_PAGE_ROWS, count_arg, page, text_arg
from actors.inspector import Inspector
from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher
from wire.inspection import Request, Unanswerable, decode_reply, encode_request


class Router:
    """A ROUTER's frames, by hand."""

    def __init__(self):
        self.came, self.sent = deque(), []
        self.full = False

    def recv_multipart(self, _flags):
        if not self.came:
            raise zmq.Again
        return self.came.popleft()

    def send_multipart(self, frames, _flags):
        if self.full:
            raise zmq.Again
        self.sent.append(frames)


class Rig:
    def __init__(self, view=None, operate=None, **more):
        self.lane = SimulatedDispatcher(1)
        self.runtime = Runtime(self.lane, self.lane.clock)
        self.sockets = (Router(), Router())
        self.runtime.spawn(Inspector, "node/inspector", self.sockets, view or {}, operate or {}, **more)

    @property
    def actor(self):
        return self.runtime.mailbox("node/inspector").actor

    def put(self, *frames, socket=0):
        self.sockets[socket].came.append(list(frames))
        self.lane.signal(self.sockets[socket])
        while self.lane.step():
            pass
        return self.sockets[socket].sent

    def ask(self, verb, socket=0, **args):
        identity, body = self.put(b"tool", encode_request(Request(5, verb, args)), socket=socket)[-1]
        assert identity == b"tool"
        return decode_reply(body)


def no_such(_args):
    raise Unanswerable("NO_SUCH", "no pair 'X'")


def test_inspector_answers_from_the_table_of_the_socket():
    rig = Rig({"status": lambda args: {"asked": args}}, {"stop": lambda args: "stopping"})
    assert rig.ask("status", pair="A").value == {"asked": {"pair": "A"}}
    assert rig.ask("stop", socket=1).value == "stopping"
    assert rig.ask("stop").problem.code == "BAD_REQUEST"
    assert (rig.actor.answered, rig.actor.refused) == (2, 1)


def test_inspector_answers_what_it_cannot_with_an_error():
    rig = Rig({"pair": no_such, "large": lambda args: "x" * 2_000_000})
    assert rig.ask("pair").problem.text == "no pair 'X'"
    assert rig.ask("large").problem.code == "TOO_LARGE"
    assert "there are: pair, large" in rig.ask("nothing").problem.text
    assert rig.runtime.alive("node/inspector")


@pytest.mark.parametrize("frames", [(b"tool",), (b"tool", b"", b""), (b"tool", b"trash"), (b"tool", b"")])
def test_inspector_survives_frames_that_are_no_request(frames):
    rig = Rig({"status": lambda args: 1})
    sent = rig.put(*frames)
    assert [decode_reply(body).problem.code for _, body in sent] == ["BAD_REQUEST"] * (len(frames) == 2)
    assert rig.ask("status").value == 1


def test_inspector_drops_an_answer_that_a_slow_tool_does_not_take():
    rig = Rig({"status": lambda args: 1})
    rig.sockets[0].full = True
    rig.put(b"tool", encode_request(Request(1, "status")))
    assert rig.actor.lost == 1


def test_inspector_beats_whether_asked_or_not():
    beats = []
    rig = Rig(beat=lambda: beats.append(1), beat_ns=1_000)
    rig.lane.advance(3_500)
    assert len(beats) == 4


def test_page_is_bounded_in_rows_and_time():
    class Clock:
        now = 0

        def mono_ns(self):
            return self.now

    clock = Clock()
    made = []

    def rows(step_ns):
        for n in range(1_000):
            clock.now += step_ns
            made.append(n)
            yield {"n": n}

    assert len(page(rows(0), clock)["rows"]) == MAX_PAGE_ROWS
    assert len(page(rows(MAX_PAGE_NS * 2), clock)["rows"]) == 1
    made.clear()
    assert page(rows(MAX_PAGE_NS // 4 + 1), clock)["more"] is True
    assert len(made) == 4
    assert page(iter([{"n": 1}]), clock) == {"rows": [{"n": 1}], "more": False}


def test_arguments_are_checked_before_they_are_used():
    assert text_arg({"a": "x"}, "a") == "x"
    assert count_arg({}, "n", 5, 0, 9) == 5
    for args in ({"n": True}, {"n": "1"}, {"n": 10}, {"n": None}):
        with pytest.raises(Unanswerable):
            count_arg(args, "n", 5, 0, 9)
    with pytest.raises(Unanswerable):
        text_arg({"a": 1}, "a")
