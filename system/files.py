"""Files that hold what must not be lost: allocated, synced, replaced."""

from __future__ import annotations

import errno
import mmap
import os
from pathlib import Path

_ZEROS = bytes(1024 * 1024)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Files:
    """The calls that the journal makes on the disk; tests make them fail.

    Raises: OSError from every method; the caller says what it means.
    Thread: any.
    """

    def allocate(self, path: Path, size_bytes: int) -> int:
        """A new file of that size, every block of it written: its fd.

        Zeros are written and not only reserved: a sparse file that meets a
        full disk kills the process with SIGBUS, and blocks that were never
        written make each later sync update the file system's tables.
        """
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, size_bytes)
            for at in range(0, size_bytes, len(_ZEROS)):
                _write_all(fd, _ZEROS[: size_bytes - at], at)
        except OSError:
            os.close(fd)
            path.unlink(missing_ok=True)
            raise
        return fd

    def open(self, path: Path) -> int:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def map(self, fd: int, size_bytes: int) -> mmap.mmap:
        """The file as memory; what is stored there outlives the process.

        Not MAP_POPULATE: it holds the interpreter for ms, and the kernel
        asks again at the first store into each page all the same.
        """
        return mmap.mmap(fd, size_bytes, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ | mmap.PROT_WRITE)

    def write(self, fd: int, data: bytes, offset: int) -> None:
        _write_all(fd, data, offset)

    def sync(self, fd: int) -> None:
        """What was written is on the disk when this returns. Blocks."""
        os.fdatasync(fd)

    def check_there(self, fd: int, path: Path) -> None:
        """OSError where `path` is not that file any more: deleted, moved, replaced."""
        if not os.path.samestat(os.fstat(fd), path.stat()):
            raise OSError(errno.ESTALE, "another file has taken its name", str(path))

    def truncate(self, fd: int, size_bytes: int) -> None:
        os.ftruncate(fd, size_bytes)

    def rename(self, old: Path, new: Path) -> None:
        old.rename(new)
        self.sync_directory(new.parent)

    def sync_directory(self, directory: Path) -> None:
        """New, renamed and removed names in it are on the disk. Blocks."""
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def boot_id(self) -> bytes:
        """16 bytes that change with each boot of the machine."""
        try:
            return bytes.fromhex(BOOT_ID.read_text().strip().replace("-", ""))
        except (OSError, ValueError):
            return bytes(16)


def replace_file(path: Path, data: bytes) -> None:
    """Writes a file whole: readers see the old one or the new one. Blocks."""
    files = Files()
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        _write_all(fd, data, 0)
        os.fsync(fd)
    finally:
        os.close(fd)
    files.rename(aside, path)


def _write_all(fd: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done
