"""Has a snapshot made whenever the journal has grown by so many records."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from actors.base import Actor
from actors.notes import Tick
from system import processes

LOOK_NS = 5_000_000_000
EVERY_RECORDS = 20_000
"""What a start reads beside the snapshot, at most: well under a second of it."""
PATIENCE_MS = 120_000


class SnapshotMaker(Actor):
    """Starts `journal snapshot` as a process, and waits for its end.

    What fails is logged and tried again when the journal has grown as much
    again: a start without a snapshot is only slower.

    Thread: its own, because it waits.
    """

    PINNED: ClassVar[bool] = True
    HANG_NS: ClassVar[int] = 2 * PATIENCE_MS * 1_000_000
    HANDLERS: ClassVar[dict[type, str]] = {Tick: "on_tick"}

    def __init__(self, runtime: Any, name: str, journal: Any, made_seq: int) -> None:
        super().__init__(runtime, name)
        self.journal = journal
        self.made_seq = made_seq

    def on_start(self) -> None:
        self.after_ns(LOOK_NS, Tick())

    def on_tick(self, _tick: Tick) -> None:
        """One at a time; the next look is after its end."""
        seq = self.journal.last_seq
        if seq - self.made_seq >= EVERY_RECORDS and not self.journal.failed and not self.journal.broken:
            self.made_seq = seq
            self.make()
        self.after_ns(LOOK_NS, Tick())

    def make(self) -> None:
        root = Path(__file__).parents[1]
        command = ["nice", "-n", "19", str(root / "hedgerow"), "journal", "snapshot", str(self.journal.directory)]
        try:
            process = processes.start(command)
        except processes.ProcessError as error:
            self.runtime.log("snapshot_failed", error=str(error))
            return
        code = processes.wait(process, PATIENCE_MS)
        if code is None:
            processes.end(process, 1000)
        if code != 0:
            self.runtime.log("snapshot_failed", code=code)
