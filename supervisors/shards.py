"""A shard's process as a supervised child: watched, sampled, raised again.

Beside what a managed process is, it is asked how it is each LOOK_MS, and its
memory is read (supervisors/vitals.py says what follows). It is told to stop by
a word, so that it settles and repairs for as long as the operator allows. A
root that dies leaves it alone; the next one adopts it.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct

from actors.deaths import SHUTDOWN, Reason
from actors.mailbox import Lane
from supervisors.processes import Exited, KillNow, ManagedProcess, ProcessSpec
from supervisors.pulse import Pulse
from supervisors.spec import INFINITE, ChildSpec, Restart
from supervisors.vitals import DRAIN_MS, LOOK_MS, Limits, Look, Sign, Vitals, after
from system import processes, usage
from system.locks import is_locked, read_holder
from system.processes import Process, start_ticks

NS_A_MS = 1_000_000
ENDING_MS = 30_000
"""How long a shard may take for its tree and files after its deadline."""
SAMPLE_MS = 100
SAMPLES = 5
KEEPER = "root/keeper"


class ShardSpec(Struct, frozen=True):
    """`node`, `config`, `mode`: what it must say of itself to be adopted as it is."""

    name: str
    process: ProcessSpec
    directory: Path
    limits: Limits
    config: str
    mode: str


class LookNow:
    """Time for the next look."""

    __slots__ = ()
    lane: ClassVar[Lane] = Lane.TIMERS


class StopShard(Struct, frozen=True):
    """Settle, repair, end within so long."""

    lane: ClassVar[int] = int(Lane.ORDERS)

    deadline_ms: int
    operator: str = ""
    reason: str = ""


class ShardNews(Struct, frozen=True):
    """To the keeper: something has become of a shard."""

    lane: ClassVar[int] = int(Lane.ORDERS)

    shard: str
    event: str
    details: dict[str, Any] = {}


class ShardSeen(Struct, frozen=True):
    """To the keeper: the shard at the last look. `gateways`: by venue, the ms for which it has heard nothing of it; None without an answer."""

    lane: ClassVar[int] = int(Lane.COMMANDS)

    shard: str
    pid: int
    up: bool
    epoch: int
    memory: int
    cpu_ms: int
    silent_ms: int
    gateways: dict[str, int] | None = None


class ShardProcess(ManagedProcess):
    """One shard's node. Thread: its own."""

    HANDLERS: ClassVar[dict[type, str]] = {LookNow: "on_look", StopShard: "on_stop_shard"}

    def __init__(self, runtime: Any, name: str, shard: ShardSpec, context: Any, ends: Callable[[], bool]) -> None:
        super().__init__(runtime, name, shard.process, ends)
        self.shard = shard
        self.vitals = Vitals()
        self.told_epoch = 0
        self.why = ""
        self._context = context
        self._pulse: Pulse | None = None

    # ------------------------------------------------ life

    def on_start(self) -> None:
        if self.ends():
            self.exit(SHUTDOWN)
            return
        super().on_start()
        self._pulse = Pulse(self._context, self.shard.directory)
        self._news("started", pid=self.process.pid)
        self.on_look()

    def adopt(self) -> Process | None:
        """By its pid file, else whoever holds the shard's journal."""
        found = super().adopt() or self._holder()
        if found is not None:
            self._news("adopted", pid=found.pid)
        return found

    def _holder(self) -> Process | None:
        journal = self.shard.directory / "journal"
        pid = read_holder(journal).get("pid") if is_locked(journal) else None
        return Process(pid, start_ticks(pid)) if isinstance(pid, int) else None

    def on_stop(self) -> None:
        if self._pulse is not None:
            self._pulse.close()

    def on_failure(self, *_error: Any) -> None:
        self.on_stop()

    def on_exited(self, message: Exited) -> None:
        if message.process == self.process:
            asked = self.stopping is not None
            status = None if message.code == processes.EXIT_UNKNOWN else message.code
            self._news("stopped" if asked else "ended", pid=message.process.pid, exit=status, why=self.why)
        super().on_exited(message)

    # ------------------------------------------------ stopping

    def on_stop_shard(self, word: StopShard) -> None:
        """In order, by word; by SIGTERM where it does not listen."""
        if self.stopping is None:
            self.stopping = SHUTDOWN
            self._drain(word)
            self.after_ns((word.deadline_ms + ENDING_MS) * NS_A_MS, KillNow())

    def on_stop_asked(self, reason: Reason) -> bool:
        """A root that ends in order takes it along; one that crashes does not."""
        if not self.ends():
            return True
        if self.stopping is None:
            self.on_stop_shard(StopShard(DRAIN_MS, "root", f"the root stops: {reason.cause}"))
        return False

    def _drain(self, word: StopShard) -> None:
        args = {"deadline_ms": word.deadline_ms, "operator": word.operator, "reason": word.reason[:200]}
        if not self._pulse.tell("stop", args):
            processes.send_signal(self.process, signal.SIGTERM)

    # ------------------------------------------------ looking

    def on_look(self, _message: LookNow | None = None) -> None:
        """What it says, what it uses; and what that asks for."""
        self.after_ns(LOOK_MS * NS_A_MS, LookNow())
        told = self._pulse.heard()
        self._pulse.ask()
        pid = self.process.pid
        memory = usage.memory_of(pid)
        look = Look(told is not None, memory, usage.is_stopped(pid), closing=self._closes(told))
        self.vitals = after(self.vitals, look, self.shard.limits)
        if told is not None:
            self._know(told)
        silent_ms = self.vitals.silent * LOOK_MS
        heard = None if told is None else told.get("silent_ms", {})
        self.tell(KEEPER, ShardSeen(self.shard.name, pid, self.vitals.up, self.told_epoch, memory, usage.cpu_ms_of(pid), silent_ms, heard))
        self._act(memory)

    def _closes(self, told: dict[str, Any] | None) -> bool:
        """It says so; or its journal is closed already, and the rest of its end takes its time."""
        if told is not None:
            return bool(told.get("closing"))
        return self.vitals.up and not is_locked(self.shard.directory / "journal")

    def _know(self, told: dict[str, Any]) -> None:
        """One that runs another configuration than ours is drained, and raised with ours."""
        first = not self.told_epoch
        self.told_epoch = told["epoch"]
        if first:
            self._news("up", pid=self.process.pid, epoch=self.told_epoch)
        is_ours = self.shard.config in (told["config"], told["runs"]) and told["mode"] == self.shard.mode
        if not is_ours and not self.why:
            self._leave("it runs another configuration", "other_config")

    def _act(self, memory: int) -> None:
        sign = self.vitals.sign
        numbers = {"memory_mb": memory >> 20, "max_memory_mb": self.shard.limits.memory >> 20}
        if sign is Sign.WARN:
            self._news("memory_high", **numbers)
        elif sign is Sign.DRAIN:
            self._leave("max_memory", "memory_over", **numbers)
        elif sign is Sign.OVER:
            self.why = "max_memory"
            self._news("memory_killed", **numbers)
            processes.send_signal(self.process, signal.SIGKILL)
        elif sign is Sign.HUNG:
            self._end_hung()

    def _leave(self, why: str, event: str, **details: Any) -> None:
        """It settles and ends by itself; whoever supervises us raises it."""
        self.why = why
        self._news(event, **details)
        self._drain(StopShard(DRAIN_MS, "root", why))

    def _end_hung(self) -> None:
        """Its stacks as far as they can be had, its threads; then its end."""
        silent_ms, process = self.vitals.silent * LOOK_MS, self.process
        self.vitals = Vitals()
        self.why = "hung"
        stacks = self.shard.directory / f"stacks-{process.pid}.txt"
        if stacks.exists():
            processes.send_signal(process, signal.SIGUSR2)  # faulthandler's; needs no interpreter lock
            for _ in range(SAMPLES):
                if processes.wait(process, SAMPLE_MS) is not None or stacks.stat().st_size:
                    break
        threads = usage.threads_of(process.pid)
        self._news("hung", pid=process.pid, silent_ms=silent_ms, stacks=str(stacks) if stacks.exists() else "", threads=threads[:16])
        processes.send_signal(process, signal.SIGKILL)

    def _news(self, event: str, **details: Any) -> None:
        self.tell(KEEPER, ShardNews(self.shard.name, event, details))


def shard_child(shard: ShardSpec, context: Any, ends: Callable[[], bool]) -> ChildSpec:
    """The child spec of a shard: raised again unless it was asked to stop."""
    return ChildSpec(f"shard/{shard.name}", (ShardProcess, (shard, context, ends)), restart=Restart.TRANSIENT, shutdown_ms=INFINITE)
