"""What the kernel says of a thread: time on a core, time waiting for one."""

from __future__ import annotations

from pathlib import Path
from threading import get_native_id


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
