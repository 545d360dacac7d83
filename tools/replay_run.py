"""The processes of a replay, started and ended in order.

The gateways are given one start, some seconds ahead, so that the node has
logged on when the recording begins. The node is told to stop shortly before
the recording ends, while its markets are still open: what is in flight can
then be settled and repaired. Whoever was started is ended, whatever happens.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from config.load import ROOT
from domain.ports import Clock
from gateways.replay.pacing import Start
from system import processes
from system.processes import Process
from system.signals import StopFlag
from tools.errors import ToolError
from tools.replay_config import VenuePlay, config_of, overlay_text
from tools.replay_map import Recording

NS_PER_S, NS_PER_MS = 1_000_000_000, 1_000_000
AHEAD_NS = 3 * NS_PER_S
"""From starting the processes to the recording's first row."""

QUIET_NS = 500 * NS_PER_MS
"""From the node's stop to the recording's end, in real time."""

STOP_MS = 20_000
GATEWAY_STOP_MS = 5_000
LOOK_MS = 100
TELL_NS = 5 * NS_PER_S
LOG_TAIL_CHARS = 600


class ReplayRun:
    """One run in a folder of its own; use it as a context manager."""

    def __init__(
        self, folder: Path, files: Sequence[Path], recording: Recording, plays: tuple[VenuePlay, ...], clock: Clock
    ) -> None:
        self.folder = folder
        self.node_dir = folder / "node"
        self.overlay = folder / "replay.toml"
        self._files, self._recording = tuple(file.resolve() for file in files), recording
        self._plays, self._clock = plays, clock
        self._gateways: dict[str, Process] = {}
        self._node: Process | None = None
        self.start: Start | None = None
        self._env = {**os.environ, "HEDGEROW_PYTHON": sys.executable}

    def __enter__(self) -> Self:
        return self

    def lay_over(self, speed: float) -> None:
        """Write the overlay for this pace. Raises: ConfigError."""
        text = overlay_text(config_of(self._files), self._plays, self.node_dir, speed, None)
        self.overlay.write_text(text, encoding="utf-8")
        config_of([*self._files, self.overlay])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still runs: the node first, then its venues."""
        if self._node is not None:
            self._end(self._node, STOP_MS)
        for process in self._gateways.values():
            self._end(process, GATEWAY_STOP_MS)

    def play(self, first_ns: int, last_ns: int, end_ns: int | None, speed: float, tell: Callable[[str], None]) -> int:
        """Play from `first_ns` to `last_ns` of the recording; the node's exit code.

        Raises ToolError where a process ends too early, with its last words;
        KeyboardInterrupt after a signal, when the node has been ended in order.
        """
        self.lay_over(speed)
        with StopFlag().installed() as flag:
            self.start = Start(first_ns, self._clock.wall_ns() + AHEAD_NS, speed)
            code = self._play(self.start, last_ns, end_ns, flag, tell)
        if flag.is_set():
            raise KeyboardInterrupt
        return code

    def _play(self, start: Start, last_ns: int, end_ns: int | None, flag: StopFlag, tell: Callable[[str], None]) -> int:
        end_mono_ns = self._clock.mono_ns() + AHEAD_NS + int((last_ns - start.recording_ns) / start.speed)
        for play in self._plays:
            self._gateways[play.venue] = self._start(play.venue, *self._gateway_words(play, start, end_ns))
        self._node = self._start("node", "run", *self._configs(), "-c", str(self.overlay), "--live")
        self._wait(end_mono_ns - QUIET_NS, flag, tell)
        code = self._end(self._node, STOP_MS)
        self._node = None
        return code

    def log_of(self, name: str) -> Path:
        """Where a process's words go."""
        return self.folder / f"{name}.log"

    def _configs(self) -> list[str]:
        return [word for file in self._files for word in ("-c", str(file))]

    def _gateway_words(self, play: VenuePlay, start: Start, end_ns: int | None) -> list[str]:
        words = ["gateway", "replay", *self._configs(), "--venue", play.venue, "--with-parent"]
        words += [word for part in self._recording.parts for word in ("--recording", str(part.source), "--data", str(part.data))]
        words += ["--dir", str(play.folder), "--feed", play.feed, "--trade", play.trade]
        words += ["--start", f"{start.recording_ns}@{start.wall_ns}", "--speed", str(start.speed)]
        return words if end_ns is None else [*words, "--end-ns", str(end_ns)]

    def _start(self, name: str, *words: str) -> Process:
        return processes.start([str(ROOT / "hedgerow"), *words], self.log_of(name), self._env)

    def _wait(self, until_mono_ns: int, flag: StopFlag, tell: Callable[[str], None]) -> None:
        """Wait for the moment or a signal, with a line now and then."""
        told_ns = self._clock.mono_ns()
        while not flag.is_set() and (now_ns := self._clock.mono_ns()) < until_mono_ns:
            left_ms = min(LOOK_MS, (until_mono_ns - now_ns) // NS_PER_MS + 1)
            if processes.wait(self._node, left_ms) is not None:
                raise self._ended_early("node")
            for name, process in self._gateways.items():
                if not processes.alive(process):
                    raise self._ended_early(name)
            if now_ns - told_ns >= TELL_NS:
                told_ns = now_ns
                tell(f"replay: {(until_mono_ns - now_ns) // NS_PER_S} s to go")

    def _ended_early(self, name: str) -> ToolError:
        log = self.log_of(name)
        words = log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARS:].strip()
        return ToolError(f"{name} ended before the recording did; its last words ({log}):\n{words}")

    @staticmethod
    def _end(process: Process, patience_ms: int) -> int:
        """Ask it to end; make it, when it takes too long. Its exit code."""
        processes.send_signal(process, signal.SIGTERM)
        code = processes.wait(process, patience_ms)
        if code is None:
            processes.send_signal(process, signal.SIGKILL)
            code = processes.wait(process, patience_ms)
        return processes.EXIT_UNKNOWN if code is None else code
