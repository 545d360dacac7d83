"""What a process uses, and what a process of ours may use.

Read from outside, by pid; limits a process sets for itself, before it has
threads, since they are each thread's own and are inherited.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
WALL_AT = 2
"""Times its limit, and a process gets no more private memory at all."""


def memory_of(pid: int) -> int:
    """Bytes resident; 0 where there is no such process. Source: proc(5), statm."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(fields[1]) * PAGE_BYTES


def cpu_ms_of(pid: int) -> int:
    """Processor time of all its threads. Source: proc(5), stat fields 14 and 15."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) * 1000 // TICKS_A_SECOND


def is_stopped(pid: int) -> bool:
    """Whether a signal or a debugger holds it. Source: proc(5), stat field 3."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] in "Tt"


def threads_of(pid: int) -> list[str]:
    """Each thread's name, state and kernel place: what can be seen of a process that does not run."""
    found = []
    for task in sorted(Path(f"/proc/{pid}/task").glob("*")):
        try:
            stat = (task / "stat").read_text(encoding="ascii", errors="replace")
            place = (task / "wchan").read_text(encoding="ascii", errors="replace") or "?"
        except OSError:
            continue
        name, _, rest = stat.partition("(")[2].rpartition(")")
        found.append(f"{task.name} {name} {rest.split()[0]} {place}")
    return found


def allowed_cpus() -> set[int]:
    """Processors that this process may run on."""
    return os.sched_getaffinity(0)


def confine(cpus: Iterable[int], nice: int, memory: int) -> None:
    """Keep this process to these processors, this niceness, this memory.

    `memory`: bytes; private memory ends at WALL_AT times it, a wall for what
    grows faster than anybody looks. Where the kernel groups processes by
    session, niceness between sessions is the group's. 0, (): no limit.
    """
    wanted = set(cpus)
    if wanted:
        os.sched_setaffinity(0, wanted)
    if nice:
        os.nice(nice)
        _group_nice(nice)
    if memory:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = memory * WALL_AT
        resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _group_nice(nice: int) -> None:
    """The session's own niceness. Source: sched(7), "The autogroup feature"."""
    try:
        Path("/proc/self/autogroup").write_text(str(nice), encoding="ascii")
    except OSError:
        return  # no such grouping here: niceness holds by itself
