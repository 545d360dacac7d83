"""The base actor: pykka's Actor with its three traps closed.

A BaseException ends only its own actor; an exception in an `ask` goes to the
asker and ends the actor as a tell's would; `on_start` that fails is seen by
the spawner. pykka's extension points are overridden, so that `ActorRef`,
`ActorRegistry` and futures stay pykka's own.
"""

from __future__ import annotations

from threading import get_ident
from typing import Any, ClassVar

import pykka

from actors.deaths import NORMAL, Cause, LinkBroken, Reason
from actors.executor import Reply
from actors.mailbox import Ask, Fault, Inbox, Stop
from actors.timers import TimerHandle
from domain.errors import InvariantViolation, require


class Ended:
    """What pykka asks whether an actor has ended; nobody waits for it.

    An Event of threading weighs 1.2 KiB, and a pair is three actors.
    """

    __slots__ = ("_is",)

    def __init__(self) -> None:
        self._is = False

    def is_set(self) -> bool:
        return self._is

    def set(self) -> None:
        self._is = True


class Actor(pykka.Actor):
    """An actor with a name, on whichever dispatcher spawned it.

    `HANDLERS` maps a message class to the name of the method that takes it;
    subclasses add to it. `on_start`, `on_stop`, `on_failure` are pykka's.

    Thread: all hooks and handlers run in the executor's thread; `__init__`
    too, except for a pinned actor's, which runs in its spawner's.
    """

    HANDLERS: ClassVar[dict[type, str]] = {}
    PINNED: ClassVar[bool] = False  # True: blocks, so a thread of its own
    HANG_NS: ClassVar[int] = 30_000_000_000  # a pinned one that is at one message for so long is given up as hung
    AGAIN: ClassVar[frozenset[type]] = frozenset()
    """Messages that a raised actor is given again after a crash on them.

    Their handlers must do no harm the second time. The third crash on the same
    one puts it aside.
    """
    routes: ClassVar[dict[type, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Resolve the routing once a class; a wrong name fails here."""
        super().__init_subclass__(**kwargs)
        names: dict[type, str] = {}
        for base in reversed(cls.__mro__):
            names.update(base.__dict__.get("HANDLERS", {}))
        missing = [name for name in names.values() if not callable(getattr(cls, name, None))]
        require(not missing, f"{cls.__name__}.HANDLERS names methods that are not there: {missing}")
        cls.routes = {message: getattr(cls, name) for message, name in names.items()}

    def __init__(self, runtime: Any, name: str) -> None:
        self.runtime = runtime
        self.name = name
        self.clock = runtime.clock
        self.box = runtime.reserve(name)
        self.epoch = self.box.epoch
        self.live = True
        super().__init__()
        self.actor_urn = self.actor_ref.actor_urn = name  # of those that live it is the only one
        self.actor_stopped = self.actor_ref.actor_stopped = Ended()

    # ------------------------------------------------ for subclasses

    def tell(self, name: str, message: Any) -> None:
        """Enqueue at `name`; from a dead incarnation it does nothing."""
        if not self.live:
            return
        box = self.runtime.boxes.get(name)
        if box is None:
            self.runtime.dead_letter(name, message)
        elif box.executor is self.box.executor and get_ident() == box.executor.thread_id:
            box.accept(message)
        else:
            box.put(message)

    def after_ns(self, delay_ns: int, message: Any) -> TimerHandle:
        """Get `message` in the own timer lane, unless cancelled or dead."""
        handle = TimerHandle(self, message)
        if self.live:
            self.box.executor.timers.add(self.clock.mono_ns() + delay_ns, handle)
        return handle

    def stash(self, message: Any) -> None:
        """Put an order event or a command off until `unstash`.

        A crash or an end before that gives order events back to the mailbox,
        where they wait for who is raised next; commands are dead letters.

        Raises: MailboxOverflow past STASH_MOST; InvariantViolation for quotes
        and timers, which are not to be kept.
        """
        self.box.stash(message)

    def unstash(self) -> None:
        """Take what was put off before anything else, in its order."""
        self.box.unstash()
        self.box.executor.wake_box(self.box)

    def exit(self, reason: Reason = NORMAL) -> None:
        """End now, after this handler: `on_stop` runs, nothing more does."""
        self.runtime.finish(self, reason)

    def on_stop_asked(self, _reason: Reason) -> bool:
        """May return False to stop later, by `exit`, within shutdown_ms."""
        return True

    def on_killed(self) -> None:
        """The name was taken from this actor, which did not stop in time.

        Thread: the killer's, not the actor's own.
        """

    def bears(self, _error: BaseException) -> bool:
        """Whether a turn that this error ended has left it as it was: it goes on, and is not raised anew."""
        return False

    def on_receive(self, message: Any) -> Any:
        """Messages without a handler are dead letters, counted and kept."""
        self.runtime.dead_letter(self.name, message)

    # ------------------------------------------------ pykka's extension points

    def _create_actor_inbox(self) -> Inbox:
        return Inbox(self.box, self.epoch)

    @staticmethod
    def _create_future() -> Reply:
        return Reply()

    def _start_actor_loop(self) -> None:
        self.box.executor.start(self)

    def _handle_receive(self, message: Any) -> Any:
        """Whatever the executor's own look-up in `routes` did not settle."""
        kind = message.__class__
        route = self.routes.get(kind)
        if route is not None:
            return route(self, message)
        if kind is Ask:
            value = self._handle_receive(message.message)
            message.reply.set(value)
            return None
        if kind is Stop:
            if self.on_stop_asked(message.reason):
                self.exit(message.reason)
            return None
        if kind is Fault:
            raise message.error
        if kind is LinkBroken:
            self.exit(message.reason)
            return None
        return super()._handle_receive(message)

    def _stop(self) -> None:
        """Finish normally: what pykka's stop message means."""
        self.exit(NORMAL)

    def _handle_failure(self, _kind: Any, value: BaseException | None, _traceback: Any) -> None:
        """Bury instead of logging: the lane never logs."""
        self.runtime.bury(self, Reason(Cause.CRASH, value))

    def _actor_loop(self) -> None:
        raise InvariantViolation("pykka's own loop is not used: executors take turns")
