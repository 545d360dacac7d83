"""Children that are others from now on, in one turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.deaths import SHUTDOWN, Reason
from actors.runtime import StartFailed
from domain.errors import require
from supervisors.children import Child, Phase
from supervisors.spec import ChildSpec, SupervisorSpec


class Changing:
    """The part of a supervisor that its neighbours change. Thread: its own."""

    name: str
    runtime: Any
    box: Any
    children: list[Child]
    histories: dict[str, tuple[int, ...]]
    ending: Reason | None
    find: Callable[[str], Child | None]
    _then: Any
    _start: Callable[[Child], None]
    _restart_later: Callable[[Child, Reason, int], None]

    @property
    def is_stopping(self) -> bool:
        """Whether it waits for a child's end just now: nothing is changed then."""
        return self.ending is not None or self._then is not None

    def respec(self, specs: tuple[ChildSpec, ...]) -> None:
        """The next incarnations of these children start so; the present ones stay."""
        there = {child.spec.name: child for child in self.children}
        for spec in specs:
            child = there.get(spec.name)
            if child is not None:
                child.spec = spec

    def swap(self, specs: tuple[ChildSpec, ...]) -> None:
        """End the children of these names and start them so, in order.

        In this very turn: order events wait in their mailboxes meanwhile, as
        over any restart. A name that is new becomes a child, the last.
        Raises: StartFailed, with those before it started, it and the rest down.
        """
        require(not self.is_stopping, f"{self.name} is stopping children")
        found = [self.find(spec.name) for spec in specs]
        for child in reversed([child for child in found if child is not None]):
            self._end_now(child)
        for spec, child in zip(specs, found, strict=True):
            fresh = child or Child(spec)
            fresh.spec, fresh.given_up = spec, False
            if child is None:
                self.children.append(fresh)
            self._start(fresh)

    def instead(self, spec: ChildSpec, others: tuple[str, ...]) -> None:
        """Put another in the place of a child that was given up, and end `others`.

        One that does not start is tried again, as after a crash.
        """
        self.cut(others)
        try:
            self.swap((spec,))
        except StartFailed as error:
            self._restart_later(self.find(spec.name), error.reason, 1)

    def forgive(self, counted: str) -> None:
        """Restarts so far of those that are counted by this word count no more."""
        self.histories.pop(counted, None)

    def cut(self, names: tuple[str, ...]) -> None:
        """End these children for good, the last first."""
        going = [child for child in self.children if child.spec.name in names]
        for child in reversed(going):
            self._end_now(child)
        if going:
            self.children = [child for child in self.children if child not in going]

    def _end_now(self, child: Child) -> None:
        self.runtime.demonitor(child.name, self.name)
        box = self.runtime.mailbox(child.name)
        child.phase = Phase.STOPPED
        if box.actor is not None and box.executor is self.box.executor:
            self.runtime.finish(box.actor, SHUTDOWN)
        elif box.actor is not None:  # pinned: its thread ends by itself
            self.runtime.kill(child.name, SHUTDOWN)


def respec_below(runtime: Any, name: str, spec: SupervisorSpec) -> None:
    """The tree under a supervisor as `spec` has it, from each one's next start on."""
    box = runtime.boxes.get(name)
    if box is not None and box.actor is not None:
        box.actor.respec(spec.children)
    for child in spec.children:
        if child.start[1] and isinstance(child.start[1][0], SupervisorSpec):
            respec_below(runtime, child.name, child.start[1][0])
