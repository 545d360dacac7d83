"""Threads: what the kernel says of one, and how one lets another in."""

from __future__ import annotations

import select
from pathlib import Path
from threading import get_native_id

GIVE_WAY_S = 0.0001


def give_way() -> None:
    """Leave the interpreter to the lane for a moment.

    A sleep, because a thread that only lets go of the interpreter's lock has
    it again before the one that waits for it has woken up.
    """
    select.select((), (), (), GIVE_WAY_S)


def present_thread() -> int:
    """The kernel's number of the calling thread."""
    return get_native_id()


def thread_times(thread: int) -> tuple[int, int] | None:
    """Ns that it ran, and ns that it waited for a core; None where unknown.

    Thread: any of the same process. Source: Linux, sched-stats, per process.
    """
    try:
        ran_ns, waited_ns, *_ = Path(f"/proc/self/task/{thread}/schedstat").read_text().split()
    except (OSError, ValueError):
        return None
    return int(ran_ns), int(waited_ns)
