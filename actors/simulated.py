"""The simulated dispatcher: one thread, virtual time, order from a seed.

The same actors as on the lane. Which mailbox or source is next, and how many
of its messages it may take, is drawn; time stands still while anybody has
mail and then jumps to the next timer. The same seed gives the same order in
any process, whatever its PYTHONHASHSEED.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from actors.executor import MESSAGES_A_TURN, Executor
from actors.mailbox import Mailbox
from domain.errors import InvariantViolation

STEPS_MOST = 1_000_000  # at one moment: more means that actors keep telling each other
START_WALL_NS = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z


class VirtualClock:
    """A clock that moves only when told; wall and monotonic move alike."""

    __slots__ = ("_mono_ns", "_offset_ns")

    def __init__(self, mono_ns: int = 0, wall_ns: int = START_WALL_NS) -> None:
        self._mono_ns = mono_ns
        self._offset_ns = wall_ns - mono_ns

    def mono_ns(self) -> int:
        """Monotonic time, which only `advance` moves."""
        return self._mono_ns

    def wall_ns(self) -> int:
        """Wall time."""
        return self._mono_ns + self._offset_ns

    def advance(self, by_ns: int) -> None:
        """Let time pass."""
        self._mono_ns += by_ns

    def step_wall(self, by_ns: int) -> None:
        """Set the wall clock, as an operator or NTP would."""
        self._offset_ns += by_ns


def below(chance: Random) -> Callable[[int], int]:
    """What `chance.randrange(many)` draws, without its checks: hundreds of thousands of steps draw."""
    bits = chance.getrandbits

    def draw(many: int) -> int:
        wide = many.bit_length()
        drawn = bits(wide)
        while drawn >= many:
            drawn = bits(wide)
        return drawn

    return draw


class SimulatedDispatcher(Executor):
    """Runs its actors when asked to, in this thread."""

    kind = "simulated"
    clock: VirtualClock

    def __init__(self, seed: int, clock: VirtualClock | None = None) -> None:
        super().__init__(clock or VirtualClock(), seed)
        self._draw = below(self.chance)
        self._sources: dict[Any, Callable[[], None]] = {}
        self._readable: list[Any] = []
        self.steps = 0
        self._steps_now = 0

    # ------------------------------------------------ sources

    def add_source(self, socket: Any, on_frames: Callable[[], None], priority: int = 2) -> None:
        """As the lane's; `signal` takes the place of the poll."""
        del priority  # the seed decides who is first
        self._sources[socket] = on_frames

    def remove_source(self, socket: Any) -> None:
        """Stop reading it."""
        self._sources.pop(socket, None)
        self._readable = [each for each in self._readable if each is not socket]

    def signal(self, socket: Any) -> None:
        """`socket` is readable: its reader gets a turn."""
        if socket in self._sources and socket not in self._readable:
            self._readable.append(socket)

    def forget(self, actor: Any) -> None:
        """Drop the dead actor's sources."""
        for socket, reader in list(self._sources.items()):
            if getattr(reader, "__self__", None) is actor:
                self.remove_source(socket)

    # ------------------------------------------------ running

    def step(self) -> bool:
        """One draw: a source or a mailbox; False when nobody has work."""
        many = len(self.ready) + len(self._readable)
        if not many:
            return False
        self.steps += 1
        self._steps_now += 1
        if self._steps_now > STEPS_MOST:
            raise InvariantViolation(f"{STEPS_MOST} turns and time stands still: actors keep telling each other")
        drawn = self._draw(many)
        self.entered()
        try:
            if drawn < len(self._readable):
                self._read(self._readable.pop(drawn))
            else:
                box = self.ready[drawn - len(self._readable)]
                del self.ready[drawn - len(self._readable)]
                self.turn(box, 1 + self._draw(MESSAGES_A_TURN))
        finally:
            self.left()
        return True

    def run_idle(self) -> None:
        """Until nobody has mail; time stands still."""
        while (self.ready or self._readable) and self.step():
            pass

    def advance(self, by_ns: int) -> None:
        """Let that much time pass, firing each timer at its own time."""
        until_ns = self.clock.mono_ns() + by_ns
        self.run_idle()
        while (due_ns := self.timers.next_due_ns()) is not None and due_ns <= until_ns:
            self._jump(due_ns)
            self.run_idle()
        self.clock.advance(until_ns - self.clock.mono_ns())

    def run(self, until: Callable[[], bool]) -> None:
        """Until `until()`, jumping from timer to timer.

        Raises: InvariantViolation when nothing is left that could happen.
        """
        while not until():
            if not self.step():
                due_ns = self.timers.next_due_ns()
                if due_ns is None:
                    raise InvariantViolation("nobody has mail and no timer is set: it would never end")
                self._jump(due_ns)

    def run_once(self, timeout_ms: int = 0) -> None:
        """As a lane's lap: all mail, else time up to the next timer."""
        if not self.step():
            self.advance(timeout_ms * 1_000_000)

    def pump(self, done: Callable[[], bool], timeout_ns: int) -> None:
        """Step until `done`, at most that long in virtual time."""
        until_ns = self.clock.mono_ns() + timeout_ns
        while not done():
            if self.step():
                continue
            due_ns = self.timers.next_due_ns()
            if due_ns is None or due_ns > until_ns:
                self.clock.advance(until_ns - self.clock.mono_ns())
                return
            self._jump(due_ns)

    def _jump(self, due_ns: int) -> None:
        """Move time to `due_ns` and fire what is due."""
        now_ns = self.clock.mono_ns()
        if due_ns > now_ns:
            self.clock.advance(due_ns - now_ns)
            now_ns = due_ns
        self._steps_now = 0
        self.timers.fire(now_ns)

    def _read(self, socket: Any) -> None:
        reader = self._sources.get(socket)
        if reader is None:
            return
        try:
            reader()
        except BaseException as error:  # the supervision boundary
            self.remove_source(socket)
            owner = getattr(reader, "__self__", None)
            if owner is None or not hasattr(owner, "box"):
                raise
            self.contain(owner, None, error)

    def post(self, box: Mailbox, _message: Any) -> None:
        """There are no other threads in a simulation."""
        raise InvariantViolation(f"{box.name}: mail from another thread in a simulation")
