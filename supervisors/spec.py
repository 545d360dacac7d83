"""Child specs: what a supervisor starts, and what it does when one ends.

The words are OTP's. A tree is literal tuples of these values; `check` walks
the whole of it before anything starts.

Source: OTP supervisor behaviour, "Child Specification", "Supervisor Flags".
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from inspect import signature
from typing import Any

from msgspec import Struct

from actors.base import Actor
from actors.deaths import Reason
from domain.errors import InvariantViolation

SHUTDOWN_MS = 5_000
INFINITE = None  # shutdown_ms of a child that may take its time: a supervisor


class Restart(StrEnum):
    """When a child that has ended is started again."""

    PERMANENT = "permanent"  # always
    TRANSIENT = "transient"  # when it ended otherwise than normal or shutdown
    TEMPORARY = "temporary"  # never


class Strategy(StrEnum):
    """Who is started again with it."""

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"


class AutoShutdown(StrEnum):
    """Which significant children end their supervisor by ending."""

    NEVER = "never"
    ANY = "any_significant"
    ALL = "all_significant"


class GivingUp(StrEnum):
    """What becomes of a child that exceeded the intensity."""

    ESCALATE = "escalate"  # the supervisor stops the others and crashes
    DROP = "drop"  # that child stays down, the others live on


class Backoff(Struct, frozen=True):
    """Delay before a restart: doubling from `first_ms`, with jitter.

    A child that lived `reset_ms` begins at `first_ms` again.
    """

    first_ms: int = 100
    most_ms: int = 30_000
    factor: float = 2.0
    jitter: float = 0.2  # the delay is drawn within +- that share
    reset_ms: int = 60_000


class ChildSpec(Struct, frozen=True):
    """One child: its name, its class and what its __init__ gets."""

    name: str
    start: tuple[type, tuple[Any, ...]]
    restart: Restart = Restart.PERMANENT
    shutdown_ms: int | None = SHUTDOWN_MS
    significant: bool = False


def always(_name: str, _reason: Reason) -> bool:
    """Any child may be given up; the default of `may_give_up`."""
    return True


def together(_name: str) -> str:
    """All children share one count; the default of `counted_by`."""
    return ""


def nothing(_name: str, _reason: Reason) -> None:
    """The default of `on_gave_up`."""


class SupervisorSpec(Struct, frozen=True):
    """A supervisor: strategy, restart intensity and children in order.

    More than `intensity` restarts within `period_ms` mean giving up (None: it
    never does, which wants a backoff), of children for which `counted_by(name)`
    is the same. `may_give_up(name, reason)` is asked before; False keeps the
    child, and it is tried again after `hold_ms`. Where it is dropped,
    `on_gave_up(name, reason)` is told, and may put others in its place. When
    the supervisor stops, what is left of its children after `stop_ms` is killed
    (None: only each child's own time counts).
    """

    children: tuple[ChildSpec, ...] = ()
    strategy: Strategy = Strategy.ONE_FOR_ONE
    intensity: int | None = 1
    period_ms: int = 5_000
    backoff: Backoff | None = None
    auto_shutdown: AutoShutdown = AutoShutdown.NEVER
    giving_up: GivingUp = GivingUp.ESCALATE
    may_give_up: Callable[[str, Reason], bool] = always
    counted_by: Callable[[str], str] = together
    on_gave_up: Callable[[str, Reason], None] = nothing
    hold_ms: int = 1_000
    stop_ms: int | None = None


def problems_of(spec: SupervisorSpec, where: str = "root", names: set[str] | None = None) -> list[str]:
    """All that is wrong with a tree, as sentences; empty when it is sound."""
    names = {where} if names is None else names
    found = []
    if spec.intensity is None and spec.backoff is None:
        found.append(f"{where}: intensity=None restarts for ever: give it a backoff")
    if spec.intensity is not None and spec.intensity < 0:
        found.append(f"{where}: intensity={spec.intensity}: allowed: 0 or more, or None")
    if spec.period_ms <= 0:
        found.append(f"{where}: period_ms={spec.period_ms}: allowed: 1 or more")
    if spec.hold_ms <= 0:
        found.append(f"{where}: hold_ms={spec.hold_ms}: allowed: 1 or more")
    if spec.stop_ms is not None and spec.stop_ms < 0:
        found.append(f"{where}: stop_ms={spec.stop_ms}: allowed: 0 or more, or None")
    if spec.backoff is not None:
        found.extend(f"{where}: backoff: {text}" for text in _backoff_problems(spec.backoff))
    for child in spec.children:
        if child.name in names:
            found.append(f"{where}: the name {child.name!r} is used twice")
        names.add(child.name)
        found.extend(f"{where}: {text}" for text in child_problems(child, spec))
        nested = _nested(child)
        if nested is not None:
            found.extend(problems_of(nested, child.name, names))
    return found


def child_problems(child: ChildSpec, parent: SupervisorSpec) -> list[str]:
    """What is wrong with one child's spec."""
    found = []
    if not child.name:
        found.append("a child without a name")
    cls, args = child.start if len(child.start) == 2 else (None, None)
    if not (isinstance(cls, type) and issubclass(cls, Actor)):
        found.append(f"{child.name}: start={child.start!r}: allowed: (an Actor class, a tuple of arguments)")
    if not isinstance(args, tuple):
        found.append(f"{child.name}: its arguments must be a tuple, not {type(args).__name__}")
    elif isinstance(cls, type) and issubclass(cls, Actor) and not _takes(cls, len(args)):
        found.append(f"{child.name}: {cls.__name__}{signature(cls)} does not take these {len(args)} arguments after (runtime, name)")
    if child.shutdown_ms is not None and child.shutdown_ms < 0:
        found.append(f"{child.name}: shutdown_ms={child.shutdown_ms}: allowed: 0 or more, or None")
    if child.significant and parent.auto_shutdown is AutoShutdown.NEVER:
        found.append(f"{child.name}: significant, but auto_shutdown is never")
    if child.significant and child.restart is Restart.PERMANENT:
        found.append(f"{child.name}: a permanent child cannot be significant: it never ends by itself")
    return found


@cache
def _takes(cls: type, count: int) -> bool:
    """Whether `cls(runtime, name, ...)` takes so many more arguments."""
    try:
        signature(cls).bind(*range(count + 2))
    except TypeError:
        return False
    return True


def _backoff_problems(backoff: Backoff) -> list[str]:
    found = []
    if not 0 < backoff.first_ms <= backoff.most_ms:
        found.append(f"first_ms={backoff.first_ms}, most_ms={backoff.most_ms}: allowed: 0 < first_ms <= most_ms")
    if backoff.factor < 1:
        found.append(f"factor={backoff.factor}: allowed: 1 or more")
    if not 0 <= backoff.jitter < 1:
        found.append(f"jitter={backoff.jitter}: allowed: 0 to below 1")
    if backoff.reset_ms < 0:
        found.append(f"reset_ms={backoff.reset_ms}: allowed: 0 or more")
    return found


def _nested(child: ChildSpec) -> SupervisorSpec | None:
    """The spec of a child that is a supervisor itself."""
    args = child.start[1] if len(child.start) == 2 else ()
    return args[0] if isinstance(args, tuple) and args and isinstance(args[0], SupervisorSpec) else None


def check(spec: SupervisorSpec, where: str = "root") -> None:
    """Refuse an unsound tree whole, before anything of it starts.

    Raises: InvariantViolation that lists every problem.
    """
    found = problems_of(spec, where)
    if found:
        raise InvariantViolation("the supervision tree is unsound:\n" + "\n".join(f"- {text}" for text in found))
