"""`stop`: the node settles, repairs, and says what it leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tools.client import Client, pass_dir
from tools.errors import FAILED, FINE, NotConnected, Refused, ToolError
from tools.output import Output, pass_out

AFTER_DEADLINE_MS = 15_000
"""How long a node may take for its tree and files after its deadline."""


class StillRunning(ToolError):
    """It was told to stop and has not ended in time."""


@click.command()
@click.option("--deadline", type=click.FloatRange(0, 600), default=15.0, show_default=True, help="Seconds to settle and repair.")
@click.option("--reason", default="", help="Kept with the record.")
@pass_dir
@pass_out
def stop(out: Output, directory: Path, deadline: float, reason: str) -> int:
    """Stop the node in order; exit 1 if something was left.

    Triggers end at once; what works is settled and repaired until the
    deadline. Returns when the node has ended.
    """
    from system import processes

    deadline_ms = int(deadline * 1000)
    with Client(directory, "operate") as client:
        process = _holder(directory)
        told = _asked(client, deadline_ms, reason)
    out.say(f"stopping {directory}, at most {deadline:g} s to settle; in flight: {', '.join(told['in_flight']) or 'nothing'}")
    if processes.wait(process, deadline_ms + AFTER_DEADLINE_MS) is None:
        raise StillRunning(f"pid {process.pid} has not ended {AFTER_DEADLINE_MS // 1000} s after its deadline: see its log")
    left = _last_words(directory, told["seq"])
    clean = left is not None and not left["in_flight"] and not left["naked"]
    out.one({"stopped": True, "clean": clean, "seq": told["seq"], **(left or {"in_flight": None, "naked": None})})
    if left is None:
        out.say("it ended without its last record: it crashed while stopping; look at its log, then start it again")
    elif not clean:
        for row in left["left"]:
            hedge = f"{row['hedge']} is {row['state']} {row['why']}".rstrip() if row["hedge"] else "no hedge in flight"
            out.say(f"not clean: {row['pair']}: {hedge}, naked lots {row['naked']}, live orders {len(row['live'])}")
        out.say("start it again to repair them, or take them over: ./hedgerow hedge take HEDGE")
    return FINE if clean else FAILED


def _holder(directory: Path) -> Any:
    """The process that holds the journal. Raises: NotConnected, Refused."""
    import socket

    from system.locks import read_holder
    from system.processes import Process, start_ticks

    holder = read_holder(directory / "journal")
    pid = holder.get("pid")
    if not isinstance(pid, int):
        raise NotConnected(f"not connected: {directory}: nobody holds its journal any more")
    if holder.get("host") != socket.gethostname():
        raise Refused(f"{directory} is held by a node on {holder.get('host')}: stop it there")
    return Process(pid, start_ticks(pid))


def _asked(client: Client, deadline_ms: int, reason: str) -> dict[str, Any]:
    """What the node answers; a node that ends before it answers has heard."""
    import getpass

    return client.ask("stop", deadline_ms=deadline_ms, operator=getpass.getuser(), reason=reason)


def _last_words(directory: Path, seq: int) -> dict[str, Any] | None:
    """What the node's last record says is left; None without one."""
    from journal.reader import read
    from wire.codec import unpack

    last = None
    for record in read(directory / "journal", from_seq=max(1, seq)):
        last = record
    if last is None or last.kind != "stop":
        return None
    body = unpack(last.body)
    left = list(body.get("left", []))
    return {"in_flight": list(body.get("in_flight", [])), "naked": dict(body.get("naked", {})), "left": left, "records": last.seq}
