"""Watches where a cover pair's exposure is told: a file, or a ZeroMQ feed.

Both give the same record (wire/exposures.py). A record that can't be read is
told to the pair, which says so once and goes on with what it knows.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from actors.base import Actor
from actors.notes import ExposureNews, Tick
from domain.errors import WireError
from wire.exposures import MAX_BYTES, decode_exposure

FILE_NS = 200_000_000
FEED_NS = 20_000_000
MOST_AT_ONCE = 256
TOPIC = b"exposure"
"""The first of a feed's two frames; the second is the record."""


class ExposureFile(Actor):
    """Reads the file again when it has changed. Thread: its own, files block."""

    HANDLERS: ClassVar[dict[type, str]] = {Tick: "on_tick"}
    PINNED = True

    def __init__(self, runtime: Any, name: str, pair: str, path: Path) -> None:
        super().__init__(runtime, name)
        self.pair = pair
        runtime.reserve(pair)  # what is read before the pair is started waits there
        self.path = path
        self.seen: tuple[int, ...] | None = None

    def on_start(self) -> None:
        self.on_tick()

    def on_tick(self, _tick: Tick | None = None) -> None:
        """Look whether it is another one."""
        news = self._news()
        if news is not None:
            self.tell(self.pair, news)
        self.after_ns(FILE_NS, Tick("exposure"))

    def _news(self) -> ExposureNews | None:
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
                if stamp == self.seen:
                    return None
                body = file.read(MAX_BYTES + 1)
        except OSError as error:
            stamp, body = (error.errno or 0,), b""
            if stamp == self.seen:
                return None
            self.seen = stamp
            return ExposureNews(None, f"{self.path}: {error.strerror}")
        self.seen = stamp
        return _read(body, f"file {self.path.name}")


class ExposureFeed(Actor):
    """Subscribes to a feed of records; the last of a burst is enough.

    Thread: its own, so that a flood is not the lane's.
    """

    HANDLERS: ClassVar[dict[type, str]] = {Tick: "on_tick"}
    PINNED = True

    def __init__(self, runtime: Any, name: str, pair: str, connect: Callable[[], Any]) -> None:
        super().__init__(runtime, name)
        self.pair = pair
        runtime.reserve(pair)  # what is read before the pair is started waits there
        self.connect = connect
        self.socket: Any = None

    def on_start(self) -> None:
        self.socket = self.connect()
        self.on_tick()

    def on_stop(self) -> None:
        self.socket.close()

    def on_failure(self, *_error: Any) -> None:
        if self.socket is not None:
            self.socket.close()

    def on_tick(self, _tick: Tick | None = None) -> None:
        """Take what has come."""
        last = None
        for _ in range(MOST_AT_ONCE):
            frames = self.socket.recv()
            if frames is None:
                break
            if frames[0] == TOPIC:
                last = frames[1]
        if last is not None:
            self.tell(self.pair, _read(last, "feed"))
        self.after_ns(FEED_NS, Tick("exposure"))


def _read(body: bytes, source: str) -> ExposureNews:
    try:
        return ExposureNews(decode_exposure(body, source))
    except WireError as error:
        return ExposureNews(None, str(error))
