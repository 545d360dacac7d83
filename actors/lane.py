"""The trading lane: one thread that polls ZeroMQ and runs actors.

One lap: sources that are readable, trade before feed before other, with the
actors' mail after each class of them; then timers and mail from other
threads. It sleeps in `zmq_poll` only when nobody has mail.

Why `zmq_poll` on a kept list: at six sockets it costs 4 us a lap against 0.4
for epoll on the sockets' descriptors plus 1.4 for each EVENTS; but a send may
swallow a descriptor's readiness, so that epoll is right only if every sender
reports to the lane, and one that forgets stalls a leg.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from threading import get_ident
from typing import Any

import zmq
from zmq.backend import zmq_poll

from actors.executor import SLOW_TURN_NS, Executor
from actors.garbage import IdleCollector
from actors.mailbox import Mailbox
from actors.pinned import PinnedDispatcher
from domain.errors import require
from domain.ports import Clock

TRADE, FEED, OTHER = 0, 1, 2
TURNS_A_FLUSH = 256  # more wait for the next lap, so that sockets are looked at
FLUSH_NS = 5_000_000
"""So do turns that are left after so long."""
FOREIGN_MOST = 65_536
FOREIGN_A_LAP = 256
IDLE_MS = 1_000
NS_A_MS = 1_000_000
STALLED_NS = 100_000_000

TURN_SHIFT = 14
"""Turns are counted by their length in steps of 2**14 ns, 16 us."""
TURN_STEPS = 256
LONGEST_COUNTED_NS = TURN_STEPS << TURN_SHIFT
"""Longer ones are counted as one more step."""


NOBODY = Mailbox(None, "", None)
"""Whose time it is where a source's reader is no actor."""


class Source:
    """One socket, who reads it, and how urgent it is."""

    __slots__ = ("box", "on_frames", "owner", "priority", "socket")

    def __init__(self, socket: Any, on_frames: Callable[[], None], priority: int) -> None:
        self.socket = socket
        self.on_frames = on_frames
        self.priority = priority
        self.owner = getattr(on_frames, "__self__", None)
        self.box = getattr(self.owner, "box", None) or NOBODY


class LaneDispatcher(Executor):
    """Runs its actors in the thread that calls `run`."""

    kind = "lane"

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._pinned = PinnedDispatcher(clock)
        self._foreign: deque[tuple[Mailbox, Any]] = deque()
        self._asleep = False
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._sources: dict[Any, Source] = {}
        self._poll_list: list[tuple[Any, int]] = [(self._wake_read, zmq.POLLIN)]
        self.again = deque()
        self.laps = 0
        self.turns = [0] * (TURN_STEPS + 1)
        """How many turns took so many steps: reads of a source, and mailboxes' turns."""
        self.garbage: IdleCollector | None = None
        self.on_stall: Callable[[str, int], None] | None = None
        """Told, after a turn that held the lane up for STALLED_NS: whose it was, how long."""

    # ------------------------------------------------ sources

    def add_source(self, socket: Any, on_frames: Callable[[], None], priority: int = OTHER) -> None:
        """Call `on_frames` when `socket` is readable; it drains up to 64.

        `socket` is ZeroMQ's, or a file descriptor.

        What it raises crashes the actor whose method it is; sources of a dead
        actor are dropped with it, its sockets are its own to close.
        """
        require(priority in (TRADE, FEED, OTHER), f"priority={priority!r}: allowed are TRADE, FEED, OTHER")
        self._sources[socket] = Source(socket, on_frames, priority)
        self._list_sources()

    def remove_source(self, socket: Any) -> None:
        """Stop polling it; do so before the socket is closed."""
        if self._sources.pop(socket, None) is not None:
            self._list_sources()

    def reads_for(self, actor: Any) -> bool:
        """Whether any source's reader is that actor."""
        return any(source.owner is actor for source in self._sources.values())

    def _list_sources(self) -> None:
        self._poll_list = [(self._wake_read, zmq.POLLIN), *((socket, zmq.POLLIN) for socket in self._sources)]

    def forget(self, actor: Any) -> None:
        """Drop the dead actor's sources."""
        owned = [socket for socket, source in self._sources.items() if source.owner is actor]
        for socket in owned:
            self.remove_source(socket)

    # ------------------------------------------------ running

    def run(self, until: Callable[[], bool]) -> None:
        """Take laps in this thread until `until()`, asked once a lap."""
        self.thread_id = get_ident()
        while not until():
            self.run_once(IDLE_MS)

    def run_collected(self, until: Callable[[], bool]) -> None:
        """As `run`, for a whole process: garbage is collected when idle."""
        with IdleCollector(self.clock) as self.garbage:
            self.run(until)
        self.garbage = None

    def run_once(self, timeout_ms: int = 0) -> None:
        """One lap; sleeps at most that long, only if there is no work."""
        self.entered()
        try:
            readable = zmq_poll(self._poll_list, self._sleep_ms(timeout_ms))
            self._asleep = False
            if readable:
                self._serve(readable)
            elif self.ready:
                self.flush()
            now_ns = self.clock.mono_ns()
            if self.garbage is not None and now_ns >= self.garbage.due_ns:
                self.garbage.due(now_ns, idle=not (readable or self.ready))
            heap = self.timers.heap
            if heap and heap[0][0] <= now_ns:
                self.timers.fire(now_ns)
            if self._foreign:
                self._take_foreign()
            if self.again:
                self.ready.extend(self.again)
                self.again.clear()
            self.laps += 1
        finally:
            self.left()

    def pump(self, done: Callable[[], bool], timeout_ns: int) -> None:
        """Take laps until `done`, at most that long."""
        until_ns = self.clock.mono_ns() + timeout_ns
        while not done() and self.clock.mono_ns() < until_ns:
            self.run_once(1)

    def _sleep_ms(self, timeout_ms: int) -> int:
        """How long the poll may block: not at all while there is work."""
        if self.ready or self._foreign or timeout_ms == 0:
            return 0
        due_ns = self.timers.next_due_ns()
        if due_ns is not None:
            left_ns = due_ns - self.clock.mono_ns()
            if left_ns <= 0:
                return 0
            timeout_ms = min(timeout_ms, -(-left_ns // NS_A_MS))
        self._asleep = True
        return 0 if self._foreign else timeout_ms

    def _serve(self, readable: list[tuple[Any, int]]) -> None:
        """Read the readable sources by priority, actors' turns after each."""
        if len(readable) == 1:
            self._read(readable[0][0])
            self.flush()
            return
        by_priority: tuple[list[Any], ...] = ([], [], [])
        for socket, _ in readable:
            source = self._sources.get(socket)
            by_priority[source.priority if source is not None else OTHER].append(socket)
        for sockets in by_priority:
            for socket in sockets:
                self._read(socket)
            self.flush()

    def hand_over(self, box: Mailbox, message: Any) -> None:
        """Tell `box`, and give it its turn within the present one.

        For a repair: its order leaves before its pair has put things in order
        behind itself. The pair has recorded and adopted all by then.
        """
        if box.executor is not self:
            box.put(message)
            return
        box.accept(message)
        if box.is_ready and box in self.ready:
            self.ready.remove(box)
            self.turn(box)

    def _read(self, socket: Any) -> None:
        if socket.__class__ is int and socket == self._wake_read:
            os.read(self._wake_read, 4_096)
            return
        source = self._sources.get(socket)
        if source is None:
            return  # dropped earlier in this lap
        began_ns = self.clock.mono_ns()
        try:
            source.on_frames()
            took_ns = self.clock.mono_ns() - began_ns
            self.turns[took_ns >> TURN_SHIFT if took_ns < LONGEST_COUNTED_NS else TURN_STEPS] += 1
            box = source.box
            box.busy_ns += took_ns
            (box.times or box.begin_times())[took_ns.bit_length()] += 1
            if took_ns > SLOW_TURN_NS:
                self._held_up(getattr(source.owner, "name", "source"), took_ns)
        except BaseException as error:  # the supervision boundary
            self.remove_source(socket)
            if source.owner is None or not hasattr(source.owner, "box"):
                raise
            self.contain(source.owner, None, error)

    def flush(self) -> None:
        """Turns until nobody has mail, at most TURNS_A_FLUSH, for FLUSH_NS.

        Who is told something in a turn answers in the same flush: a repair's
        order leaves before the next socket is looked at.

        Thread: the lane's; from without, in `on_frames` alone.
        """
        ready = self.ready
        if not ready:
            return
        mono_ns = self.clock.mono_ns
        began_ns = mono_ns()
        until_ns = began_ns + FLUSH_NS
        for _ in range(TURNS_A_FLUSH):
            if not ready or began_ns >= until_ns:
                break
            box = ready.popleft()
            self.turn(box)
            now_ns = mono_ns()
            took_ns = now_ns - began_ns
            self.turns[took_ns >> TURN_SHIFT if took_ns < LONGEST_COUNTED_NS else TURN_STEPS] += 1
            box.busy_ns += took_ns
            (box.times or box.begin_times())[took_ns.bit_length()] += 1
            if took_ns > SLOW_TURN_NS:
                self._held_up(box.name, took_ns)
            began_ns = now_ns

    def _held_up(self, name: str, took_ns: int) -> None:
        """A turn that held the lane up for long is an event."""
        event = "lane_stalled" if took_ns > STALLED_NS else "slow_turn"
        if took_ns > STALLED_NS and self.on_stall is not None:
            self.on_stall(name, took_ns)
        self.runtime.log(event, actor=name, took_us=took_ns // 1_000)

    # ------------------------------------------------ other threads

    def for_blocking(self) -> PinnedDispatcher:
        """Actors that block get threads of their own."""
        return self._pinned

    def post(self, box: Mailbox, message: Any) -> None:
        """Mail from another thread: queued, and the lane is woken."""
        over = len(self._foreign) - FOREIGN_MOST
        if over >= 0:
            message = box.beyond(message, over)
            if message is None:
                return
        self._foreign.append((box, message))
        if self._asleep:
            self.wake()

    def wake(self) -> None:
        """End the lane's sleep.

        Thread: any, and signal handlers.
        """
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            pass  # the pipe is full: it is awake already
        except OSError:
            if self._wake_write >= 0:
                raise  # else it is closed, and mail of a thread that outlives it wakes nobody

    @property
    def asleep(self) -> bool:
        """Whether it waits for somebody's mail. Thread: any."""
        return self._asleep

    @property
    def wake_fd(self) -> int:
        """For `signal.set_wakeup_fd`: a signal then ends the sleep."""
        return self._wake_write

    def _take_foreign(self) -> None:
        foreign = self._foreign
        for _ in range(min(len(foreign), FOREIGN_A_LAP)):
            box, message = foreign.popleft()
            if box.executor is self:
                box.accept(message)
            else:
                box.put(message)  # raised again elsewhere meanwhile

    def close(self) -> None:
        """Give the pipe back; the sockets are their owners'."""
        self._sources.clear()
        self._list_sources()
        pipe = self._wake_read, self._wake_write
        self._wake_read = self._wake_write = -1  # before they may be somebody else's
        for fd in pipe:
            os.close(fd)
