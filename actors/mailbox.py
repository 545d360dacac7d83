"""A name's mailbox: five lanes, each bounded, quotes conflated by key.

The mailbox belongs to the name, not to the actor: order events wait in it
while their owner is raised again. All queues are touched by the owner's
thread alone, so there is no lock; mail from other threads goes through the
executor's `post`.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum
from threading import get_ident
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from pykka import ActorDeadError
from pykka.messages import _ActorStop

from domain.errors import HedgerowError, require

if TYPE_CHECKING:
    from pykka import Future

    from actors.runtime import Runtime

CONTROL_MOST = 1_024
ORDERS_MOST = 16_384
TIMERS_MOST = 4_096
COMMANDS_MOST = 8_192
QUOTE_KEYS_MOST = 1_024
STASH_MOST = 4_096
FAULTS_MOST = 1_024

TIME_STEPS = 48
"""Powers of two of ns in which turns are counted: the last are days."""


class Lane(IntEnum):
    """A message's lane, in the order in which lanes are served."""

    CONTROL = 0
    ORDERS = 1
    TIMERS = 2
    COMMANDS = 3
    QUOTES = 4


_CONTROL, _ORDERS, _TIMERS, _COMMANDS, _QUOTES = range(5)
_UNUSED: Any = ()
"""What has never been used. All lanes but the order events' are lists, since they hold a message or two: an empty deque
weighs 0.7 KiB, and taking the first of a full lane costs a list some microseconds."""
_NO_QUOTES: Any = MappingProxyType({})
_BOUNDS = (CONTROL_MOST, ORDERS_MOST, TIMERS_MOST, COMMANDS_MOST)


class MailboxOverflow(HedgerowError):
    """A lane that never drops was full: its owner crashes, not the sender."""


class _Lanes(dict):
    """Message class -> lane, looked up once a class."""

    def __missing__(self, cls: type) -> int:
        lane = getattr(cls, "lane", _COMMANDS)
        self[cls] = lane = int(lane) if isinstance(lane, int) else _COMMANDS
        return lane


LANE_OF = _Lanes()
LANE_OF[_ActorStop] = _CONTROL


class Ask:
    """A message whose sender waits for `reply`; in its message's own lane."""

    __slots__ = ("message", "reply")

    def __init__(self, message: Any, reply: Future[Any]) -> None:
        self.message = message
        self.reply = reply


class Stop:
    """Ends its receiver, unless that asks for time (`on_stop_asked`)."""

    __slots__ = ("reason",)
    lane: ClassVar[Lane] = Lane.CONTROL

    def __init__(self, reason: Any) -> None:
        self.reason = reason


class Fault:
    """Makes its receiver crash with `error`: what a full lane does to it."""

    __slots__ = ("error",)
    lane: ClassVar[Lane] = Lane.CONTROL

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Mailbox:
    """Lanes of one name.

    Thread: `put` any; the rest the owner's (its executor's) alone.
    """

    __slots__ = (
        "actor",
        "actor_class",
        "busy_ns",
        "commands",
        "control",
        "ended_ns",
        "epoch",
        "executor",
        "handled",
        "is_ready",
        "last_error",
        "last_reason",
        "most",
        "name",
        "orders",
        "poison",
        "quotes",
        "runtime",
        "started_ns",
        "stashed",
        "timers",
        "times",
        "watchers",
    )

    def __init__(self, runtime: Runtime, name: str, executor: Any) -> None:
        self.runtime = runtime
        self.name = name
        self.executor = executor
        self.epoch = 0
        self.actor: Any = None
        self.actor_class: type | None = None
        self.last_reason: Any = None
        self.last_error: BaseException | None = None
        """What it crashed of last, whatever ended it since."""
        self.started_ns = self.ended_ns = 0
        """When its present actor was started, and when the last one ended. Wall time."""
        self.watchers: tuple[Any, ...] = ()
        self.handled = 0
        self.busy_ns = 0
        """How long its turns took, and the reads of its sockets."""
        self.times: list[int] = _UNUSED
        """How many of them took under 2**n ns, and not under half of that."""
        self.most = 0
        """The most messages that were seen to wait at once."""
        self.poison: tuple[Any, int] = (None, 0)
        self.stashed: deque[Any] | None = None
        self.is_ready = False
        self.orders: deque[Any] = _UNUSED
        self.control: list[Any] = _UNUSED
        self.timers: list[Any] = _UNUSED
        self.commands: list[Any] = _UNUSED
        self.quotes: dict[Any, Any] = _NO_QUOTES

    def begin_times(self) -> list[int]:
        """`times`, made for its first turn."""
        self.times = [0] * TIME_STEPS
        return self.times

    def put(self, message: Any) -> None:
        """Enqueue, from any thread; never raises, never blocks."""
        executor = self.executor
        if get_ident() != executor.thread_id:
            executor.post(self, message)
        else:
            self.accept(message)

    def accept(self, message: Any) -> None:
        """Enqueue, in the owner's thread."""
        cls = message.__class__
        lane = LANE_OF[cls] if cls is not Ask else LANE_OF[message.message.__class__]
        if lane == _ORDERS:
            queue = self.orders
            if queue is _UNUSED:
                queue = self._first(_ORDERS)
            if len(queue) < _BOUNDS[_ORDERS]:  # the hot path's lane
                queue.append(message)
                if not self.is_ready:
                    self.is_ready = True
                    self.executor.ready.append(self)
                return
        elif self.actor is None:
            self.refuse(message)
            return
        elif lane == _QUOTES and cls is not Ask:
            self.accept_quote(message)
            return
        else:
            queue = self.commands if lane >= _COMMANDS else self.timers if lane == _TIMERS else self.control
            if queue is _UNUSED:
                queue = self._first(lane)
        if len(queue) >= _BOUNDS[min(lane, _COMMANDS)]:
            self._overflow(lane, message)
            return
        queue.append(message)
        if not self.is_ready:
            self.is_ready = True
            self.executor.ready.append(self)

    def _first(self, lane: int) -> Any:
        """The lane's queue, if need be a new one."""
        name = ("control", "orders", "timers", "commands")[min(lane, _COMMANDS)]
        if getattr(self, name) is _UNUSED:
            setattr(self, name, deque() if lane == _ORDERS else [])
        return getattr(self, name)

    def accept_quote(self, quote: Any) -> None:
        """Enqueue a quote, in the owner's thread; the latest of its key stays."""
        if self.actor is None:
            self.refuse(quote)
            return
        quotes = self.quotes
        if quotes is _NO_QUOTES:
            quotes = self.quotes = {}
        key = quote.key
        if key not in quotes and len(quotes) >= QUOTE_KEYS_MOST:
            self.refuse(quote)
            return
        quotes[key] = quote  # a waiting older one gives its place up to it
        if not self.is_ready:
            self.is_ready = True
            self.executor.ready.append(self)

    def take(self) -> Any:
        """The next message by lane, or None when there is none."""
        if self.control:
            return self.control.pop(0)
        if self.orders:
            return self.orders.popleft()
        timers = self.timers
        while timers:
            handle = timers.pop(0)
            if handle.live:
                handle.live = False
                return handle.message
        if self.commands:
            return self.commands.pop(0)
        quotes = self.quotes
        if quotes:
            return quotes.pop(next(iter(quotes)))
        return None

    def has_mail(self) -> bool:
        """True when `take` may give a message."""
        return bool(self.control or self.orders or self.timers or self.commands or self.quotes)

    def depths(self) -> dict[str, int]:
        """How many messages wait in each lane."""
        return {
            "control": len(self.control),
            "orders": len(self.orders),
            "timers": len(self.timers),
            "commands": len(self.commands),
            "quotes": len(self.quotes),
        }

    def depth(self) -> int:
        """How many messages wait. Thread: any."""
        lanes = len(self.control) + len(self.orders) + len(self.timers) + len(self.commands) + len(self.quotes)
        return lanes + len(self.executor.incoming)

    def beyond(self, message: Any, over: int) -> Any:
        """What is queued instead of `message` past an executor's bound.

        An order event is never lost in silence: its owner crashes. `over` says
        how many such were queued; past FAULTS_MOST there is nothing more to say.

        Thread: any.
        """
        self.refuse(message)
        self.runtime.log("incoming_full", actor=self.name, message=type(message).__name__)
        if LANE_OF[message.__class__] != _ORDERS or over >= FAULTS_MOST:
            return None
        return Fault(MailboxOverflow(f"{self.name}: too much mail from other threads"))

    def refuse(self, message: Any) -> None:
        """Turn mail away: an asker is told, the rest are dead letters."""
        if message.__class__ is Ask:
            message.reply.set_exception((ActorDeadError, ActorDeadError(f"{self.name} is not running"), None))
            return
        self.runtime.dead_letter(self.name, message)

    def again(self, message: Any) -> None:
        """An order event on which its owner crashed: first in line for who is raised."""
        self._first(_ORDERS).insert(0, message)

    def crashed_on(self, message: Any) -> int:
        """How often its owners have crashed on this very message, now too."""
        before, count = self.poison
        self.poison = (message, count + 1 if before is message else 1)
        return self.poison[1]

    def stash(self, message: Any) -> None:
        """Put a message off; see `Actor.stash`."""
        lane = LANE_OF[message.__class__]
        require(lane in (_ORDERS, _COMMANDS), f"{self.name}: {type(message).__name__} is no order event and no command: not to be put off")
        if self.stashed is None:
            self.stashed = deque()
        if len(self.stashed) >= STASH_MOST:
            raise MailboxOverflow(f"{self.name}: more than {STASH_MOST} messages were put off")
        self.stashed.append(message)

    def unstash(self) -> None:
        """What was put off is next, before what came meanwhile."""
        stashed, self.stashed = self.stashed, None
        while stashed:
            message = stashed.pop()
            self._first(LANE_OF[message.__class__]).insert(0, message)

    def close(self, *, keep_orders: bool) -> None:
        """Empty the lanes of a dead owner; order events may wait on."""
        self.unstash()
        left = [*self.control, *self.commands, *(() if keep_orders else self.orders)]
        kept = [item for item in self.orders if item.__class__ is not Ask] if keep_orders else []
        if keep_orders:
            left.extend(item for item in self.orders if item.__class__ is Ask)
        self.control = self.timers = self.commands = _UNUSED
        self.orders = deque(kept) if kept else _UNUSED
        self.quotes = _NO_QUOTES
        for message in left:
            if message.__class__ not in (Stop, Fault, _ActorStop):
                self.refuse(message)

    def _overflow(self, lane: int, message: Any) -> None:
        """The owner crashes; what did not fit is a dead letter."""
        self.refuse(message)
        name = Lane(lane).name.lower()
        self.runtime.log("mailbox_full", actor=self.name, lane=name)
        if self.actor is not None and not any(item.__class__ is Fault for item in self.control):
            self._first(_CONTROL).insert(0, Fault(MailboxOverflow(f"{self.name}: the {name} lane is full")))
            if not self.is_ready:
                self.is_ready = True
                self.executor.ready.append(self)


class Inbox:
    """What pykka's ActorRef puts into: one incarnation's door to a mailbox."""

    __slots__ = ("_box", "_epoch")

    def __init__(self, box: Mailbox, epoch: int) -> None:
        self._box = box
        self._epoch = epoch

    def put(self, envelope: Any, /) -> None:
        """Take pykka's envelope apart; a stale incarnation's does nothing."""
        message, reply = envelope.message, envelope.reply_to
        item = message if reply is None else Ask(message, reply)
        if self._box.epoch == self._epoch:
            self._box.put(item)
        else:
            self._box.refuse(item)

    def get(self) -> Any:
        """Not used: the executor takes straight from the mailbox."""
        raise HedgerowError("an inbox is read by its executor, not by pykka's loop")

    def empty(self) -> bool:
        """True when nothing waits."""
        return not self._box.has_mail()
