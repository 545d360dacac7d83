"""How an actor can end, and the notice that its watchers get."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from actors.mailbox import Lane
from domain.errors import HedgerowError


class Cause(StrEnum):
    """Why an actor ended."""

    NORMAL = "normal"  # it finished by itself
    SHUTDOWN = "shutdown"  # it was asked to stop
    CRASH = "crash"  # an exception left one of its handlers
    START_FAILED = "start_failed"  # __init__ or on_start raised
    OPERATOR = "operator"  # a person had it started anew
    DEPENDENCY = "dependency"  # what it depends on ended: its link, or one that it is started again with
    KILLED = "killed"  # it did not stop in its time and was abandoned
    HUNG = "hung"  # it did not come back from a message and was abandoned
    FENCED = "fenced"  # its name was given to a later one while it still ran
    UNKNOWN_NAME = "unknown_name"  # there was never an actor of that name


class Reason:
    """One death: its cause, and for a crash the error and the message.

    `note`: for a person's word, who and why.
    """

    __slots__ = ("cause", "error", "message", "note")

    def __init__(self, cause: Cause, error: BaseException | None = None, message: Any = None, note: str = "") -> None:
        self.cause = cause
        self.note = note
        self.error = error
        self.message = message

    @property
    def abnormal(self) -> bool:
        """True when a transient child is to be started again."""
        return self.cause not in (Cause.NORMAL, Cause.SHUTDOWN)

    def __repr__(self) -> str:
        if self.note:
            return f"{self.cause.value}({self.note})"
        return f"{self.cause.value}({self.error!r})" if self.error is not None else self.cause.value


class DependencyEnded(HedgerowError):
    """Says of whom the end was."""


NORMAL = Reason(Cause.NORMAL)
SHUTDOWN = Reason(Cause.SHUTDOWN)
KILLED = Reason(Cause.KILLED)
HUNG = Reason(Cause.HUNG)
FENCED = Reason(Cause.FENCED)
UNKNOWN_NAME = Reason(Cause.UNKNOWN_NAME)


def dependency(name: str, reason: Reason) -> Reason:
    """What ends those who depend on `name`, which ended so."""
    return Reason(Cause.DEPENDENCY, DependencyEnded(f"{name}: {reason!r}"))


class Down:
    """`name` of that epoch has ended; sent once to each of its watchers.

    It goes in the order lane: in control it would overtake the last report
    that the dead actor sent, and a leg would be repaired twice.
    """

    __slots__ = ("epoch", "name", "reason")
    lane: ClassVar[Lane] = Lane.ORDERS

    def __init__(self, name: str, epoch: int, reason: Reason) -> None:
        self.name = name
        self.epoch = epoch
        self.reason = reason

    def __repr__(self) -> str:
        return f"Down({self.name!r}, {self.epoch}, {self.reason!r})"


class LinkBroken:
    """Ends its receiver: what it was linked to has ended.

    In the order lane for the same reason as Down.
    """

    __slots__ = ("reason",)
    lane: ClassVar[Lane] = Lane.ORDERS

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
