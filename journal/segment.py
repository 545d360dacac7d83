"""One segment file in the writer's hands: prepared, written, sealed."""

from __future__ import annotations

import functools
import mmap
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from domain.errors import JournalError
from journal.format import (
    ACTIVE,
    HEADER_BYTES,
    PREPARED,
    Header,
    Mark,
    decode_header,
    encode_header,
    encode_mark,
    mark_offset,
    opening_hash,
)
from system.files import Files

T = TypeVar("T")

_NAME = re.compile(r"segment-(\d{8,})\.journal")
_PREPARING = "preparing.tmp"
POINTER = "emergency.path"
"""A file that names the emergency segment of its directory's journal."""

MADV_POPULATE_WRITE = 23
"""Source: madvise(2), Linux 5.14; absent from Python's mmap module."""
WARM_BYTES = 32 * 1024
"""About what the lane writes between two syncs under load."""


def segment_name(ordinal: int) -> str:
    return f"segment-{ordinal:08d}.journal"


def unreadable(directory: Path | str, error: OSError) -> JournalError:
    """The disk does not give what is on record: nobody may take that for nothing."""
    return JournalError(f"{directory}: the journal can't be read: {error}; see to the disk and to open files (ulimit -n), then start anew")


def reads(read: Callable[..., T]) -> Callable[..., T]:
    """For what reads a journal, its directory first: an OSError is told as a JournalError."""

    @functools.wraps(read)
    def told(directory: Path | str, *words: Any, **more: Any) -> T:
        try:
            return read(directory, *words, **more)
        except OSError as error:
            raise unreadable(directory, error) from error

    return told


@reads
def is_begun(directory: Path | str) -> bool:
    """Whether a journal is there at all. Raises: JournalError where the disk does not say."""
    try:
        return any(_NAME.fullmatch(path.name) for path in Path(directory).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return False


@reads
def segment_paths(directory: Path | str) -> dict[int, Path]:
    """Every segment file of the directory by its ordinal, in order.

    An emergency segment in use is the last one, wherever it lies. Raises:
    JournalError if the directory isn't there, or can't be read.
    """
    try:
        names = [(match, path) for path in Path(directory).iterdir() if (match := _NAME.fullmatch(path.name))]
    except (FileNotFoundError, NotADirectoryError):
        raise JournalError(f"{directory}: no such directory: give the directory that holds the journal") from None
    found = dict(sorted((int(match[1]), path) for match, path in names))
    emergency = pointed(directory)
    used = 0 if emergency is None else _ordinal_in_use(emergency)
    if used and (used not in found or not _ordinal_in_use(found[used])):
        found = {ordinal: path for ordinal, path in found.items() if ordinal < used}
        found[used] = emergency
    return found


def pointed(directory: Path | str) -> Path | None:
    """Where the emergency segment of a journal is, in use or not."""
    try:
        return Path((Path(directory) / POINTER).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _ordinal_in_use(path: Path) -> int:
    """Its ordinal where it holds records; 0 where it is ready, gone or damaged.

    Raises: OSError where that can't be seen: records are there, perhaps.
    """
    try:
        with path.open("rb") as file:
            header = decode_header(file.read(HEADER_BYTES))
    except (FileNotFoundError, NotADirectoryError, JournalError):
        return 0
    return header.ordinal if header.state == ACTIVE else 0


class Segment:
    """An open, mapped segment.

    Thread: `map`, `activate` in the lane; the rest in whichever thread syncs.
    """

    def __init__(self, files: Files, path: Path, fd: int, header: Header) -> None:
        self.path = path
        self.header = header
        self._files = files
        self._fd = fd
        self._turn = 0
        self.marked_seq = -1
        self.map = files.map(fd, header.size_bytes)

    @classmethod
    def prepare(cls, files: Files, directory: Path, ordinal: int, size_bytes: int, name: str = "") -> Segment:
        """Allocates the segment under a passing name, then gives it its own.

        So a file that has a segment's name always has its full size and a
        header: an empty or zeroed one is damage, never a leftover. Blocks.
        """
        header = Header(ordinal=ordinal, size_bytes=size_bytes, state=PREPARED)
        path = directory / (name or segment_name(ordinal))
        aside = directory / (f"{name}.tmp" if name else _PREPARING)
        fd = files.allocate(aside, size_bytes)
        files.write(fd, encode_header(header), 0)
        files.sync(fd)
        files.rename(aside, path)
        return cls(files, path, fd, header)

    @classmethod
    def reopen(cls, files: Files, path: Path) -> Segment:
        """Takes a segment that was prepared and never used."""
        with path.open("rb") as file:
            header = decode_header(file.read(HEADER_BYTES))
        return cls(files, path, files.open(path), header)

    def activate(self, header: Header) -> bytes:
        """Writes the header of use; returns the chain's opening hash."""
        data = encode_header(msgspec.structs.replace(header, size_bytes=self.header.size_bytes))
        self.header = header
        self.map[: len(data)] = data
        return opening_hash(data)

    def sync(self) -> None:
        """On the disk, under its name: what nobody will find again is not kept."""
        self._files.sync(self._fd)
        self._files.check_there(self._fd, self.path)

    def warm(self, offset: int) -> None:
        """Makes the pages behind `offset` writable again after a sync.

        A sync leaves its pages clean, so that the next store into each faults
        into the kernel: here that happens in the syncing thread, not in the
        lane. An older kernel refuses, and nothing but time is lost.
        """
        start = offset - offset % mmap.PAGESIZE
        length = min(WARM_BYTES, self.header.size_bytes - start)
        if length > 0 and not self.map.closed:
            with suppress(OSError, ValueError):
                self.map.madvise(MADV_POPULATE_WRITE, start, length)

    def mark(self, mark: Mark) -> None:
        """Notes what a sync that has succeeded covers (the next syncs it)."""
        data, at = encode_mark(mark), mark_offset(self._turn)
        self.map[at : at + len(data)] = data
        self._turn += 1
        self.marked_seq = mark.seq

    def seal(self, mark: Mark) -> None:
        """Ends the segment: marked, synced, cut to what it holds, closed."""
        self.mark(mark)
        self.map.close()
        self._files.sync(self._fd)
        self._files.truncate(self._fd, mark.offset)
        self._files.sync(self._fd)
        self.drop()

    def drop(self) -> None:
        """Closes the file as it is; nothing is promised."""
        self.map.close()
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            close_quietly(fd)


def close_quietly(fd: int) -> None:
    """Closes a descriptor whose last words no longer matter."""
    try:
        os.close(fd)
    except OSError:
        return
