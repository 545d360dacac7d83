"""Watches a lane from outside; run as a process of its own, by its node.

    python -I -S lane_watch.py PID HANG_TICKS STACK_FILE ALERTS_FILE

Standard input is a pipe on which the node writes a byte each tick while its
lane goes round. After HANG_TICKS ticks without one the node's stacks are
dumped (faulthandler, on SIGUSR2, which needs no interpreter lock), it is
killed, so that whoever supervises it raises it, and an alert is written.
What a process that is stopped (SIGSTOP) or gets no processor misses is not
held against it. The pipe's end is the node's: then this ends too.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from pathlib import Path

TICK_S = 0.1
DUMP_TICKS = 5
STOPPED = "Tt"
RUNNABLE = "R"


def watch(pid: int, hang_ticks: int, stack: str, alerts: str) -> None:
    """Until the node ends, or hangs."""
    silent, used = 0, _used(pid)[1]
    while True:
        readable, _, _ = select.select((0,), (), (), TICK_S)
        if readable:
            if not os.read(0, 4096):
                return
            silent = 0
            continue
        state, now_used = _used(pid)
        if state in STOPPED:
            silent = 0
        elif state != RUNNABLE or now_used > used:
            silent += 1
        used = now_used
        if silent >= hang_ticks:
            _end(pid, stack, alerts, silent)
            return


def _end(pid: int, stack: str, alerts: str, silent: int) -> None:
    """Its stacks, its end, and a line for people."""
    os.kill(pid, signal.SIGUSR2)
    size = 0
    for _ in range(DUMP_TICKS):
        select.select((), (), (), TICK_S)
        before, size = size, Path(stack).stat().st_size
        if size and size == before:
            break
    os.kill(pid, signal.SIGKILL)
    row = {
        "severity": "critical",
        "code": "LANE_HUNG",
        "seq": 0,
        "wall_ns": Path(stack).stat().st_mtime_ns,
        "pid": pid,
        "silent_ms": int(silent * TICK_S * 1000),
        "stacks": stack,
        "do": "the node was ended: its supervisor starts it anew, or you do; keep the stacks",
    }
    with Path(alerts).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def _used(pid: int) -> tuple[str, int]:
    """State of its main thread, and clock ticks that it has run.

    Source: proc(5), /proc/pid/stat fields 3, 14 and 15.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return "X", 0
    return fields[0], int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    watch(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
