"""A shard's vital signs, pure: silence and memory, and what they ask for.

    silent for longer than it may be,
    or for a third of that and stopped     HUNG      sampled, killed, raised again
    memory above most of its limit         WARN      told, once until it falls
    memory above its limit                 DRAIN     asked to settle and end, raised again
    beyond the limit's margin, or it does not end by draining: OVER, killed

One that has said that it stops, with nothing in flight, closes its files: it
answers no more, and has as long as a drain for that. Silence is counted in looks, not by a clock: looks that its watcher itself
could not make are not held against it.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

LOOK_MS = 250
WARN_AT = 0.8
OVER_AT = 1.25
DRAIN_MS = 20_000
STOPPED_PART = 3
"""One that is stopped is no slow one: it is given a third of the time, so that the next can be up within a naked budget."""


class Sign(StrEnum):
    """What the last look asks for."""

    WELL = "well"
    WARN = "warn"
    DRAIN = "drain"
    OVER = "over"
    HUNG = "hung"


class Limits(Struct, frozen=True):
    """Of one shard. 0: not watched. `start_ms`: until its first answer."""

    hang_ms: int = 3_000
    start_ms: int = 60_000
    memory: int = 0  # bytes


class Look(Struct, frozen=True):
    """One look: whether it has answered since the last, its memory, whether it runs at all."""

    answered: bool
    memory: int = 0  # bytes resident
    stopped: bool = False  # by a signal or a debugger
    closing: bool = False  # it stops, and nothing is in flight any more


class Vitals(Struct, frozen=True):
    """What is remembered of the looks so far."""

    up: bool = False  # it has answered at least once
    silent: int = 0  # looks in a row without an answer
    stopped: int = 0  # looks in a row at which it was stopped
    warned: bool = False
    draining: int = 0  # looks since it was asked to drain
    closing: bool = False  # and has not answered otherwise since
    sign: Sign = Sign.WELL


def after(before: Vitals, look: Look, limits: Limits) -> Vitals:
    """The vital signs after one more look; `sign` says what to do now."""
    silent = 0 if look.answered else before.silent + 1
    closing = look.closing or (before.closing and not look.answered)
    stopped = before.stopped + 1 if look.stopped else 0
    now = replace(before, up=before.up or look.answered, silent=silent, stopped=stopped, closing=closing, sign=Sign.WELL)
    patience_ms = DRAIN_MS if closing else limits.hang_ms if now.up else limits.start_ms
    if limits.hang_ms and (silent * LOOK_MS >= patience_ms or stopped * LOOK_MS * STOPPED_PART >= limits.hang_ms):
        return replace(now, sign=Sign.HUNG)
    return _weighed(now, look, limits) if limits.memory else now


def _weighed(now: Vitals, look: Look, limits: Limits) -> Vitals:
    memory, most = look.memory, limits.memory
    if now.draining:
        now = replace(now, draining=now.draining + 1)
        late = now.draining * LOOK_MS >= DRAIN_MS
        return replace(now, sign=Sign.OVER) if late or memory > most * OVER_AT else now
    if memory > most * OVER_AT:
        return replace(now, sign=Sign.OVER)
    if memory > most:
        return replace(now, draining=1, sign=Sign.DRAIN)
    if memory > most * WARN_AT:
        return now if now.warned else replace(now, warned=True, sign=Sign.WARN)
    return replace(now, warned=False)
