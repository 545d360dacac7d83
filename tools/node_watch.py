"""The node's side of its watcher: beats, and where its stacks would go.

A thread says each tick that the lane goes round, or sleeps because nobody has
mail. A lane that hangs in Python, or in C with the interpreter's lock, is
silent all the same; the process beside it acts (`system/lane_watch.py`). A
node of several shards has one of these for each.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from pathlib import Path
from threading import Event, Thread
from typing import Any

import system.lane_watch as watcher

TICK_MS = int(watcher.TICK_S * 1000)


class LaneWatch:
    """A context around the lane's run; `hang_ms` 0: nobody watches.

    Thread: the lane's. A node that ends in order leaves no file.
    """

    def __init__(self, lane: Any, folder: Path, hang_ms: int) -> None:
        self._lane = lane
        self._ticks = -(-hang_ms // TICK_MS)
        self._stack = folder / f"stacks-{os.getpid()}.txt"
        self._alerts = folder / "alerts.jsonl"
        self._over = Event()
        self._pid = 0

    def __enter__(self) -> LaneWatch:
        if not self._ticks:
            return self
        self._file = self._stack.open("w", encoding="utf-8")
        faulthandler.register(signal.SIGUSR2, file=self._file, all_threads=True)
        read_fd, self._beat_fd = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._beat_fd, False)
        command = [sys.executable, "-I", "-S", watcher.__file__, str(os.getpid()), str(self._ticks)]
        self._pid = os.posix_spawn(
            sys.executable,
            [*command, str(self._stack), str(self._alerts)],
            dict(os.environ),
            file_actions=[
                (os.POSIX_SPAWN_DUP2, read_fd, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
            setsid=True,
            setsigdef=(signal.SIGINT, signal.SIGTERM, signal.SIGPIPE),
        )
        os.close(read_fd)
        self._thread = Thread(target=self._beat, name="lane-watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if not self._pid:
            return
        self._over.set()
        self._thread.join()
        os.close(self._beat_fd)
        os.waitpid(self._pid, 0)
        faulthandler.unregister(signal.SIGUSR2)
        self._file.close()
        self._stack.unlink(missing_ok=True)

    def _beat(self) -> None:
        lane, laps = self._lane, -1
        while not self._over.wait(watcher.TICK_S):
            if lane.asleep or lane.laps != laps:
                laps = lane.laps
                try:
                    os.write(self._beat_fd, b".")
                except OSError:
                    return  # nobody watches any more
