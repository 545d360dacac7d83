"""The machine of a simulated node: virtual time, sockets in memory.

The journal's code is the real one, on a directory in memory where there is
one; its syncs are not waited for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from simulation.agenda import WatchedLane
from simulation.network import FeedLink, TradeLink
from system.files import Files

SEGMENT_BYTES = 1024 * 1024
MEMORY = Path("/dev/shm")  # noqa: S108 (a directory of mkdtemp goes there)


class VirtualFiles(Files):
    """The disk's calls without the disk's time, the same on each machine."""

    def allocate(self, path: Path, size_bytes: int) -> int:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        os.ftruncate(fd, size_bytes)
        return fd

    def sync(self, fd: int) -> None:
        """Memory needs none."""

    def sync_directory(self, directory: Path) -> None:
        """Memory needs none."""

    def boot_id(self) -> bytes:
        return bytes(16)


class VirtualMachine:
    """What a node takes of its machine; see tools.machine.RealMachine."""

    makes_snapshots = False  # by a process of its own, which a simulation has none of

    def __init__(
        self, lane: WatchedLane, folder: Path, feeds: dict[str, FeedLink], trades: dict[str, TradeLink]
    ) -> None:
        self.lane, self.clock = lane, lane.clock
        self.context: Any = None
        self.pid = 1
        self.journal = {"segment_bytes": SEGMENT_BYTES, "files": VirtualFiles()}
        self._folder, self._feeds, self._trades = folder, feeds, trades

    def directory(self, _path: str) -> Path:
        """The run's own, whatever the configuration says."""
        return self._folder

    def emergency(self, _path: str) -> Path | None:
        """None: a disk that fails is not simulated."""
        return None

    def feed_socket(self, endpoint: str, _topics: Iterable[bytes], _curve: Any = None) -> Any:
        return self._feeds[_venue(endpoint)].open()

    def trade_socket(self, endpoint: str, _curve: Any = None) -> Any:
        return self._trades[_venue(endpoint)].open()

    def close(self) -> None:
        """Nothing is left to close."""


def _venue(endpoint: str) -> str:
    """`ipc:///sim/A.trade` is venue A's."""
    return endpoint.rpartition("/")[2].partition(".")[0]
