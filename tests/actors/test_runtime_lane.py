"""The lane: sources, sleep and wake, other threads, signals."""

from __future__ import annotations

import os
import signal
import tempfile
import threading

import pytest
import zmq

from actors.base import Actor
from actors.deaths import Cause
from actors.lane import FEED, FLUSH_NS, OTHER, TRADE, LaneDispatcher
from actors.mailbox import Lane
from actors.runtime import Runtime
from domain.errors import InvariantViolation
from system.clock import SystemClock
from system.signals import StopFlag

MS = 1_000_000


class Note:
    lane = Lane.ORDERS

    def __init__(self, text):
        self.text = text


class Reader(Actor):
    """Reads a socket and notes what comes, in one list for all."""

    HANDLERS = {Note: "on_note"}

    def __init__(self, runtime, name, socket, priority, notes):
        super().__init__(runtime, name)
        self.socket, self.priority, self.notes = socket, priority, notes

    def on_start(self):
        self.runtime.dispatcher.add_source(self.socket, self.on_frames, self.priority)

    def on_frames(self):
        for _ in range(64):
            if not self.socket.get(zmq.EVENTS) & zmq.POLLIN:
                return
            text = self.socket.recv(zmq.NOBLOCK).decode()
            if text == "crash":
                raise ValueError(text)
            self.notes.append(text)
            self.tell(self.name, Note(text))

    def on_note(self, note):
        self.notes.append(f"told {note.text}")


class Asker(Actor):
    HANDLERS = {Note: "on_note"}

    def on_note(self, _note):
        return self.runtime.ask("other", Note("x"), 1)


@pytest.fixture
def lane():
    lane = LaneDispatcher(SystemClock())
    yield lane
    lane.close()


@pytest.fixture
def wires():
    context = zmq.Context()
    with tempfile.TemporaryDirectory(prefix="hg") as folder:
        pairs = []
        for index in range(3):
            far, near = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
            far.bind(f"ipc://{folder}/{index}")
            near.connect(f"ipc://{folder}/{index}")
            pairs.append((far, near))
        yield pairs
        context.destroy(linger=0)


def laps_until(lane, done):
    lane.pump(done, 2_000 * MS)
    assert done()


def arrive(sockets):
    """Wait until each socket has something to read."""
    for socket in sockets:
        assert socket.poll(2_000)


def test_trade_is_read_before_feed_before_other_with_the_mail_between(lane, wires):
    runtime, notes = Runtime(lane, lane.clock), []
    for (far, near), priority, text in zip(wires, (OTHER, FEED, TRADE), ("other", "feed", "trade"), strict=True):
        runtime.spawn(Reader, text, near, priority, notes)
        far.send(text.encode())
    arrive(near for _, near in wires)
    lane.run_once()
    assert notes == ["trade", "told trade", "feed", "told feed", "other", "told other"]


def test_a_reader_that_raises_crashes_its_actor_alone_and_loses_its_source(lane, wires):
    runtime, notes = Runtime(lane, lane.clock), []
    for index in range(2):
        runtime.spawn(Reader, str(index), wires[index][1], TRADE, notes)
    wires[0][0].send(b"crash")
    wires[1][0].send(b"fine")
    laps_until(lane, lambda: not runtime.alive("0") and "told fine" in notes)
    assert runtime.mailbox("0").last_reason.cause is Cause.CRASH
    assert list(lane._sources) == [wires[1][1]]


def test_a_dead_actors_sources_are_dropped(lane, wires):
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Reader, "reader", wires[0][1], TRADE, [])
    runtime.stop("reader")
    laps_until(lane, lambda: not runtime.alive("reader"))
    assert lane._sources == {}


def test_mail_from_another_thread_wakes_a_sleeping_lane(lane):
    notes = []
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Reader2, "reader", notes)
    began_ns = lane.clock.mono_ns()
    thread = threading.Thread(target=lambda: runtime.tell("reader", Note("hello")))
    thread.start()
    lane.run(lambda: bool(notes))
    thread.join()
    assert lane.clock.mono_ns() - began_ns < 900 * MS


def test_wake_after_the_end_writes_to_no_descriptor_that_is_somebody_elses_by_now():
    lane = LaneDispatcher(SystemClock())
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    number = lane.wake_fd
    lane.close()
    os.dup2(write, number)
    try:
        lane.wake()
        with pytest.raises(BlockingIOError):
            os.read(read, 1)
    finally:
        for fd in {read, write, number}:
            os.close(fd)


class Reader2(Actor):
    HANDLERS = {Note: "on_note"}

    def __init__(self, runtime, name, notes):
        super().__init__(runtime, name)
        self.notes = notes

    def on_note(self, note):
        self.notes.append(note.text)


def test_ask_from_another_thread_is_answered_by_the_running_lane(lane):
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Reader2, "reader", [])
    answers = []

    def ask():
        answers.append(runtime.ask("reader", Note("q"), 2))
        lane.wake()

    thread = threading.Thread(target=ask)
    thread.start()
    lane.run(lambda: bool(answers))
    thread.join()
    assert answers == [None]


def test_ask_inside_a_handler_raises_and_crashes_the_asker(lane):
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Asker, "asker")
    runtime.spawn(Reader2, "other", [])
    with pytest.raises(InvariantViolation, match="on the lane"):
        runtime.ask("asker", Note("go"), 1)
    assert not runtime.alive("asker")
    assert runtime.alive("other")


def test_a_future_cannot_be_waited_for_on_the_lane(lane):
    class Waiter(Reader2):
        def on_note(self, _note):
            self._create_future().get(timeout=1)

    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Waiter, "waiter", [])
    with pytest.raises(InvariantViolation, match="on the lane"):
        runtime.ask("waiter", Note("go"), 1)


def test_a_spawn_from_another_thread_is_refused(lane):
    runtime, caught = Runtime(lane, lane.clock), []

    def spawn():
        try:
            runtime.spawn(Reader2, "reader", [])
        except Exception as error:
            caught.append(error)

    thread = threading.Thread(target=spawn)
    thread.start()
    thread.join()
    assert "own thread" in str(caught[0])


def test_a_slow_turn_is_an_event(lane):
    class Slow(Reader2):
        def on_note(self, _note):
            until_ns = self.clock.mono_ns() + 11 * MS
            while self.clock.mono_ns() < until_ns:
                pass

    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Slow, "slow", [])
    runtime.tell("slow", Note("x"))
    lane.run_once()
    ((_, event, values),) = runtime.events
    assert (event, values["actor"]) == ("slow_turn", "slow")


def test_turns_that_are_left_after_long_wait_for_the_next_lap(lane, monkeypatch):
    class Slow(Reader2):
        def on_note(self, note):
            self.notes.append(note.text)
            now_ns[0] += FLUSH_NS // 2

    now_ns, notes = [10**12], []
    runtime = Runtime(lane, lane.clock)
    for number in range(5):
        runtime.spawn(Slow, f"slow{number}", notes)
        runtime.tell(f"slow{number}", Note(number))
    monkeypatch.setattr(lane.clock, "mono_ns", lambda: now_ns[0], raising=False)
    laps = []
    while len(notes) < 5:
        lane.run_once()
        laps.append(len(notes))
    assert laps == [2, 4, 5]
    assert notes == sorted(notes)


def test_one_lap_takes_sixteen_messages_of_an_actor(lane):
    notes = []
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Reader2, "reader", notes)
    for n in range(20):
        runtime.tell("reader", Note(n))
    lane.run_once()
    assert len(notes) == 16
    lane.run_once()
    assert len(notes) == 20


def test_a_signal_only_sets_a_flag_and_ends_the_sleep(lane):
    flag = StopFlag()
    with flag.installed((signal.SIGUSR1,), lane.wake_fd):
        os.kill(os.getpid(), signal.SIGUSR1)
        lane.run(flag.is_set)
    assert flag.is_set()
    assert flag.signal == signal.SIGUSR1


def test_an_order_event_past_the_bound_of_foreign_mail_crashes_its_owner_and_nobody_else(monkeypatch):
    from actors import lane as lane_module
    from actors.mailbox import MailboxOverflow

    monkeypatch.setattr(lane_module, "FOREIGN_MOST", 2)
    lane = LaneDispatcher(SystemClock())
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Idle, "idle")
    runtime.spawn(Idle, "other")

    def flood():
        for _ in range(3):
            runtime.tell("idle", Report())
        runtime.tell("other", Remark())

    sender = threading.Thread(target=flood)
    sender.start()
    sender.join()
    lane.pump(lambda: not runtime.alive("idle"), 2 * 10**9)
    assert isinstance(runtime.mailbox("idle").last_reason.error, MailboxOverflow)
    assert runtime.alive("other")
    assert list(runtime.dead_letters) == [("idle", "Report"), ("other", "Remark")]
    lane.close()


class Report:
    lane = Lane.ORDERS


class Remark:
    pass


class Idle(Actor):
    HANDLERS = {Report: "on_any", Remark: "on_any"}

    def on_any(self, _message):
        pass
