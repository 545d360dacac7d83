"""The files of a live recording: gzip members, parts, torn ends.

Rows are kept until `flush`, then leave as one gzip member in one write: files
of such members are plain gzip, and a torn last member is cut when the recording
is taken up again. A part that is large or old enough ends; the next goes on.

Units: bytes as compressed; ns monotonic for a part's age.
"""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

from tools.errors import ToolError

SUFFIX = ".csv.gz"
DIGITS = 6
GZIP_WINDOW = 31
READ_BYTES = 1 << 20


class Parts:
    """One instrument's rows, over as many files as it takes."""

    def __init__(self, folder: Path, stem: str, header: str, most_bytes: int, most_ns: int) -> None:
        self.folder, self.stem, self._header = folder, stem, header
        self._most_bytes, self._most_ns = most_bytes, most_ns
        self._lines: list[str] = []
        self._fd = -1
        self._bytes = self._opened_ns = 0
        self.parts = self.rows = self.total_bytes = self.cut_bytes = 0
        self.number = _last_number(folder, stem)
        if self.number:
            self.cut_bytes = cut_torn(self._path)

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.stem}.{self.number:0{DIGITS}d}{SUFFIX}"

    @property
    def resumed(self) -> bool:
        """Whether an earlier recording stands here."""
        return self.number > 0 and self._fd < 0

    def add(self, line: str) -> None:
        """One row, in memory until the next flush."""
        self._lines.append(line)
        self.rows += 1

    def flush(self, now_ns: int) -> None:
        """Hand what was added to the system, in one write.

        Raises: ToolError where the disk takes nothing; the file ends whole.
        """
        if not self._lines:
            return
        try:
            if self._fd < 0:
                self._open(now_ns)
            member = gzip.compress(("\n".join(self._lines) + "\n").encode(), compresslevel=6, mtime=0)
            self._write(member)
        except OSError as error:
            raise ToolError(f"{self._path}: {error.strerror}: {len(self._lines)} rows could not be kept") from error
        self._lines.clear()
        if self._bytes >= self._most_bytes or now_ns - self._opened_ns >= self._most_ns:
            self.close()

    def close(self) -> None:
        """End the part; the next row begins another."""
        if self._fd >= 0:
            os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _open(self, now_ns: int) -> None:
        self.number += 1
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._bytes, self._opened_ns = 0, now_ns
        self.parts += 1
        self._lines.insert(0, self._header)

    def _write(self, member: bytes) -> None:
        """All of it, or the file as it was before."""
        done = 0
        try:
            while done < len(member):
                done += os.write(self._fd, member[done:])
        except OSError:
            os.ftruncate(self._fd, self._bytes)
            raise
        self._bytes += len(member)
        self.total_bytes += len(member)


def _last_number(folder: Path, stem: str) -> int:
    """The number of the last part that is there, 0 for none."""
    numbers = [path.name[len(stem) + 1 : -len(SUFFIX)] for path in folder.glob(f"{stem}.*{SUFFIX}")]
    return max((int(each) for each in numbers if each.isdigit()), default=0)


def cut_torn(path: Path) -> int:
    """Cut what follows the last whole member; the bytes that went."""
    whole = good = 0
    unpack = zlib.decompressobj(GZIP_WINDOW)
    with path.open("rb") as file:
        while data := file.read(READ_BYTES):
            while data:
                try:
                    unpack.decompress(data)
                except zlib.error:
                    return _cut(path, good)
                if not unpack.eof:
                    whole += len(data)
                    break
                whole += len(data) - len(unpack.unused_data)
                good, data = whole, unpack.unused_data
                unpack = zlib.decompressobj(GZIP_WINDOW)
    return _cut(path, good)


def _cut(path: Path, good: int) -> int:
    size = path.stat().st_size
    if size == good:
        return 0
    if good:
        os.truncate(path, good)
    else:
        path.unlink()
    return size - good
