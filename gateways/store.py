"""What a gateway keeps on disk: orders, the venue's names, reports.

One file a trading day, append only, in records of

    length (u32, little endian) | CRC-32 of the body (u32) | body (MessagePack)

A record is in the kernel before the thing that it tells leaves the process, so
the death of the process loses none; `sync` puts it on the disk itself. A torn
last record is one whose order never left, and is cut off.
"""

from __future__ import annotations

import os
import struct
import zlib
from array import array
from pathlib import Path
from typing import Any

from domain.errors import JournalError, WireError
from wire.codec import pack, unpack

KEPT_DAYS = 6  # the present trading day and five before it
HEAD = struct.Struct("<II")
SUFFIX = ".orders"
MAX_RECORD_BYTES = 1024 * 1024
MAX_UNWRITTEN_BYTES = 64 * 1024 * 1024


class Store:
    """Append-only day files of one gateway.

    Raises: JournalError where a file is damaged, OSError where the disk fails.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.day = ""
        self._fd = -1
        self._end = 0
        self._unwritten = bytearray()

    def read(self) -> list[list[Any]]:
        """All records of the days kept, oldest first; cuts torn tails."""
        records: list[list[Any]] = []
        for path in self._files():
            records.extend(_records(path))
        return records

    def open_day(self, day: str) -> None:
        """Append to this trading day's file from now on; old files go."""
        self.close()
        path = self.directory / f"{day}{SUFFIX}"
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._end = os.fstat(self._fd).st_size
        self.day = day
        for old in self._files()[:-KEPT_DAYS]:
            old.unlink()

    def append(self, *record: Any) -> tuple[int, int]:
        """Put a record at the end; where its body lies. See `flush`."""
        body = pack(record)
        at = self._end + len(self._unwritten) + HEAD.size
        self._unwritten += HEAD.pack(len(body), zlib.crc32(body))
        self._unwritten += body
        return at, len(body)

    def flush(self) -> None:
        """Hand all appended records to the kernel.

        Raises: OSError; the records stay, and the next flush tries them again.
        JournalError once more than MAX_UNWRITTEN_BYTES wait.
        """
        if not self._unwritten or self._fd < 0:
            return
        data = bytes(self._unwritten)
        done = 0
        try:
            while done < len(data):
                done += os.write(self._fd, data[done:])
        except OSError:
            os.ftruncate(self._fd, self._end)  # a half record would end the file for its reader
            if len(data) > MAX_UNWRITTEN_BYTES:
                raise JournalError(
                    f"{self.directory}: the disk took nothing for too long: free it, start again"
                ) from None
            raise
        self._end += done
        self._unwritten.clear()

    def read_at(self, at: int, length: int) -> Any:
        """The record whose body lies there. Raises: WireError, OSError."""
        if at >= self._end:
            return unpack(bytes(self._unwritten[at - self._end : at - self._end + length]))
        return unpack(os.pread(self._fd, length, at))

    def sync(self) -> None:
        """What was flushed is on the disk when this returns. Blocks."""
        if self._fd >= 0:
            os.fdatasync(self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            self.flush()
            os.close(self._fd)
            self._fd = -1

    def days(self) -> list[str]:
        """The trading days on disk, oldest first."""
        return [path.name.removesuffix(SUFFIX) for path in self._files()]

    def _files(self) -> list[Path]:
        return sorted(self.directory.glob(f"[0-9]*{SUFFIX}"))


class Places:
    """Where the records 1, 2, 3... of something lie in the open day file."""

    def __init__(self) -> None:
        self._at = array("Q")
        self._length = array("L")

    def __len__(self) -> int:
        return len(self._at)

    def add(self, place: tuple[int, int]) -> None:
        self._at.append(place[0])
        self._length.append(place[1])

    def __getitem__(self, number: int) -> tuple[int, int]:
        """The place of record `number`, from 1."""
        return self._at[number - 1], self._length[number - 1]


def _records(path: Path) -> list[list[Any]]:
    data = path.read_bytes()
    found: list[list[Any]] = []
    at = 0
    while at < len(data):
        body = _body(data, at)
        if body is None:
            _cut(path, data, at)
            break
        try:
            found.append(unpack(body))
        except WireError as error:
            raise JournalError(f"{path} at {at}: {error}: restore the file or start with an empty directory") from error
        at += HEAD.size + len(body)
    return found


def _body(data: bytes, at: int) -> bytes | None:
    if at + HEAD.size > len(data):
        return None
    length, crc = HEAD.unpack_from(data, at)
    if not 0 < length <= MAX_RECORD_BYTES:  # a lost tail reads as zeros
        return None
    body = data[at + HEAD.size : at + HEAD.size + length]
    if len(body) < length or zlib.crc32(body) != crc:
        return None
    return body


def _cut(path: Path, data: bytes, at: int) -> None:
    """Cut a torn tail; damage with whole records behind it is not a tail."""
    for later in range(at + 1, min(len(data) - HEAD.size, at + MAX_RECORD_BYTES)):
        body = _body(data, later)
        if body:
            raise JournalError(f"{path} is damaged at {at}: restore it, or move it away and start with no orders known")
    os.truncate(path, at)
