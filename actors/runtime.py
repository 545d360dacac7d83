"""The runtime: names, spawning, telling, watching and burying actors."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import RLock, get_ident
from typing import Any

from pykka import ActorDeadError, ActorRegistry, Timeout

from actors.base import Actor
from actors.deaths import KILLED, SHUTDOWN, UNKNOWN_NAME, Cause, Down, LinkBroken, Reason, dependency
from actors.executor import Executor, Reply
from actors.held import Held
from actors.mailbox import Ask, Mailbox, Stop
from actors.names import Address, Link
from domain.errors import HedgerowError, InvariantViolation, require

LOG_EVENTS_MOST = 8_192
DEAD_LETTERS_MOST = 256
QUARANTINED_MOST = 256
CRASHES_MOST = 3
"""So many crashes on one message put it aside, with the message kept."""


class StartFailed(HedgerowError):
    """An actor's __init__ or on_start raised; `reason.error` says what."""

    def __init__(self, name: str, reason: Reason) -> None:
        super().__init__(f"{name} did not start: {reason.error!r}")
        self.name = name
        self.reason = reason


class Runtime:
    """All actors of one process, by name.

    Thread: `tell`, `stop`, `log`, `snapshot`, `monitor` any; `spawn` of a lane
    actor in the lane's own thread only.
    """

    def __init__(self, dispatcher: Any, clock: Any) -> None:
        self.clock = clock
        self.dispatcher = dispatcher
        self.chance = dispatcher.chance
        self.blocking = dispatcher.for_blocking()
        self.boxes: dict[str, Mailbox] = {}
        self.events: deque[tuple[int, str, dict[str, Any]]] = deque(maxlen=LOG_EVENTS_MOST)
        self.events_dropped = 0
        self.dead_letters: deque[tuple[str, str]] = deque(maxlen=DEAD_LETTERS_MOST)
        self.dead_letter_count = 0
        self.quarantined: deque[tuple[str, Any, BaseException]] = deque(maxlen=QUARANTINED_MOST)
        self.on_quarantine: Callable[[str, Any, BaseException], None] | None = None
        self._lock = RLock()
        self._held: set[str] = set()
        """Who was suspended and not resumed; a restart ends a suspension too."""
        for each in (dispatcher, self.blocking):
            each.runtime = self

    # ------------------------------------------------ reaching actors

    def tell(self, name: str, message: Any) -> None:
        """Enqueue at `name`; never raises; unknown names are dead letters."""
        box = self.boxes.get(name)
        if box is None:
            self.dead_letter(name, message)
        else:
            box.put(message)

    def ask(self, name: str, message: Any, timeout_s: float = 5.0) -> Any:
        """Tell and wait for the answer: for tools and tests.

        Raises: what the handler raised, ActorDeadError, pykka.Timeout.
        """
        box = self.boxes.get(name)
        if box is None:
            raise ActorDeadError(f"{name} is not running")
        executor = box.executor
        reply = Reply()
        if get_ident() == executor.thread_id:
            if executor.in_lap:
                raise InvariantViolation(f"ask({name!r}) on the lane: use tell and a reply message")
            box.put(Ask(message, reply))
            executor.pump(reply.done, int(timeout_s * 1e9))
            if not reply.done():
                raise Timeout(f"{name}: no answer in {timeout_s} s")
        else:
            box.put(Ask(message, reply))
        return reply.get(timeout=timeout_s)

    def address(self, name: str) -> Address:
        """Whoever bears `name`, now or later: the fast way to tell often."""
        return Address(self.reserve(name))

    def mailbox(self, name: str) -> Mailbox:
        """The name's mailbox. Raises: InvariantViolation where there is none."""
        box = self.boxes.get(name)
        if box is None:
            raise InvariantViolation(f"nobody bears the name {name!r}, and nobody has reserved it")
        return box

    def reserve(self, name: str) -> Mailbox:
        """The name's mailbox, made where there is none.

        For an actor that will be started: order events wait there until then.
        """
        box = self.boxes.get(name)
        if box is None:
            with self._lock:
                box = self.boxes.get(name) or Mailbox(self, name, self.dispatcher.executor_for(name))
                self.boxes[name] = box
        return box

    # ------------------------------------------------ life

    def spawn(self, cls: type[Actor], name: str, *args: Any, dispatcher: Any = None, **kwargs: Any) -> Address:
        """Start an actor under `name`; its order lane may hold mail already.

        Raises: StartFailed; only where a lane's lap starts a pinned actor, for
        which it does not wait, a failing `on_start` is a Down for its watchers.
        """
        box = self.reserve(name)
        require(box.actor is None, f"{name} is running already (epoch {box.epoch})")
        where = dispatcher or (self.blocking if cls.PINNED else self.dispatcher)
        executor: Executor = where.executor_for(name)
        executor.runtime = self
        with self._lock:
            if box.executor is not executor:
                box.executor = executor
                box.is_ready = False
            box.epoch += 1
            box.actor_class = cls
            box.started_ns = self.clock.wall_ns()
        try:
            cls.start(self, name, *args, **kwargs)
        except BaseException as error:
            reason = Reason(Cause.START_FAILED, error)
            if box.actor is not None:
                self.bury(box.actor, reason)
            else:
                self._note_end(box, reason)
                self.log("actor_down", actor=name, epoch=box.epoch, reason=reason)
            raise StartFailed(name, reason) from error
        return Address(box, box.epoch)

    def stop(self, name: str, reason: Reason = SHUTDOWN) -> None:
        """Ask it to stop; it may take its time, watchers see it Down."""
        self.tell(name, Stop(reason))

    def kill(self, name: str, reason: Reason = KILLED) -> None:
        """Take the name from its actor at once, without `on_stop`.

        On the lane it is gone; a pinned one's thread is abandoned.
        """
        box = self.boxes.get(name)
        if box is None:
            return
        executor = box.executor
        require(executor.abandons or get_ident() == executor.thread_id, f"kill {name} in its own dispatcher's thread")
        actor = box.actor
        if actor is not None:
            self.bury(actor, reason)
            try:
                actor.on_killed()
            except BaseException as error:  # the supervision boundary
                self.log("on_killed_raised", actor=name, error=repr(error))

    def forget(self, name: str) -> None:
        """Drop a dead name; mail that waited for it is dead letters."""
        with self._lock:
            box = self.boxes.get(name)
            if box is None or box.actor is not None:
                return
            del self.boxes[name]
        box.close(keep_orders=False)

    def alive(self, name: str) -> bool:
        """True while an actor runs under `name`."""
        box = self.boxes.get(name)
        return box is not None and box.actor is not None

    # ------------------------------------------------ suspending

    def suspend(self, name: str, until_ns: int) -> None:
        """Give it nothing but its control lane, until then or `resume`.

        A restart ends it too. What comes meanwhile waits, within the bounds of
        its mailbox: a full lane that never drops crashes it.

        Thread: the lane's.
        """
        box = self.mailbox(name)
        require(box.actor is not None, f"{name} is not running")
        executor = box.executor
        if executor.__class__ is Held:
            executor.until_ns = until_ns
        else:
            box.executor = Held(executor, until_ns)
            self._held.add(name)
        self.log("suspended", actor=name, for_ms=(until_ns - self.clock.mono_ns()) // 1_000_000)

    def resume(self, name: str) -> bool:
        """Let it go on; False where it is not suspended. Thread: the lane's."""
        box = self.boxes.get(name)
        self._held.discard(name)
        held = None if box is None else box.executor
        if held.__class__ is not Held:
            return False
        box.executor = held.executor
        held.executor.resumed(box)
        self.log("resumed", actor=name)
        return True

    def resume_due(self) -> None:
        """End the suspensions whose time is over. Thread: the lane's."""
        now_ns = self.clock.mono_ns()
        for name, until_ns in self.suspended().items():
            if now_ns >= until_ns:
                self.resume(name)

    def suspended(self) -> dict[str, int]:
        """Who is, and until when (monotonic ns). Thread: any."""
        boxes = [box for name in list(self._held) if (box := self.boxes.get(name)) is not None and box.executor.__class__ is Held]
        return {box.name: box.executor.until_ns for box in boxes if box.actor is not None}

    # ------------------------------------------------ death

    def finish(self, actor: Actor, reason: Reason) -> None:
        """End an actor properly: `on_stop`, then burial.

        Thread: the actor's own.
        """
        if not actor.live:
            return
        try:
            actor.on_stop()
        except BaseException as error:  # the supervision boundary
            reason = Reason(Cause.CRASH, error)
        self.bury(actor, reason)

    def crash(self, actor: Actor, message: Any, error: BaseException) -> None:
        """End an actor whose handler raised: burial, then `on_failure`."""
        self.bury(actor, Reason(Cause.CRASH, error, message))
        if message.__class__ in actor.AGAIN:
            self._give_again(actor.box, message, error)
        try:
            actor.on_failure(type(error), error, error.__traceback__)
        except BaseException as second:  # the supervision boundary
            self.log("on_failure_raised", actor=actor.name, error=repr(second))

    def _give_again(self, box: Mailbox, message: Any, error: BaseException) -> None:
        """First in line for whoever is raised; put aside at its third crash."""
        if box.crashed_on(message) < CRASHES_MOST:
            box.again(message)
            return
        box.poison = (None, 0)
        self.quarantined.append((box.name, message, error))
        self.log("quarantined", actor=box.name, message=type(message).__name__, error=repr(error))
        if self.on_quarantine is not None:
            self.on_quarantine(box.name, message, error)

    def _note_end(self, box: Mailbox, reason: Reason) -> None:
        """Keep why and when, for whoever looks."""
        box.last_reason, box.ended_ns = reason, self.clock.wall_ns()
        if reason.cause in (Cause.CRASH, Cause.START_FAILED):
            box.last_error = reason.error

    def bury(self, actor: Actor, reason: Reason) -> None:
        """Take the name from `actor` and tell its watchers; once only.

        Thread: any.
        """
        box = actor.box
        with self._lock:
            if not actor.live:
                return
            actor.live = False
            box.actor = None
            self._note_end(box, reason)
            watchers, box.watchers = box.watchers, ()
        box.executor.forget(actor)
        ActorRegistry.unregister(actor.actor_ref)
        actor.actor_stopped.set()
        box.close(keep_orders=True)
        for watcher in watchers:
            watcher.tell(Down(box.name, actor.epoch, reason))
        self.log("actor_down", actor=box.name, epoch=actor.epoch, reason=reason)

    def monitor(self, name: str, watcher: str) -> None:
        """`watcher` gets one Down for `name`; at once if it is dead.

        The watcher's present incarnation only: raised again, it asks anew.
        """
        box = self.mailbox(watcher)
        down = self._watch(name, Address(box, box.epoch))
        if down is not None:
            box.put(down)

    def _watch(self, name: str, end: Address) -> Down | None:
        """Tell `end` of that death, once; the Down of one that is dead already."""
        target = self.boxes.get(name)
        with self._lock:
            if target is not None and target.actor is not None:
                others = (each for each in target.watchers if type(each) is not type(end) or each.name != end.name)
                target.watchers = (*others, end)  # instead of one from a former life
                return None
        epoch, reason = (target.epoch, target.last_reason) if target is not None else (0, None)
        return Down(name, epoch, reason or UNKNOWN_NAME)

    def link(self, one: str, other: str) -> None:
        """When one of them ends, the other does; a normal end apart.

        Of their present incarnations only. Linked to the dead it ends at once.
        """
        for name, end in ((one, other), (other, one)):
            box = self.mailbox(end)
            down = self._watch(name, Link(box, box.epoch))
            if down is not None:
                box.put(LinkBroken(dependency(name, down.reason)))

    def unlink(self, one: str, other: str) -> None:
        """Each outlives the other again."""
        self._unwatch(one, other, Link)
        self._unwatch(other, one, Link)

    def demonitor(self, name: str, watcher: str) -> None:
        """Take a monitor back; one that has fired already stays fired."""
        self._unwatch(name, watcher, Address)

    def _unwatch(self, name: str, watcher: str, kind: type[Address]) -> None:
        with self._lock:
            target = self.boxes.get(name)
            if target is not None:
                target.watchers = tuple(each for each in target.watchers if type(each) is not kind or each.name != watcher)

    # ------------------------------------------------ looking in

    def log(self, event: str, **values: Any) -> None:
        """Hand an event to the log actor; the oldest gives way when full.

        Thread: any. The lane never logs by itself.
        """
        if len(self.events) == LOG_EVENTS_MOST:
            self.events_dropped += 1
        self.events.append((self.clock.mono_ns(), event, values))

    def dead_letter(self, name: str, message: Any) -> None:
        """Count and keep the kind of a message that nobody will read."""
        self.dead_letter_count += 1
        self.dead_letters.append((name, type(message).__name__))

    def snapshot(self) -> list[dict[str, Any]]:
        """One row a name, for `ps`.

        Thread: any; a row is read without a lock and may be a message old.
        """
        return [_row(box) for box in list(self.boxes.values())]


def _row(box: Mailbox) -> dict[str, Any]:
    return {
        "path": box.name,
        "class": box.actor_class.__name__ if box.actor_class else "",
        "dispatcher": box.executor.kind,
        "alive": box.actor is not None,
        "epoch": box.epoch,
        "restarts": max(0, box.epoch - 1),
        "handled": box.handled,
        "mailbox": box.depths(),
        "last_reason": repr(box.last_reason) if box.last_reason else "",
    }
