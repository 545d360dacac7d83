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


class _Calls:
    """The calls of `os`, `io`, `mmap` and `fcntl`, each through the trap where it is about the folder."""

    def __init__(self, trap: Trap, folder: Path) -> None:
        self.trap, self.inside = trap, str(folder) + os.sep
        self.fds: dict[int, str] = {}
        names = ("open", "close", *_BY_PATH, *_BY_FD)
        self.real: dict[tuple[Any, str], Any] = {(os, name): getattr(os, name) for name in names}
        self.real |= {(io, "open"): io.open, (mmap, "mmap"): mmap.mmap, (fcntl, "flock"): fcntl.flock}
        self.made: dict[tuple[Any, str], Any] = {(os, name): self._by_path(name) for name in _BY_PATH}
        self.made |= {(os, name): self._by_fd(os, name) for name in _BY_FD}
        self.made |= {(mmap, "mmap"): self._by_fd(mmap, "mmap"), (fcntl, "flock"): self._by_fd(fcntl, "flock")}
        self.made |= {(os, "open"): self._open, (os, "close"): self._close, (io, "open"): self._file}

    def _is_inside(self, path: Any) -> bool:
        return isinstance(path, (str, os.PathLike)) and (os.fspath(path) + os.sep).startswith(self.inside)

    def _open(self, path: Any, *words: Any, **more: Any) -> int:
        real = self.real[os, "open"]
        if not self._is_inside(path):
            return real(path, *words, **more)
        _strike(self.trap, "open", path)
        fd = real(path, *words, **more)
        self.fds[fd] = str(path)
        return fd

    def _close(self, fd: int) -> None:
        path = self.fds.pop(fd, None)
        self.real[os, "close"](fd)
        if path is not None:
            _strike(self.trap, "close", path)  # Linux gives the descriptor back all the same

    def _file(self, path: Any, *words: Any, **more: Any) -> Any:
        real = self.real[io, "open"]
        if not self._is_inside(path):
            return real(path, *words, **more)
        _strike(self.trap, "open", path)
        return _Read(real(path, *words, **more), self.trap, str(path))

    def _by_path(self, name: str) -> Callable[..., Any]:
        def call(path: Any = ".", *words: Any, **more: Any) -> Any:
            if self._is_inside(path):
                _strike(self.trap, name, path)
            return self.real[os, name](path, *words, **more)

        return call

    def _by_fd(self, module: Any, name: str) -> Callable[..., Any]:
        def call(fd: int, *words: Any, **more: Any) -> Any:
            if fd in self.fds:
                _strike(self.trap, name, self.fds[fd])
            return self.real[module, name](fd, *words, **more)

        return call


@contextmanager
def trapped(trap: Trap, folder: Path) -> Iterator[None]:
    """Calls on files beneath `folder` go through the trap. Thread: one."""
    calls = _Calls(trap, folder)
    try:
        for (module, name), call in calls.made.items():
            setattr(module, name, call)
        yield
    finally:
        for (module, name), call in calls.real.items():
            setattr(module, name, call)
