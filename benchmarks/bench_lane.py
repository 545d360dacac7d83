"""What the lane costs: us a message, us a lap, and quote in to two sends.

Run: python benchmarks/bench_lane.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import select

import zmq
from zmq.backend import zmq_poll

from actors.base import Actor
from actors.lane import FEED, OTHER, TRADE, LaneDispatcher
from actors.mailbox import Lane
from actors.runtime import Runtime
from system.clock import SystemClock

ROUNDS = 9
NS_A_US = 1_000


class Report:
    """An order event of the bench."""

    __slots__ = ()
    lane = Lane.ORDERS


class Tick:
    """A quote of the bench."""

    __slots__ = ("key",)
    lane = Lane.QUOTES

    def __init__(self, key: str) -> None:
        self.key = key


class Counter(Actor):
    """Counts what it gets."""

    HANDLERS = {Report: "on_report", Tick: "on_tick"}

    def on_start(self) -> None:
        self.count = 0

    def on_report(self, _message: Report) -> None:
        self.count += 1

    def on_tick(self, _message: Tick) -> None:
        self.count += 1


class Pair(Actor):
    """Sends two orders for each quote."""

    HANDLERS = {Tick: "on_tick"}

    def __init__(self, runtime: Runtime, name: str, legs: tuple[zmq.Socket, zmq.Socket]) -> None:
        super().__init__(runtime, name)
        self.legs = legs
        self.sent_ns = 0

    def on_tick(self, _message: Tick) -> None:
        for leg in self.legs:
            leg.send(b"o" * 120, zmq.NOBLOCK)
        self.sent_ns = self.clock.mono_ns()


class Feed(Actor):
    """Reads quotes off a socket and tells the pair."""

    def __init__(self, runtime: Runtime, name: str, socket: zmq.Socket, pair: str) -> None:
        super().__init__(runtime, name)
        self.socket = socket
        self.pair = runtime.address(pair)
        self.received_ns = 0

    def on_start(self) -> None:
        self.runtime.dispatcher.add_source(self.socket, self.on_frames, FEED)

    def on_frames(self) -> None:
        self.received_ns = self.clock.mono_ns()
        self.socket.recv(zmq.NOBLOCK)
        self.socket.recv(zmq.NOBLOCK)
        self.pair.tell(Tick("a"))


def timed_us(work, times: int) -> float:
    """Us for one `work`, the best of a few rounds."""
    clock, best = SystemClock(), float("inf")
    for _ in range(ROUNDS):
        began = clock.mono_ns()
        for _ in range(times):
            work()
        best = min(best, (clock.mono_ns() - began) / times / NS_A_US)
    return best


def sockets(context: zmq.Context, folder: str, count: int) -> list[tuple[zmq.Socket, zmq.Socket]]:
    """Connected DEALER pairs over ipc: the far end, the lane's end."""
    made = []
    for index in range(count):
        far, near = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
        far.bind(f"ipc://{folder}/{index}")
        near.connect(f"ipc://{folder}/{index}")
        far.send(b"hello")
        near.recv()
        made.append((far, near))
    return made


def messages(lane: LaneDispatcher, runtime: Runtime) -> None:
    """Tell and dispatch, and the lap around it."""
    runtime.spawn(Counter, "counter")
    address, report, tick = runtime.address("counter"), Report(), Tick("a")
    box = runtime.mailbox("counter")

    def sixteen() -> None:
        for _ in range(16):
            address.tell(report)
        lane.flush()

    def one_tick() -> None:
        address.tell(tick)
        lane.flush()

    print(f"tell + dispatch, order events, 16 a turn   {timed_us(sixteen, 2_000) / 16:7.2f} us a message")
    print(f"tell + turn, one quote                     {timed_us(one_tick, 20_000):7.2f} us a message")
    print(
        f"lap without work (poll of {len(lane._poll_list)} included)      {timed_us(lane.run_once, 10_000):7.2f} us a lap"
    )
    print(f"handled {box.handled}, dead letters {runtime.dead_letter_count}")


def polling(ends: list[tuple[zmq.Socket, zmq.Socket]]) -> None:
    """The ways to learn which of the sockets is readable."""
    for count in (1, 2, 4, len(ends)):
        near = [pair[1] for pair in ends[:count]]
        kept = [(socket, zmq.POLLIN) for socket in near]
        epoll = select.epoll()
        for socket in near:
            epoll.register(socket.FD, select.EPOLLIN)
        each = timed_us(lambda kept=kept: zmq_poll(kept, 0), 5_000)
        fds = timed_us(lambda epoll=epoll: epoll.poll(0), 5_000)
        asked = timed_us(lambda near=near: near[0].get(zmq.EVENTS), 5_000)
        print(
            f"{count} sockets: zmq_poll {each:5.2f} us, epoll {fds:5.2f} us + EVENTS {asked:5.2f} us a readable socket"
        )
        epoll.close()


def path(lane: LaneDispatcher, runtime: Runtime, ends: list[tuple[zmq.Socket, zmq.Socket]], pace_ms: int) -> None:
    """Quote received to second send returned, at a pace of `pace_ms`."""
    (far_feed, near_feed), (far_a, near_a), (far_b, near_b) = ends[:3]
    runtime.spawn(Pair, "pair", (near_a, near_b))
    runtime.spawn(Feed, "feed", near_feed, "pair")
    pair, feed = runtime.mailbox("pair").actor, runtime.mailbox("feed").actor
    times, woken = [], []
    for _ in range(1_000):
        zmq_poll([], pace_ms)
        sent_ns = lane.clock.mono_ns()
        far_feed.send(b"topic", zmq.SNDMORE)
        far_feed.send(b"q" * 120)
        before = pair.sent_ns
        while pair.sent_ns == before:
            lane.run_once(100)
        times.append((pair.sent_ns - feed.received_ns) / NS_A_US)
        woken.append((feed.received_ns - sent_ns) / NS_A_US)
        far_a.recv()
        far_b.recv()
    times.sort()
    print(
        f"quote received -> second order sent, every {pace_ms} ms: p50 {median(times):.1f} us, p99 {times[989]:.1f} us;"
        f" sent -> received p50 {median(woken):.1f} us"
    )


def main() -> None:
    """Print the table."""
    clock = SystemClock()
    lane = LaneDispatcher(clock)
    runtime = Runtime(lane, clock)
    context = zmq.Context()
    with tempfile.TemporaryDirectory(prefix="hg") as folder:
        ends = sockets(context, folder, 6)
        messages(lane, runtime)
        for index, (_, near) in enumerate(ends[3:]):
            lane.add_source(near, lambda: None, OTHER if index else TRADE)
        print(
            f"lap without work (poll of {len(lane._poll_list)} included)      {timed_us(lane.run_once, 10_000):7.2f} us a lap"
        )
        polling(ends)
        path(lane, runtime, ends, 0)
        path_runtime = Runtime(lane, clock)
        path(lane, path_runtime, ends, 1)
        context.destroy(linger=0)


if __name__ == "__main__":
    main()
