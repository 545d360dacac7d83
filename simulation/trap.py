"""One call of the operating system or of ZeroMQ that fails, and no other.

While a trap is set, every call on files of one folder (open, fallocate, write,
sync, rename, unlink, mmap, stat, lock, read ...) is counted, whoever makes it,
and the nth raises what that call can raise. Nothing of it is done then.
"""

from __future__ import annotations

import errno
import fcntl
import io
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zmq

FILE_ERRORS: dict[str, tuple[int, ...]] = {
    "open": (errno.EMFILE, errno.EIO),
    "close": (errno.EIO,),
    "read": (errno.EIO,),
    "write": (errno.ENOSPC, errno.EIO),
    "posix_fallocate": (errno.ENOSPC, errno.EIO),
    "pwrite": (errno.ENOSPC, errno.EIO),
    "mmap": (errno.ENOMEM,),
    "fdatasync": (errno.EIO, errno.ENOSPC),
    "fsync": (errno.EIO, errno.ENOSPC),
    "ftruncate": (errno.EIO,),
    "fstat": (errno.EIO,),
    "stat": (errno.EIO, errno.EACCES),
    "listdir": (errno.EIO, errno.EMFILE),
    "mkdir": (errno.ENOSPC,),
    "rename": (errno.EIO, errno.ENOSPC),
    "unlink": (errno.EIO,),
    "flock": (errno.ENOLCK,),
}
"""What each call on a file fails with; the way says which. Source: the calls' manual pages."""

SOCKET_ERRORS: dict[str, tuple[int, ...]] = {
    "zmq_send": (errno.EAGAIN, errno.EHOSTUNREACH),
    "zmq_recv": (errno.EAGAIN, errno.ENOTSOCK),
    "zmq_events": (errno.ENOTSOCK,),
    "zmq_connect": (zmq.EMTHREAD,),
    "zmq_disconnect": (errno.ENOENT,),
    "zmq_monitor_recv": (errno.EAGAIN, errno.ENOTSOCK),
}
"""Source: zmq_send(3), zmq_msg_recv(3), zmq_getsockopt(3), zmq_connect(3), zmq_disconnect(3)."""

WAYS = 2
_BY_PATH = ("stat", "listdir", "mkdir", "rename", "unlink")
_BY_FD = ("posix_fallocate", "pwrite", "fdatasync", "fsync", "ftruncate", "fstat")


class Trap:
    """Counts calls; the `nth` of them fails, in one of its ways.

    `nth` 0: none. `counts`: calls by name; `fired`: the name of that which
    failed, "" until then; `code`: the errno that it failed with.
    """

    def __init__(self, nth: int = 0, way: int = 0, times: int = 1) -> None:
        self.nth, self.way, self.times = nth, way, times
        self.seen = 0
        self.counts: dict[str, int] = {}
        self.fired = ""
        self.code = 0
        self.at = ""
        self.paused = False
        """Whoever judges makes calls of its own: nothing is counted, nothing fails."""

    @property
    def is_file(self) -> bool:
        """Whether what failed was a call on a file."""
        return self.fired in FILE_ERRORS

    def fails(self, name: str, what: object = "") -> int:
        """Count a call; the errno that it fails with, 0 where it does not."""
        if self.paused:
            return 0
        self.seen += 1
        self.counts[name] = self.counts.get(name, 0) + 1
        if not self.nth <= self.seen < self.nth + self.times or self.nth == 0:
            return 0
        codes = FILE_ERRORS.get(name) or SOCKET_ERRORS[name]
        if not self.fired:
            self.fired, self.code = name, codes[self.way % len(codes)]
            self.at = os.path.basename(str(what))  # noqa: PTH119 (a name for a table)
        return codes[self.way % len(codes)]


class _Read:
    """A file object whose reads and writes are counted."""

    def __init__(self, file: Any, trap: Trap, path: str) -> None:
        self._file, self._trap, self._path = file, trap, path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _Read:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._file)

    def read(self, *words: Any) -> Any:
        _strike(self._trap, "read", self._path)
        return self._file.read(*words)

    def write(self, data: Any) -> Any:
        _strike(self._trap, "write", self._path)
        return self._file.write(data)


def _strike(trap: Trap, name: str, path: object) -> None:
    code = trap.fails(name, path)
    if code:
        raise OSError(code, os.strerror(code), str(path))


@contextmanager
def trapped(trap: Trap, folder: Path) -> Iterator[None]:
    """Calls on files beneath `folder` go through the trap. Thread: one."""
    inside = str(folder) + os.sep
    fds: dict[int, str] = {}
    real = {name: getattr(os, name) for name in ("open", "close", *_BY_PATH, *_BY_FD)}
    real_open, real_mmap, real_flock = io.open, mmap.mmap, fcntl.flock

    def opened(path: Any, *words: Any, **more: Any) -> int:
        if not os.fspath(path).startswith(inside):
            return real["open"](path, *words, **more)
        _strike(trap, "open", path)
        fd = real["open"](path, *words, **more)
        fds[fd] = str(path)
        return fd

    def closed(fd: int) -> None:
        path = fds.pop(fd, None)
        real["close"](fd)
        if path is not None:
            _strike(trap, "close", path)  # Linux gives the descriptor back all the same

    def by_path(name: str) -> Callable[..., Any]:
        def call(path: Any = ".", *words: Any, **more: Any) -> Any:
            if isinstance(path, (str, os.PathLike)) and (os.fspath(path) + os.sep).startswith(inside):
                _strike(trap, name, path)
            return real[name](path, *words, **more)

        return call

    def by_fd(name: str) -> Callable[..., Any]:
        def call(fd: int, *words: Any) -> Any:
            if fd in fds:
                _strike(trap, name, fds[fd])
            return real[name](fd, *words)

        return call

    def file(path: Any, *words: Any, **more: Any) -> Any:
        if isinstance(path, int) or not os.fspath(path).startswith(inside):
            return real_open(path, *words, **more)
        _strike(trap, "open", path)
        return _Read(real_open(path, *words, **more), trap, str(path))

    def mapped(fd: int, *words: Any, **more: Any) -> mmap.mmap:
        if fd in fds:
            _strike(trap, "mmap", fds[fd])
        return real_mmap(fd, *words, **more)

    def locked(fd: int, operation: int) -> None:
        if fd in fds:
            _strike(trap, "flock", fds[fd])
        real_flock(fd, operation)

    os.open, os.close = opened, closed
    for name in _BY_PATH:
        setattr(os, name, by_path(name))
    for name in _BY_FD:
        setattr(os, name, by_fd(name))
    io.open, mmap.mmap, fcntl.flock = file, mapped, locked
    try:
        yield
    finally:
        for name, call in real.items():
            setattr(os, name, call)
        io.open, mmap.mmap, fcntl.flock = real_open, real_mmap, real_flock
