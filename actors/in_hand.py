"""What an executor has in its hands, read from its thread's own frames.

So that no turn has to say what it is about to do. A test holds the names that
are looked for here to those of the code.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from actors.executor import Executor
from actors.lane import LaneDispatcher
from actors.pinned import Worker
from system.stacks import frames, local

_TURN = Executor.turn.__code__
_FLUSH = LaneDispatcher.flush.__code__
_READ = LaneDispatcher._read.__code__
_HANDLE = Worker._handle.__code__
_MAIN = Worker._main.__code__
_NEXT = Worker._next.__code__


class InHand(NamedTuple):
    """Whose turn it is; the message, None for the read of a socket.

    `since_ns`: monotonic, when the turn began; it may have several messages.
    """

    name: str
    message: Any
    since_ns: int


def in_hand(executor: Any) -> InHand | None:
    """What its thread is at; None where it waits. Thread: any."""
    name, message = "", None
    for frame in frames(executor.thread_id):
        code = frame.f_code
        if code is _NEXT:
            return None
        if code is _TURN and not name:  # of turns within turns the innermost
            box, message = local(frame, "box"), local(frame, "message")
            name = "" if box is None else box.name
        elif code is _HANDLE:
            actor, since_ns = local(frame, "actor"), local(frame, "began_ns")
            return _if_known(actor.name, local(frame, "message"), since_ns)
        elif code is _MAIN:
            actor, since_ns = local(frame, "actor"), local(frame, "began_ns")
            return _if_known(actor.name, None, since_ns)
        elif code is _READ:
            source, since_ns = local(frame, "source"), local(frame, "began_ns")
            owner = None if source is None else source.box.name
            return _if_known(name or owner, message, since_ns)
        elif code is _FLUSH:
            return _if_known(name, message, local(frame, "began_ns"))
    return None


def _if_known(name: str | None, message: Any, since_ns: int | None) -> InHand | None:
    return InHand(name, message, since_ns) if name and since_ns is not None else None
