"""A managed OS process as a supervised child: a gateway, mostly.

The actor stands for the process: it crashes when the process exits, so that
its supervisor's restart policy is the process's; when it is asked to stop it
ends the process by SIGTERM, and SIGKILL after `stop_ms`, unless `ends` says
that this stop is not meant for the process. When the actor or the node dies,
the process lives on, and the next one adopts it by pid file.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

from msgspec import Struct

from actors.base import Actor
from actors.deaths import Reason
from actors.gateway_notes import GatewayEnded, GatewaySilent
from actors.mailbox import Lane
from supervisors.spec import ChildSpec, Restart
from system import processes
from system.processes import Process, ProcessExited

NS_A_MS = 1_000_000
KILL_GRACE_MS = 2_000  # for the kernel, after SIGKILL
START_MS = 30_000
"""How long one that was started may be silent, whatever its venue allows."""


class ProcessSpec(Struct, frozen=True):
    """What to exec, where its output and its pid go, how long it may stop."""

    command: tuple[str, ...]
    log: Path
    pid_file: Path
    stop_ms: int = 5_000


def always() -> bool:
    """Every stop of the actor is one of its process too."""
    return True


def at_once() -> int:
    """Nobody keeps a process from its start."""
    return 0


class Exited:
    """The process has ended; told by the thread that waited for it."""

    __slots__ = ("code", "process")
    lane: ClassVar[Lane] = Lane.ORDERS

    def __init__(self, process: Process, code: int) -> None:
        self.process = process
        self.code = code


class StartNow:
    """The reconnect budget has room again."""

    __slots__ = ()
    lane: ClassVar[Lane] = Lane.TIMERS


class KillNow:
    """The process did not end by SIGTERM in its time."""

    __slots__ = ()
    lane: ClassVar[Lane] = Lane.TIMERS


class ManagedProcess(Actor):
    """One OS process, started or adopted.

    Thread: its own: exec and files block.
    """

    HANDLERS = {Exited: "on_exited", KillNow: "on_kill_now", StartNow: "on_start_now", GatewaySilent: "on_silent"}
    PINNED = True

    def __init__(
        self,
        runtime: Any,
        name: str,
        spec: ProcessSpec,
        ends: Callable[[], bool] = always,
        wait_ns: Callable[[], int] = at_once,
        told: str = "",
    ) -> None:
        super().__init__(runtime, name)
        self.spec = spec
        self.ends = ends
        self.wait_ns = wait_ns
        self.told = told
        self.patience_ns = 0
        self.process: Process | None = None
        self.stopping: Reason | None = None

    def on_start(self) -> None:
        adopted = self.adopt()
        wait_ns = 0 if adopted else self.wait_ns()
        if wait_ns:
            self.runtime.log("process_waits", actor=self.name, wait_ms=wait_ns // NS_A_MS)
            self.after_ns(wait_ns, StartNow())
            return
        self._begin(adopted)

    def on_start_now(self, _message: StartNow) -> None:
        self.on_start()

    def _begin(self, adopted: Process | None) -> None:
        self.process = adopted or processes.start(self.spec.command, self.spec.log)
        if adopted is None:
            processes.write_pid_file(self.spec.pid_file, self.process)
            self.patience_ns = self.clock.mono_ns() + START_MS * NS_A_MS
        event = "process_adopted" if adopted else "process_started"
        self.runtime.log(event, actor=self.name, pid=self.process.pid)
        Thread(target=self._watch, args=(self.process,), name=f"{self.name} wait", daemon=True).start()

    def adopt(self) -> Process | None:
        """The process that an earlier node started, if it still runs."""
        return processes.adopt(self.spec.pid_file)

    def _watch(self, process: Process) -> None:
        """Wait for the end; in a thread that does nothing else."""
        code = processes.wait(process)
        if self.told:
            self.tell(self.told, GatewayEnded())  # its sockets say so too, and later
        self.tell(self.name, Exited(process, code if code is not None else processes.EXIT_UNKNOWN))

    def on_exited(self, message: Exited) -> None:
        if message.process != self.process:
            return
        self.spec.pid_file.unlink(missing_ok=True)
        if self.stopping is None:
            pid = message.process.pid
            raise ProcessExited(f"{self.name} (pid {pid}) exited with {message.code}; its output: {self.spec.log}")
        self.exit(self.stopping)

    def on_silent(self, message: GatewaySilent) -> bool:
        """It is there and does nothing: ended, so that it is started again. Whether it was."""
        if self.process is None or self.clock.mono_ns() < self.patience_ns or self.stopping is not None:
            return False
        self.runtime.log("process_hung", actor=self.name, pid=self.process.pid, silent_ms=message.silent_ms)
        processes.send_signal(self.process, signal.SIGKILL)
        return True

    def on_stop_asked(self, reason: Reason) -> bool:
        """SIGTERM now, SIGKILL when its time is up; then we are done."""
        if not self.ends() or self.process is None:
            return True
        if self.stopping is None:
            self.stopping = reason
            processes.send_signal(self.process, signal.SIGTERM)
            self.after_ns(self.spec.stop_ms * NS_A_MS, KillNow())
        return False

    def on_kill_now(self, _message: KillNow) -> None:
        self.runtime.log("process_killed", actor=self.name, pid=self.process.pid)
        processes.send_signal(self.process, signal.SIGKILL)


def process_child(
    name: str, spec: ProcessSpec, ends: Callable[[], bool] = always, wait_ns: Callable[[], int] = at_once, told: str = ""
) -> ChildSpec:
    """The child spec of a managed process: permanent, with time to stop.

    `ends` is asked in the actor's thread when its supervisor stops it;
    `wait_ns` before it starts a process: how long that has to wait. `told`
    names who hears GatewayEnded, and may say GatewaySilent.
    """
    return ChildSpec(
        name=name,
        start=(ManagedProcess, (spec, ends, wait_ns, told)),
        restart=Restart.PERMANENT,
        shutdown_ms=spec.stop_ms + KILL_GRACE_MS,
    )
