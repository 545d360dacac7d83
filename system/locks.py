"""One holder of a directory at a time, named to whoever comes second."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from contextlib import suppress
from pathlib import Path

from domain.errors import JournalError

LOCK_NAME = "lock"


class LockHeldError(JournalError):
    """The directory belongs to a running node; `holder` says which."""

    def __init__(self, directory: Path, holder: dict[str, object]) -> None:
        self.directory = directory
        self.holder = holder
        super().__init__(
            f"{directory}: held by node {holder.get('node', '?')}, pid {holder.get('pid', '?')} "
            f"on {holder.get('host', '?')}: stop that node first, or give this one a directory of its own"
        )


class DirectoryLock:
    """An exclusive lock (flock) that dies with its process.

    The directory is made if need be. Raises: LockHeldError if another
    process, or this one, holds it; JournalError where the disk refuses.
    """

    def __init__(self, directory: Path, node: str) -> None:
        self.path = Path(directory) / LOCK_NAME
        self._fd = -1
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            holder = {"pid": os.getpid(), "host": socket.gethostname(), "node": node}
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, json.dumps(holder).encode() + b"\n", 0)
        except OSError as error:
            self._close()  # what the file says stays as it is: it is another's, or not to be trusted
            if isinstance(error, BlockingIOError):
                raise LockHeldError(Path(directory), read_holder(directory)) from None
            raise JournalError(f"{directory}: can't be held: {error}; see to the disk, then start anew") from error

    def release(self) -> None:
        """Gives the directory up, whatever the disk says; a second call does nothing."""
        if self._fd >= 0:
            with suppress(OSError):
                os.ftruncate(self._fd, 0)
            self._close()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        with suppress(OSError):
            if fd >= 0:
                os.close(fd)


def read_holder(directory: Path | str) -> dict[str, object]:
    """Who wrote itself into the lock last; empty if nobody is named."""
    try:
        holder = json.loads((Path(directory) / LOCK_NAME).read_bytes())
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


def is_locked(directory: Path | str) -> bool:
    """Whether a living process holds the directory."""
    try:
        fd = os.open(Path(directory) / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)  # its disk may be read-only by now
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise JournalError(f"{directory}: whether a node holds it can't be seen: {error}") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        raise JournalError(f"{directory}: whether a node holds it can't be seen: {error}") from None
    finally:
        with suppress(OSError):
            os.close(fd)
    return False
