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

    __slots__ = ("actor", "call", "live")

    def __init__(self, actor: Agenda, call: Callable[[], None]) -> None:
        self.actor = actor
        self.call = call
        self.live = True

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
        if now_ns < self.stalled_until_ns or not (self.ready or self._readable):
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
    """What the world does, and when. Units: virtual monotonic ns.

    Owner and mailbox of its entries: nobody's death takes them away.
    """

    live = True

    def __init__(self, lane: WatchedLane) -> None:
        self.lane = lane
        self.clock = lane.clock
        self.box = self

    @property
    def now_ns(self) -> int:
        return self.clock.mono_ns()

    @property
    def wall_ns(self) -> int:
        return self.clock.wall_ns()

    def at(self, due_ns: int, call: Callable[[], None]) -> Entry:
        """Make `call` at that time, or now where it is past."""
        entry, now_ns = Entry(self, call), self.clock.mono_ns()
        self.lane.timers.add(due_ns if due_ns > now_ns else now_ns, entry)  # type: ignore[arg-type]
        return entry

    def after(self, delay_ns: int, call: Callable[[], None]) -> Entry:
        """Make `call` so much later."""
        return self.at(self.now_ns + delay_ns, call)

    def accept(self, entry: Entry) -> None:
        """Due: make the call."""
        entry.live = False
        entry.call()


def _nothing() -> None:
    """Nobody watches."""
