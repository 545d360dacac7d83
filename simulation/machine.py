"""The machine of a simulated node: virtual time, sockets in memory.

The journal's code is the real one, on a directory in memory where there is
one; its syncs are not waited for.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from simulation.agenda import WatchedLane
from simulation.disk import VirtualDisk
from simulation.network import FeedLink, TradeLink

SEGMENT_BYTES = 1024 * 1024
MEMORY = Path("/dev/shm")  # noqa: S108 (a directory of mkdtemp goes there)


class VirtualMachine:
    """What a node takes of its machine; see tools.machine.RealMachine."""

    makes_snapshots = False  # by a process of its own, which a simulation has none of

    def __init__(
        self,
        lane: WatchedLane,
        folder: Path,
        feeds: dict[str, FeedLink],
        trades: dict[str, TradeLink],
        disk: VirtualDisk | None = None,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.lane, self.clock = lane, lane.clock
        self.context: Any = None
        self.pid = 1
        self.journal = {"segment_bytes": segment_bytes, "files": disk or VirtualDisk()}
        self._may_fail = disk is not None
        self._folder, self._feeds, self._trades = folder, feeds, trades

    def directory(self, _path: str) -> Path:
        """The run's own, whatever the configuration says."""
        return self._folder

    def emergency(self, _path: str) -> Path | None:
        """On another disk; none where no disk can fail."""
        return self._folder / "emergency" if self._may_fail else None

    def feed_socket(self, endpoint: str, _topics: Iterable[bytes], _curve: Any = None) -> Any:
        return self._feeds[_venue(endpoint)].open()

    def trade_socket(self, endpoint: str, _curve: Any = None) -> Any:
        return self._trades[_venue(endpoint)].open()

    def close(self) -> None:
        """Nothing is left to close."""


def _venue(endpoint: str) -> str:
    """`ipc:///sim/A.trade` is venue A's."""
    return endpoint.rpartition("/")[2].partition(".")[0]
