"""Processes: started in sessions of their own, exec'ed, watched by pidfd.

A process is known by its pid and the time it started, so that a pid that the
machine gave to somebody else is never taken for ours.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from domain.errors import HedgerowError

LOG_MODE = 0o640
PR_SET_PDEATHSIG = 1
EXIT_UNKNOWN = -1_000  # it was not our child: nobody tells us its code


class ProcessError(HedgerowError):
    """A process could not be started; says which command, and why."""


class ProcessExited(ProcessError):
    """A managed process ended without being asked; says with which code."""


class Process(Struct, frozen=True):
    """A process by pid and start time (clock ticks since boot)."""

    pid: int
    start_ticks: int


def start(command: Sequence[str], log: Path | str = os.devnull, env: Mapping[str, str] | None = None) -> Process:
    """Exec `command` in a session of its own, its output to `log`.

    It gets none of our descriptors, default signals, and /dev/null to read.

    Raises: ProcessError when it can't be exec'ed.
    """
    if not command:
        raise ProcessError("an empty command: give the program and its arguments")
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, LOG_MODE),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    try:
        pid = os.posix_spawnp(
            command[0],
            list(command),
            dict(os.environ if env is None else env),
            file_actions=actions,
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD),
        )
    except OSError as error:
        raise ProcessError(f"{command[0]}: cannot be started, log {log}: {error.strerror}") from error
    return Process(pid, start_ticks(pid))


def start_ticks(pid: int) -> int:
    """When `pid` was started; 0 when there is no such process.

    Source: proc(5), /proc/pid/stat field 22.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] in "ZX" else int(fields[19])


def alive(process: Process) -> bool:
    """True while that very process runs."""
    return process.start_ticks != 0 and start_ticks(process.pid) == process.start_ticks


def send_signal(process: Process, number: int) -> bool:
    """Signal it; False when it is gone."""
    try:
        fd = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    try:
        if not alive(process):  # the pid is somebody else's by now
            return False
        signal.pidfd_send_signal(fd, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)
    return True


def wait(process: Process, timeout_ms: int | None = None) -> int | None:
    """Wait for its end: the exit code (minus the signal), None: time is up.

    EXIT_UNKNOWN for one that is not our child. Thread: any; it blocks.
    """
    try:
        fd = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return _reap(process.pid)
    try:
        if start_ticks(process.pid) not in (0, process.start_ticks):
            return EXIT_UNKNOWN
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if not poll.poll(timeout_ms):
            return None
    finally:
        os.close(fd)
    return _reap(process.pid)


def end(process: Process, patience_ms: int) -> int:
    """Ask it to end; make it, when it takes too long. Its exit code.

    Thread: any; it blocks.
    """
    send_signal(process, signal.SIGTERM)
    code = wait(process, patience_ms)
    if code is None:
        send_signal(process, signal.SIGKILL)
        code = wait(process, patience_ms)
    return EXIT_UNKNOWN if code is None else code


def stop_with_parent() -> None:
    """From now on the end of our parent is a SIGTERM to us.

    Source: prctl(2), PR_SET_PDEATHSIG.
    """
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        signal.raise_signal(signal.SIGTERM)


def _reap(pid: int) -> int:
    try:
        _, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return EXIT_UNKNOWN
    return os.waitstatus_to_exitcode(status)


# ------------------------------------------------ pid files


def write_pid_file(path: Path, process: Process) -> None:
    """Put the process on record for the next node to adopt."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(f"{process.pid} {process.start_ticks}\n", encoding="ascii")
    beside.replace(path)


def adopt(path: Path) -> Process | None:
    """The process of a pid file, if that very one still runs."""
    try:
        words = path.read_text(encoding="ascii").split()
        process = Process(int(words[0]), int(words[1]))
    except (FileNotFoundError, ValueError, IndexError):
        return None
    return process if alive(process) else None
