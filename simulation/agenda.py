"""Calls at virtual times, and a lane that shows each of its steps.

What the world outside the node does (a frame arrives, a venue fills) is due
at a time like the actors' own timers, on the same heap: one order of all that
happens, from one seed.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.mailbox import Mailbox
from actors.simulated import SimulatedDispatcher, VirtualClock
from domain.errors import InvariantViolation

MS = 1_000_000
SECOND_NS = 1000 * MS
MOST_TURNS_A_SECOND = 20_000
"""A busy run has a thousand: more are a loop that time does not end."""


class Entry:
    """One call that is due; it stands where a timer's handle does."""

    __slots__ = ("call", "live")

    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call
        self.live = True

    @property
    def actor(self) -> Entry:
        """Its own owner and mailbox: nobody's death takes it away."""
        return self

    box = actor

    def accept(self, _handle: Entry) -> None:
        """Due: make the call."""
        self.live = False
        self.call()

    def cancel(self) -> None:
        """Never make it."""
        self.live = False


class WatchedLane(SimulatedDispatcher):
    """The simulated dispatcher; `after_step` is called after each turn."""

    def __init__(self, seed: int, clock: VirtualClock | None = None) -> None:
        super().__init__(seed, clock or VirtualClock())
        self.after_step: Callable[[], None] = _nothing
        self.stalled_until_ns = 0
        """Nobody has a turn before: the thread does not get its core."""
        self._second = self._turns = 0

    def step(self) -> bool:
        """One turn, then whoever watches.

        Raises: InvariantViolation where a virtual second has too many.
        """
        now_ns = self.clock.mono_ns()
        if now_ns < self.stalled_until_ns:
            return False
        second = now_ns // SECOND_NS
        if second != self._second:
            self._second, self._turns = second, 0
        self._turns += 1
        if self._turns > MOST_TURNS_A_SECOND:
            raise InvariantViolation(f"I12: more than {MOST_TURNS_A_SECOND} turns in a virtual second")
        worked = super().step()
        if worked:
            self.after_step()
        return worked

    def hold(self, box: Mailbox) -> None:
        """The thread of this actor blocks: its mail waits until `let_go`."""
        if box.is_ready and box in self.ready:
            self.ready.remove(box)
        box.is_ready = True

    def let_go(self, box: Mailbox) -> None:
        """It goes on, where it still lives."""
        box.is_ready = False
        if box.actor is not None:
            self.wake_box(box)

    def abandon(self) -> None:
        """Forget every actor's mail and sockets: their process was killed."""
        self.stalled_until_ns = 0
        self.ready.clear()
        self._readable.clear()
        self._sources.clear()


class Agenda:
    """What the world does, and when. Units: virtual monotonic ns."""

    def __init__(self, lane: WatchedLane) -> None:
        self.lane = lane
        self.clock = lane.clock

    @property
    def now_ns(self) -> int:
        return self.clock.mono_ns()

    @property
    def wall_ns(self) -> int:
        return self.clock.wall_ns()

    def at(self, due_ns: int, call: Callable[[], None]) -> Entry:
        """Make `call` at that time, or now where it is past."""
        entry = Entry(call)
        self.lane.timers.add(max(due_ns, self.now_ns), entry)
        return entry

    def after(self, delay_ns: int, call: Callable[[], None]) -> Entry:
        """Make `call` so much later."""
        return self.at(self.now_ns + delay_ns, call)


def _nothing() -> None:
    """Nobody watches."""
