"""A child as its supervisor sees it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from actors.deaths import Reason
from supervisors.spec import ChildSpec


class Phase(StrEnum):
    """Where a child is."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"  # asked, its Down is awaited
    WAITING = "restarting"  # it waits for the backoff's delay
    STOPPED = "stopped"


class Child:
    """Mutable state beside a child's spec."""

    __slots__ = (
        "attempt",
        "dropping",
        "dynamic",
        "epoch",
        "given_up",
        "last_reason",
        "phase",
        "spec",
        "started_ns",
        "ticket",
    )

    def __init__(self, spec: ChildSpec, *, dynamic: bool = False) -> None:
        self.spec = spec
        self.dynamic = dynamic  # not of the spec's own: gone when it has ended
        self.phase = Phase.STOPPED
        self.epoch = 0
        self.attempt = 0
        self.started_ns = 0
        self.last_reason: Reason | None = None
        self.ticket: object = None  # the StartAgain that it waits for
        self.given_up = False  # stays down when its group is started again
        self.dropping = False  # leaves the supervisor when it is down

    @property
    def name(self) -> str:
        """Its name, which outlives its actors."""
        return self.spec.name

    def ended(self, reason: Reason) -> None:
        """Note its end."""
        self.phase = Phase.STOPPED
        self.last_reason = reason

    def row(self) -> dict[str, Any]:
        """What `tree` shows of it."""
        return {
            "name": self.name,
            "class": self.spec.start[0].__name__,
            "restart": self.spec.restart.value,
            "phase": self.phase.value,
            "epoch": self.epoch,
            "last_reason": repr(self.last_reason) if self.last_reason else "",
        }
