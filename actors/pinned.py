"""The pinned dispatcher: a thread of its own for an actor that blocks."""

from __future__ import annotations

from collections import deque
from threading import Condition, Event, Thread, get_ident
from typing import Any

from actors.deaths import Cause, Reason
from actors.executor import Executor, waits_for_nobody
from actors.mailbox import Mailbox
from domain.errors import HedgerowError
from domain.ports import Clock
from system.clock import chance

INCOMING_MOST = 65_536
NS_A_SECOND = 1e9
START_S = 10.0


class StartTimeout(HedgerowError):
    """A pinned actor's on_start did not end in its time; it is abandoned."""


class Worker(Executor):
    """One incarnation's thread; abandoned when its actor is killed."""

    kind = "pinned"
    abandons = True

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.thread_id = 0  # until its thread runs, all mail is foreign
        self._arrived = Condition()
        self.incoming: deque[tuple[Mailbox, Any]] = deque()
        self._closed = True  # no thread yet: order events wait in the mailbox
        self.thread: Thread | None = None
        self._started = Event()
        self._start_error: BaseException | None = None

    def start(self, actor: Any) -> None:
        """Start the thread, and see `on_start` end there.

        In a lane's lap nobody waits: there a failure is a Down.

        Raises: what `on_start` raises; StartTimeout past START_S.
        """
        with self._arrived:
            self._closed = False
            actor.box.actor = actor
        awaited = not waits_for_nobody()
        self.thread = Thread(target=self._main, args=(actor, awaited), name=actor.name, daemon=True)
        self.thread.start()
        if not awaited:
            return
        if not self._started.wait(START_S):
            raise StartTimeout(f"{actor.name}: its on_start has not ended in {START_S:g} s")
        if self._start_error is not None:
            raise self._start_error

    def post(self, box: Mailbox, message: Any) -> None:
        """Mail from another thread."""
        with self._arrived:
            if self._closed:
                box.accept(message)  # nobody's thread: order events wait there
                return
            over = len(self.incoming) - INCOMING_MOST
            if over >= 0:
                message = box.beyond(message, over)
            if message is not None:
                self.incoming.append((box, message))
                self._arrived.notify()

    def forget(self, _actor: Any) -> None:
        """Close: mail that is on its way goes back to the mailbox."""
        with self._arrived:
            self._closed = True
            while self.incoming:
                box, message = self.incoming.popleft()
                box.accept(message)
            self._arrived.notify()

    def resumed(self, _box: Mailbox) -> None:
        """Go on. Thread: any."""
        with self._arrived:
            self._arrived.notify()

    def _main(self, actor: Any, awaited: bool) -> None:
        self.thread_id = get_ident()
        began_ns = self.clock.mono_ns()
        try:
            actor.on_start()
            actor.box.busy_ns += self.clock.mono_ns() - began_ns
        except BaseException as error:  # the supervision boundary
            if awaited:
                self._start_error = error
                self._started.set()
                return  # whoever waits buries it
            self.runtime.bury(actor, Reason(Cause.START_FAILED, error))
        self._started.set()
        while actor.live:
            message = self._next(actor)
            if message is not None:
                self._handle(actor, message)

    def _next(self, actor: Any) -> Any:
        """The next message by lane; sleeps until there is mail or a timer."""
        box = actor.box
        with self._arrived:
            due_ns = self.timers.next_due_ns()
            if due_ns is not None and due_ns <= self.clock.mono_ns():
                self.timers.fire(self.clock.mono_ns())
            while self.incoming:
                target, item = self.incoming.popleft()
                target.accept(item)
            if not actor.live:
                return None
            if box.executor is self:
                message = box.take()
            else:  # it is suspended
                message = box.control.pop(0) if box.control else None
            if message is None:
                self._arrived.wait(None if due_ns is None else max(0, due_ns - self.clock.mono_ns()) / NS_A_SECOND)
            return message

    def _handle(self, actor: Any, message: Any) -> None:
        box, began_ns = actor.box, self.clock.mono_ns()
        handler = actor.routes.get(message.__class__)
        try:
            if handler is not None:
                handler(actor, message)
            else:
                actor._handle_receive(message)
        except BaseException as error:  # the supervision boundary
            self.contain(actor, message, error)
        took_ns = self.clock.mono_ns() - began_ns
        box.handled += 1
        box.busy_ns += took_ns
        (box.times or box.begin_times())[took_ns.bit_length()] += 1


class PinnedDispatcher:
    """Gives each actor that it spawns a thread."""

    kind = "pinned"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.chance = chance()
        self.runtime: Any = None
        self._workers: list[Worker] = []

    def executor_for(self, _name: str) -> Worker:
        """A worker whose thread starts with its actor."""
        self._workers = [worker for worker in self._workers if worker.thread is None or worker.thread.is_alive()]
        worker = Worker(self.clock)
        worker.runtime = self.runtime
        self._workers.append(worker)
        return worker

    def workers(self) -> list[Worker]:
        """Every thread that was started and has not ended; abandoned ones too."""
        return [worker for worker in self._workers if worker.thread is not None and worker.thread.is_alive()]

    def for_blocking(self) -> PinnedDispatcher:
        """Itself."""
        return self

    def join(self, timeout_s: float) -> bool:
        """Wait for threads whose actors have ended; True when all are gone."""
        until_ns = self.clock.mono_ns() + int(timeout_s * NS_A_SECOND)
        threads = [worker.thread for worker in self._workers if worker.thread is not None]
        for thread in threads:
            thread.join(max(0, until_ns - self.clock.mono_ns()) / NS_A_SECOND)
        return not any(thread.is_alive() for thread in threads)
