"""The supervisor: starts children in order, restarts, gives up, stops.

Stopping is one sequence, used by restarts of a group and by the supervisor's
own end: children in reverse order, one at a time, each asked to stop, killed
when its time is up; what follows waits for the last Down.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from actors.base import Actor
from actors.deaths import FENCED, SHUTDOWN, Cause, Down, Reason, dependency
from actors.mailbox import Lane
from actors.runtime import StartFailed
from domain.errors import HedgerowError
from supervisors.changing import Changing
from supervisors.children import Child, Phase
from supervisors.policy import NS_A_MS, admit, delay_ns, next_attempt, restarted_with, wants_restart
from supervisors.spec import (
    AutoShutdown,
    ChildSpec,
    GivingUp,
    Restart,
    Strategy,
    SupervisorSpec,
    check,
    child_problems,
)


class GaveUp(HedgerowError):
    """A child exceeded its supervisor's restart intensity."""


class StartAgain:
    """The backoff's delay is over: start these children."""

    __slots__ = ("names",)
    lane: ClassVar[Lane] = Lane.TIMERS

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names


class TimeUp:
    """A child's time to stop is over: kill it."""

    __slots__ = ("epoch", "name")
    lane: ClassVar[Lane] = Lane.TIMERS

    def __init__(self, name: str, epoch: int) -> None:
        self.name = name
        self.epoch = epoch


class Overdue:
    """The supervisor's time to stop all its children is over."""

    __slots__ = ()
    lane: ClassVar[Lane] = Lane.TIMERS


class Supervisor(Changing, Actor):
    """Keeps its children as its spec says.

    A start failure at boot ends the supervisor's own start, unless the spec has
    a backoff: then it is tried again like any restart.

    Thread: its children's too, except for pinned ones.
    """

    HANDLERS = {Down: "on_down", StartAgain: "on_start_again", TimeUp: "on_time_up", Overdue: "on_overdue"}

    def __init__(self, runtime: Any, name: str, spec: SupervisorSpec) -> None:
        super().__init__(runtime, name)
        check(spec, name)
        self.spec = spec
        self.children = [Child(child) for child in spec.children]
        self.histories: dict[str, tuple[int, ...]] = {}
        self.ending: Reason | None = None
        self._to_stop: list[Child] = []
        self._late: list[tuple[Child, Reason]] = []  # ended while others were being stopped
        self._then: Callable[[], None] | None = None
        self._why = SHUTDOWN

    # ------------------------------------------------ life

    def on_start(self) -> None:
        for child in self.children:
            try:
                self._start(child)
            except StartFailed as error:
                if self.spec.backoff is None:
                    self.on_stop()
                    raise
                self._restart_later(child, error.reason, 1)
                if self.spec.strategy is not Strategy.ONE_FOR_ONE:
                    return  # the rest starts with its group

    def on_stop_asked(self, reason: Reason) -> bool:
        """Stop the children first, in reverse order."""
        if self.ending is None:
            self._end(reason)
        return False

    def on_stop(self) -> None:
        """Leave nobody behind, however this end came about."""
        for child in reversed(self.children):
            self._forsake(child)

    def on_failure(self, *_error: Any) -> None:
        self.on_stop()

    def on_killed(self) -> None:
        self.on_stop()

    def _forsake(self, child: Child) -> None:
        """End a child without waiting: there is nobody to wait."""
        self.runtime.demonitor(child.name, self.name)
        box = self.runtime.boxes.get(child.name)
        actor = None if box is None else box.actor
        child.phase = Phase.STOPPED
        if actor is None:
            return
        if box.executor is self.box.executor:
            self.runtime.finish(actor, SHUTDOWN)
        else:
            self.runtime.stop(child.name)

    def _end(self, reason: Reason) -> None:
        """Stop all children, then be gone with `reason`."""
        self.ending = reason
        if self.spec.stop_ms is not None:
            self.after_ns(self.spec.stop_ms * NS_A_MS, Overdue())
        self._stop_then(self.children, lambda: self.exit(reason))

    # ------------------------------------------------ dynamic children

    def add_child(self, spec: ChildSpec) -> str:
        """Start one more child, last in order; "" or why not.

        Thread: the supervisor's own: a port that its neighbours call.
        """
        problems = child_problems(spec, self.spec)
        if self.ending is not None:
            problems.append(f"{self.name} is stopping")
        if self.find(spec.name) is not None or self.runtime.alive(spec.name):
            problems.append(f"the name {spec.name!r} is used already")
        if problems:
            return "; ".join(problems)
        child = Child(spec, dynamic=True)
        try:
            self._start(child)
        except StartFailed as error:
            return str(error)
        self.children.append(child)
        return ""

    def drop_child(self, name: str) -> None:
        """Stop a child for good; its Down says when it is gone."""
        child = self.find(name)
        if child is None:
            return
        child.dropping = True
        self._stop(child)
        if child.phase is not Phase.STOPPING:
            self._drop(child)

    def why_no_restart(self, name: str) -> str:
        """Why an operator can't have that child restarted now; "" if he can."""
        if self.find(name) is None:
            return f"{self.name} has no child {name!r}"
        if self.ending is not None:
            return f"{self.name} is stopping"
        if self._then is not None:
            return f"{self.name} is stopping {', '.join(child.name for child in self._to_stop)} just now: ask once more"
        return ""

    def restart_child(self, name: str, reason: Reason) -> str:
        """Stop it and who goes with it, start them at once; "" or why not.

        It counts for no intensity, and ends a wait for the backoff. Thread:
        the supervisor's own: a port that its neighbours call.
        """
        problem = self.why_no_restart(name)
        if not problem:
            child = self.find(name)
            child.given_up, child.attempt = False, 0
            self.runtime.log("restart_asked", child=name, reason=repr(reason))
            self._restart_group(child, 0, reason)
        return problem

    def find(self, name: str) -> Child | None:
        """The child of that name."""
        return next((child for child in self.children if child.name == name), None)

    # ------------------------------------------------ starting

    def _start(self, child: Child) -> None:
        cls, args = child.spec.start
        child.phase = Phase.STARTING
        child.started_ns = self.clock.mono_ns()  # before it: a start that fails is no long life
        if self.runtime.alive(child.name):  # a former supervisor's, which could not wait for its end
            self.runtime.kill(child.name, FENCED)
        address = self.runtime.spawn(cls, child.name, *args)
        child.phase = Phase.RUNNING
        child.epoch = address.epoch
        self.runtime.monitor(child.name, self.name)

    def on_start_again(self, message: StartAgain) -> None:
        if self.ending is not None:
            return
        for name in message.names:
            child = self.find(name)
            if child is None or child.phase is not Phase.WAITING or child.ticket is not message:
                continue
            try:
                self._start(child)
            except StartFailed as error:
                self._restart_later(child, error.reason, 1)
                return

    # ------------------------------------------------ a child has ended

    def on_down(self, down: Down) -> None:
        child = self.find(down.name)
        if child is None or child.epoch != down.epoch or child.phase in (Phase.WAITING, Phase.STOPPED):
            return
        asked = child.phase is Phase.STOPPING
        child.ended(down.reason)
        if child.dropping:
            self._drop(child)
        elif not asked and (self._then is None or child not in self._to_stop):
            self._late.append((child, down.reason))
        self._stop_next()
        while self._late and self._then is None and self.ending is None:
            self._ended_by_itself(*self._late.pop(0))

    def _ended_by_itself(self, child: Child, reason: Reason) -> None:
        if wants_restart(child.spec.restart, reason):
            self._restart_later(child, reason)
            return
        if child.dynamic or child.spec.restart is Restart.TEMPORARY:
            self._drop(child)
        if child.spec.significant and self._shuts_down():
            self._end(SHUTDOWN)

    def _shuts_down(self) -> bool:
        """True when the ended significant child was the one to wait for."""
        if self.spec.auto_shutdown is AutoShutdown.ANY:
            return True
        left = [child for child in self.children if child.spec.significant and child.phase is Phase.RUNNING]
        return self.spec.auto_shutdown is AutoShutdown.ALL and not left

    def _restart_later(self, child: Child, reason: Reason, wait_ns: int = 0) -> None:
        """Count, wait as the backoff says, start the group again."""
        child.ended(reason)
        now_ns = self.clock.mono_ns()
        counted = self.spec.counted_by(child.name)
        admitted = admit(self.histories.get(counted, ()), now_ns, self.spec.intensity, self.spec.period_ms)
        if admitted is None:
            self._give_up(child, reason)
            return
        self.histories[counted] = admitted
        if self.spec.backoff is not None:
            wait_ns = delay_ns(self.spec.backoff, child.attempt, self.runtime.chance)
            child.attempt = next_attempt(child.attempt, now_ns - child.started_ns, self.spec.backoff)
        self.runtime.log("restart", child=child.name, reason=repr(reason), wait_ms=wait_ns // NS_A_MS)
        self._restart_group(child, wait_ns, dependency(child.name, reason))

    def _restart_group(self, child: Child, wait_ns: int, reason: Reason = SHUTDOWN) -> None:
        specs = tuple(each.spec for each in self.children)
        indices = restarted_with(self.spec.strategy, specs, self.children.index(child))
        group = [self.children[index] for index in indices]
        self._stop_then(group, lambda: self._start_group(group, wait_ns), reason)

    def _start_group(self, group: list[Child], wait_ns: int) -> None:
        for child in group:
            if child.spec.restart is Restart.TEMPORARY:
                self._drop(child)
        again = [each for each in group if each in self.children and each.phase is Phase.STOPPED and not each.given_up]
        message = StartAgain(tuple(child.name for child in again))
        for child in again:
            child.phase, child.ticket = Phase.WAITING, message
        if wait_ns:
            self.after_ns(wait_ns, message)
        else:
            self.on_start_again(message)

    def _give_up(self, child: Child, reason: Reason) -> None:
        """Ask first: a child with open exposure is never dropped."""
        if not self.spec.may_give_up(child.name, reason):
            self.runtime.log("giving_up_refused", child=child.name, reason=repr(reason))
            self._restart_group(child, self.spec.hold_ms * NS_A_MS)
            return
        self.runtime.log("gave_up", child=child.name, reason=repr(reason))
        if self.spec.giving_up is GivingUp.DROP:
            child.given_up = True
            self.spec.on_gave_up(child.name, reason)
            return
        error = GaveUp(f"{self.name}: {child.name} ended more than {self.spec.intensity} times: {reason!r}")
        self._end(Reason(Cause.CRASH, error))

    def _drop(self, child: Child) -> None:
        if child in self.children:
            self.children.remove(child)

    # ------------------------------------------------ stopping in order

    def _stop_then(self, children: list[Child], then: Callable[[], None], reason: Reason = SHUTDOWN) -> None:
        """Stop these, last first, one after the other; then go on."""
        self._to_stop = list(children)
        self._why = reason
        self._then = then
        self._stop_next()

    def _stop_next(self) -> None:
        while self._to_stop:
            child = self._to_stop[-1]
            if child.phase is Phase.RUNNING:
                self._stop(child)
            if child.phase is Phase.STOPPING:
                return  # its Down brings us back
            if child.phase is Phase.WAITING:
                child.phase = Phase.STOPPED
            self._to_stop.pop()
        then, self._then, self._why = self._then, None, SHUTDOWN
        if then is not None:
            then()

    def _stop(self, child: Child) -> None:
        """Ask one child to stop, and set its time."""
        if child.phase is not Phase.RUNNING:
            return
        child.phase = Phase.STOPPING
        limit_ms = child.spec.shutdown_ms
        if limit_ms == 0:
            self.runtime.kill(child.name)
            return
        self.runtime.stop(child.name, self._why)
        if limit_ms is not None:
            self.after_ns(limit_ms * NS_A_MS, TimeUp(child.name, child.epoch))

    def on_time_up(self, message: TimeUp) -> None:
        child = self.find(message.name)
        if child is not None and child.epoch == message.epoch and child.phase is Phase.STOPPING:
            self.runtime.log("shutdown_timeout", child=child.name, after_ms=child.spec.shutdown_ms)
            self.runtime.kill(child.name)

    def on_overdue(self, _message: Overdue) -> None:
        """The time for all together is over: nobody is asked any more."""
        self.runtime.log("stop_overdue", supervisor=self.name, after_ms=self.spec.stop_ms)
        for child in reversed(self.children):
            if child.phase in (Phase.RUNNING, Phase.STOPPING):
                child.phase = Phase.STOPPING
                self.runtime.kill(child.name)

    # ------------------------------------------------ looking in

    def rows(self) -> list[dict[str, Any]]:
        """One row a child, for `tree`."""
        return [child.row() for child in self.children]
