"""What the three dispatchers share: taking turns in one thread.

An executor owns a thread, its ready mailboxes and its timers. The lane is one
executor, the simulation is one, each pinned actor has one of its own.
"""

from __future__ import annotations

from collections import deque
from threading import get_ident
from typing import TYPE_CHECKING, Any

from pykka import ThreadingFuture

from actors.held import Held
from actors.mailbox import Ask, Mailbox
from actors.timers import Timers
from domain.errors import HedgerowError, InvariantViolation
from system.clock import chance

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime import Runtime
    from domain.ports import Clock

MESSAGES_A_TURN = 16
SLOW_TURN_NS = 10_000_000

_running: set[int] = set()  # threads inside a lane's or a simulation's lap


def waits_for_nobody() -> bool:
    """Whether the present thread is inside a lap, where nothing may block."""
    return get_ident() in _running


class Reply(ThreadingFuture[Any]):
    """pykka's future, except that the lane may not wait for one."""

    def get(self, *, timeout: float | None = None) -> Any:
        """Wait; raises in a lane's own thread, which would hang on it."""
        if waits_for_nobody():
            raise InvariantViolation("Future.get() on the lane: use tell and a reply message")
        return super().get(timeout=timeout)

    def done(self) -> bool:
        """True once a value or an exception is set."""
        return self._result is not None


class Executor:
    """Base: runs one mailbox's turn, contains whatever leaves a handler."""

    kind = "executor"
    incoming: Any = ()
    """Mail from other threads that its one actor has not sorted yet."""
    abandons = False  # True: an actor may be killed from another thread

    def __init__(self, clock: Clock, seed: int | None = None) -> None:
        self.clock = clock
        self.chance = chance(seed)
        self.thread_id = get_ident()
        self.ready: deque[Mailbox] = deque()
        self.again = self.ready  # where a mailbox goes that has had its turn and has mail left
        self.timers = Timers()
        self.runtime: Runtime | None = None

    # ------------------------------------------------ what a dispatcher offers

    def executor_for(self, _name: str) -> Executor:
        """The executor on which an actor of that name will run."""
        return self

    def for_blocking(self) -> Any:
        """The dispatcher for actors that block."""
        return self

    def post(self, box: Mailbox, _message: Any) -> None:
        """Mail from another thread."""
        raise InvariantViolation(f"{self.kind}: no post for {box.name}")

    def forget(self, actor: Any) -> None:
        """`actor` is dead: drop what the executor holds of it."""

    def hand_over(self, box: Mailbox, message: Any) -> None:
        """Tell a neighbour, which takes its turn at once where turns may nest."""
        box.put(message)

    def flush(self) -> None:
        """Run who has mail now, where that is this executor's to decide."""

    def pump(self, _done: Callable[[], bool], _timeout_ns: int) -> None:
        """Work in this thread until `done`, at most that long."""
        raise InvariantViolation(f"{self.kind}: an actor cannot wait for itself")

    def start(self, actor: Any) -> None:
        """Put the new actor in its mailbox and run its `on_start` here.

        Raises: what `on_start` raises; the actor is buried by then.
        """
        if get_ident() != self.thread_id:
            raise InvariantViolation(f"{actor.name}: spawn it in its dispatcher's own thread")
        box = actor.box
        box.actor = actor
        try:
            actor.on_start()
        except HedgerowError as error:
            if not self._borne(actor, error):
                raise
        self.wake_box(box)

    def wake_box(self, box: Mailbox) -> None:
        """Give a turn to a mailbox in which mail waited for its owner."""
        if not box.is_ready and box.has_mail():
            box.is_ready = True
            self.ready.append(box)

    # ------------------------------------------------ turns

    def turn(self, box: Mailbox, limit: int = MESSAGES_A_TURN) -> None:
        """Run up to `limit` of the mailbox's messages to completion."""
        actor = box.actor
        if actor is None or box.executor is not self:  # dead, suspended, or moved to another dispatcher
            box.is_ready = False
            if actor is not None and box.executor.__class__ is Held:
                self._control_alone(box, actor)
            return
        find = actor.routes.get
        take = box.take
        message = None
        count = 0
        try:
            while count < limit:
                message = take()
                if message is None:
                    break
                count += 1
                handler = find(message.__class__)
                if handler is not None:
                    handler(actor, message)
                else:
                    actor._handle_receive(message)
                if not actor.live:
                    break
        except BaseException as error:  # the supervision boundary
            self.contain(actor, message, error)
        box.handled += count
        if count > box.most:
            box.most = count
        if message is None and actor.live:  # nothing has run since the mailbox was found empty
            box.is_ready = False
        elif actor.live and box.has_mail():
            self.again.append(box)
            box.most = max(box.most, count + box.depth())
        else:
            box.is_ready = False
            if box.actor is not None:
                self.wake_box(box)  # raised again within this very turn

    def _control_alone(self, box: Mailbox, actor: Any) -> None:
        """A suspended actor's turn."""
        while box.control and actor.live and box.executor is not self:
            message = box.control.pop(0)
            try:
                actor._handle_receive(message)
            except BaseException as error:  # the supervision boundary
                self.contain(actor, message, error)
            box.handled += 1

    def resumed(self, box: Mailbox) -> None:
        """A suspended actor's mailbox is this executor's again."""
        self.wake_box(box)

    def contain(self, actor: Any, message: Any, error: BaseException) -> None:
        """Crash that one actor, unless it bears the error; then hand that to whoever asked."""
        if not self._borne(actor, error):
            self.runtime.crash(actor, message, error)
        if message.__class__ is Ask and not message.reply.done():
            message.reply.set_exception((type(error), error, error.__traceback__))

    def _borne(self, actor: Any, error: BaseException) -> bool:
        """Whether the actor goes on after a turn that has changed nothing."""
        borne = actor.bears(error)
        if borne:
            self.runtime.log("turn_given_up", actor=actor.name, error=repr(error))
        return borne

    def entered(self) -> None:
        """Mark this thread as inside a lap: it may not wait on futures."""
        _running.add(self.thread_id)

    def left(self) -> None:
        """The lap is over."""
        _running.discard(self.thread_id)

    @property
    def in_lap(self) -> bool:
        """True while this executor's thread is inside a lap."""
        return self.thread_id in _running
