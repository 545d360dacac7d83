"""What a node takes of the machine: time, its lane, sockets, files.

A simulation passes a machine of its own; everything else of a node is the
same there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from actors.lane import LaneDispatcher
from domain.ports import Clock
from system.clock import SystemClock
from system.curve import CurveKeys
from system.sockets import FeedSocket, TradeSocket, new_context, private_directory


class RealMachine:
    """The present process. Thread: the one that makes it is the lane's."""

    journal: ClassVar[dict[str, Any]] = {}
    """What the journal is opened with beside its directory and clock."""
    makes_snapshots = True

    def __init__(self, after_ns: int = 0) -> None:
        self.clock = self.clock_from(after_ns)
        self.context = new_context()
        self.lane = LaneDispatcher(self.clock)
        self.pid = os.getpid()

    def clock_from(self, after_ns: int) -> Clock:
        """The machine's, never behind what the journal holds."""
        return SystemClock(after_ns)

    def directory(self, path: str) -> Path:
        """The node's own directory, made private."""
        return private_directory(Path(path))

    def emergency(self, path: str) -> Path | None:
        """Where the journal's emergency segment lies; None: there is none."""
        return Path(path)

    def feed_socket(self, endpoint: str, topics: Iterable[bytes], curve: CurveKeys | None = None) -> Any:
        """A SUB connected to a gateway's feed."""
        return FeedSocket(self.context, endpoint, topics, curve)

    def trade_socket(self, endpoint: str, curve: CurveKeys | None = None) -> Any:
        """A DEALER connected to a gateway's trade socket."""
        return TradeSocket(self.context, endpoint, curve)

    def close(self) -> None:
        """After the last socket was closed."""
        self.context.destroy(linger=0)
