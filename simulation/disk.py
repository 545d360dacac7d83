"""The disk of a simulated node: no time of its own, and calls that fail.

The journal's code is the real one. `failing` says which call fails where, and
how; what lies in the emergency's place is on another disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from system.files import Files

JOURNAL, EMERGENCY = "journal", "emergency"
EVERYWHERE = (JOURNAL, EMERGENCY)


class VirtualDisk(Files):
    """The calls that the journal makes on a disk, the same on each machine."""

    def __init__(self) -> None:
        self.failing: dict[tuple[str, str], int] = {}
        """(place, call): errno."""
        self.on_failed: Callable[[str], None] = lambda _call: None
        """A call has failed."""
        self._places: dict[int, str] = {}
        self._unused: set[int] = set()
        """Files that are being made ready: nothing is on record in them."""

    def mend(self) -> None:
        """It works again."""
        self.failing.clear()

    def _try(self, place: str, call: str, what: str = "") -> None:
        number = self.failing.get((place, call))
        if number is not None:
            self.on_failed(what or call)
            raise OSError(number, os.strerror(number))

    def allocate(self, path: Path, size_bytes: int) -> int:
        place = _place(path)
        self._try(place, "allocate")
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        os.ftruncate(fd, size_bytes)
        self._places[fd] = place
        self._unused.add(fd)
        return fd

    def open(self, path: Path) -> int:
        place = _place(path)
        self._try(place, "open")
        fd = super().open(path)
        self._places[fd] = place
        self._unused.discard(fd)  # a number that was another file's
        return fd

    def write(self, fd: int, data: bytes, offset: int) -> None:
        self._try(self._places.get(fd, JOURNAL), "write")
        super().write(fd, data, offset)

    def sync(self, fd: int) -> None:
        """Memory needs none."""
        self._try(self._places.get(fd, JOURNAL), "sync", "make ready" if fd in self._unused else "sync")
        self._unused.discard(fd)

    def sync_directory(self, directory: Path) -> None:
        """Memory needs none."""

    def boot_id(self) -> bytes:
        return bytes(16)


def _place(path: Path) -> str:
    return EMERGENCY if path.name.startswith("emergency") else JOURNAL
