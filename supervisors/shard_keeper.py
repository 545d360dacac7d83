"""What becomes of the shards: on record, told to people, kept to be shown.

The root's own journal holds it, so that why a shard was ended and when it was
raised again is in the same kind of chain as everything else. A shard that
fails more often than it may is held back, never dropped: what its pairs have
open is read from its journal and told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from actors.alerts import Alert
from actors.base import Actor
from actors.deaths import Reason
from actors.gateway_notes import GatewaySilent
from actors.mailbox import Lane
from domain.errors import HedgerowError, JournalError
from supervisors.root_gateways import GATEWAY, GatewayEars, GatewayHung
from supervisors.shards import KEEPER, ShardNews, ShardSeen
from wire.codec import pack

KIND = "shard"
ALERTS = "root/alerts"
OPEN_BOOK = "root/open_book"

ALERT_OF = {
    "ended": ("warning", "SHARD_ENDED"),
    "hung": ("critical", "SHARD_HUNG"),
    "memory_high": ("warning", "SHARD_MEMORY"),
    "memory_over": ("warning", "SHARD_MEMORY_OVER"),
    "memory_killed": ("critical", "SHARD_MEMORY_OVER"),
    "other_config": ("warning", "SHARD_OTHER_CONFIG"),
    "held": ("critical", "SHARD_HELD"),
    "left_open": ("critical", "SHARD_LEFT_OPEN"),
}
"""What people are told of; the rest is on record alone."""

STARTING, RUNNING, SILENT, LEAVING, DOWN, HELD, STOPPED = "starting", "running", "silent", "leaving", "down", "held back", "stopped"
PHASES = {
    "started": STARTING, "adopted": STARTING, "up": RUNNING, "memory_over": LEAVING, "other_config": LEAVING,
    "memory_killed": DOWN, "hung": DOWN, "ended": DOWN, "held": HELD, "stopped": STOPPED,
}  # fmt: skip
SILENT_MS = 1_000
LEFT_OPEN_NS = 2_500_000_000
"""A shard that is not up again so long after its end, or its last answer: what it has open is told. Less than a naked budget."""


class ShardRow(Struct, frozen=True):
    """One shard as `status` shows it. `mono_ns`: when its processor time was read."""

    shard: str
    phase: str = DOWN
    pid: int = 0
    epoch: int = 0
    restarts: int = 0
    last: str = ""
    memory_mb: int = 0
    cpu_percent: int = 0
    silent_ms: int = 0
    cpu_ms: int = 0
    mono_ns: int = 0


class TellOpen(Struct, frozen=True):
    """Read what a shard's pairs have open, and tell it; `only_open`: not where all is whole."""

    shard: str
    only_open: bool = False


class StillDown(Struct, frozen=True):
    """A while after the end of a shard's process."""

    lane: ClassVar[int] = int(Lane.TIMERS)

    shard: str


class ShardKeeper(Actor):
    """Thread: the root's lane."""

    HANDLERS: ClassVar[dict[type, str]] = {ShardNews: "on_news", ShardSeen: "on_seen", StillDown: "on_still_down", GatewayHung: "on_gateway_hung"}

    def __init__(self, runtime: Any, name: str, journal: Any, rows: dict[str, ShardRow], hang_ms: Mapping[str, int]) -> None:
        super().__init__(runtime, name)
        self.journal, self.rows = journal, rows
        self.gateways = GatewayEars(hang_ms)
        self._open_told: set[str] = set()

    def on_news(self, news: ShardNews) -> None:
        """Record it; tell people where they should know."""
        seq = self._record(KIND, {"shard": news.shard, "event": news.event, **news.details})
        row = self.rows[news.shard]
        phase = PHASES.get(news.event, row.phase)
        if news.event in ("ended", "hung", "memory_killed"):
            row = replace(row, last=said(news), pid=0)
        if news.event == "started" and row.last:
            row = replace(row, restarts=row.restarts + 1)
        self.rows[news.shard] = replace(row, phase=phase)
        found = ALERT_OF.get(news.event)
        if found is not None:
            self._alert(*found, {"shard": news.shard, **news.details}, seq)
        if news.event == "held":
            self.tell(OPEN_BOOK, TellOpen(news.shard))
        if news.event == "up":
            self._open_told.discard(news.shard)
        if news.event in ("ended", "hung"):
            silent_ns = news.details.get("silent_ms", 0) * 1_000_000  # it has repaired nothing for so long already
            self.after_ns(max(0, LEFT_OPEN_NS - silent_ns), StillDown(news.shard))

    def on_still_down(self, word: StillDown) -> None:
        """Nobody repairs its hedges meanwhile: somebody is told which, once."""
        if self.rows[word.shard].phase not in (RUNNING, SILENT, HELD, STOPPED) and word.shard not in self._open_told:
            self._open_told.add(word.shard)
            self.tell(OPEN_BOOK, TellOpen(word.shard, only_open=True))

    def on_seen(self, seen: ShardSeen) -> None:
        """Its figures as of the last look."""
        row, now_ns = self.rows[seen.shard], self.clock.mono_ns()
        since_ns = now_ns - row.mono_ns
        cpu = (seen.cpu_ms - row.cpu_ms) * 100_000_000 // since_ns if row.pid == seen.pid and since_ns > 0 else 0
        phase = row.phase
        if phase in (RUNNING, SILENT):
            phase = SILENT if seen.silent_ms >= SILENT_MS else RUNNING
        self.rows[seen.shard] = replace(
            row, phase=phase, pid=seen.pid, epoch=seen.epoch, memory_mb=seen.memory >> 20, cpu_percent=max(0, cpu),
            silent_ms=seen.silent_ms, cpu_ms=seen.cpu_ms, mono_ns=now_ns,
        )  # fmt: skip
        if seen.gateways is not None:
            for venue, silent_ms in self.gateways.heard(seen.shard, seen.gateways, now_ns):
                self.tell(f"{GATEWAY}{venue}", GatewaySilent(silent_ms))

    def on_gateway_hung(self, news: GatewayHung) -> None:
        """Its process has been ended; it is started again."""
        details = {"venue": news.venue, "pid": news.pid, "silent_ms": news.silent_ms}
        self._alert("critical", "GATEWAY_HUNG", details, self._record("gateway", {"event": "hung", **details}))

    def _record(self, kind: str, body: dict[str, Any]) -> int:
        try:
            return self.journal.append(kind, pack(body))
        except JournalError:
            return 0  # the shards are watched all the same

    def _alert(self, severity: str, code: str, details: dict[str, Any], cause: int) -> None:
        seq = self._record("alert", {"severity": severity, "code": code, **details, "cause": cause})
        self.tell(ALERTS, Alert(severity, code, seq, self.clock.wall_ns(), details))


def said(news: ShardNews) -> str:
    """Why a shard ended, in a few words."""
    details = news.details
    if news.event == "hung":
        return f"hung: silent for {details['silent_ms']} ms"
    if news.event == "memory_killed":
        return f"max_memory: {details['memory_mb']} MB"
    why = f" ({details['why']})" if details.get("why") else ""
    status = details.get("exit")
    how = "ended; how is not known" if status is None else f"killed by signal {-status}" if status < 0 else f"exit {status}"
    return how + why


class OpenBook(Actor):
    """Reads a shard's journal, where its process does not answer any more.

    Thread: its own: a long journal takes its time. `read`: a shard's directory
    to what is open in it; it is passed in, as it folds what actors know.
    """

    PINNED: ClassVar[bool] = True
    HANDLERS: ClassVar[dict[type, str]] = {TellOpen: "on_tell"}

    def __init__(self, runtime: Any, name: str, read: Callable[[Path], dict[str, Any]], places: dict[str, Path]) -> None:
        super().__init__(runtime, name)
        self._read, self._places = read, places

    def on_tell(self, word: TellOpen) -> None:
        """One alert with each pair's hedge and naked lots."""
        try:
            told = self._read(self._places[word.shard])
        except HedgerowError as error:
            told = {"problem": str(error)}
        if word.only_open and not (told.get("problem") or told["naked"] or told["in_flight"]):
            return
        self.tell(KEEPER, ShardNews(word.shard, "left_open", told))


def held_back(runtime: Any) -> Callable[[str, Reason], bool]:
    """What the shards' supervisor asks before it gives one up: never."""

    def may_give_up(name: str, reason: Reason) -> bool:
        runtime.tell(KEEPER, ShardNews(name.removeprefix("shard/"), "held", {"reason": repr(reason)[:300]}))
        return False

    return may_give_up
