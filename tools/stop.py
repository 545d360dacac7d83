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

ENDING_MS = 12_000
"""How long a node that answers no more may still be ending its tree."""
FRESH_NS = 15_000_000_000
"""How long after a node's end a stop that came too late is still answered."""


class StillRunning(ToolError):
    """It was told to stop and has not ended in time."""


@click.command()
@click.option("--deadline", type=click.FloatRange(0, 600), default=15.0, show_default=True, help="Seconds to settle and repair.")
@click.option("--reason", default="", help="Kept with the record.")
@click.option("-y", "--yes", is_flag=True, expose_value=False, help="As other verbs take it: stop asks nothing.")
@pass_dir
@pass_out
def stop(out: Output, directory: Path, deadline: float, reason: str) -> int:
    """Stop the node in order; exit 1 if something was left.

    Triggers end at once; what works is settled and repaired until the
    deadline. Returns when the node has ended; who asks while it is ending, or
    has just ended, gets the same answer.
    """
    deadline_ms = int(deadline * 1000)
    if _rootless(directory):
        import getpass

        from tools.stop_shards import stop_shards

        words = {"deadline_ms": deadline_ms, "operator": getpass.getuser(), "reason": reason}
        return stop_shards(out, directory, words, AFTER_DEADLINE_MS)
    try:
        seq = _asked_and_gone(out, directory, deadline_ms, reason)
    except NotConnected:
        if not _just_stopped(directory):
            raise
        seq = 0  # another stop has ended it: the same answer
    left = last_words(directory)
    clean = left is not None and not left["in_flight"] and not left["naked"]
    out.one({"stopped": True, "clean": clean, "seq": seq or None, **(left or {"in_flight": None, "naked": None})})
    if left is None:
        out.say("it ended without its last record: it crashed while stopping; look at its log, then start it again")
    elif not clean:
        for row in left["left"]:
            hedge = f"{row['hedge']} is {row['state']} {row['why']}".rstrip() if row["hedge"] else "no hedge in flight"
            out.say(f"not clean: {row['pair']}: {hedge}, naked lots {row['naked']}, live orders {len(row['live'])}")
        out.say("start it again to repair them, or take them over: ./hedgerow hedge take HEDGE")
    return FINE if clean else FAILED


def _rootless(directory: Path) -> bool:
    """Whether it is a node of shards, some of which run without a root."""
    from system.locks import is_locked
    from tools.shard_places import shard_dirs

    dirs = shard_dirs(directory)
    return bool(dirs) and not is_locked(directory / "journal") and any(is_locked(place / "journal") for place in dirs.values())


def _asked_and_gone(out: Output, directory: Path, deadline_ms: int, reason: str) -> int:
    """Told to stop, and ended: the seq of the word.

    Raises: NotConnected where nobody answers; it may be ending already, so
    that its end is waited for. StillRunning, Refused.
    """
    from system import processes

    with Client(directory, "operate") as client:
        process = holder_of(directory)
        try:
            told = _asked(client, deadline_ms, reason)
        except NotConnected:
            processes.wait(process, ENDING_MS)
            raise
    in_flight = ", ".join(told["in_flight"]) or "nothing"
    out.say(f"stopping {directory}, at most {deadline_ms / 1000:g} s to settle; in flight: {in_flight}")
    if processes.wait(process, deadline_ms + AFTER_DEADLINE_MS) is None:
        raise StillRunning(f"pid {process.pid} has not ended {AFTER_DEADLINE_MS // 1000} s after its deadline: see its log")
    return told["seq"]


def _just_stopped(directory: Path) -> bool:
    """Whether nobody holds it any more, and its last word is a fresh stop."""
    from domain.errors import JournalError
    from journal.reader import last_record
    from system.clock import SystemClock
    from system.locks import is_locked

    journal = directory / "journal"
    try:
        last = None if is_locked(journal) else last_record(journal)
    except JournalError:
        return False
    return last is not None and last.kind == "stop" and SystemClock().wall_ns() - last.wall_ns < FRESH_NS


def holder_of(directory: Path) -> Any:
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


def last_words(directory: Path) -> dict[str, Any] | None:
    """What the node's last record says is left; None without one."""
    from journal.reader import last_record
    from wire.codec import unpack

    last = last_record(directory / "journal")
    if last is None or last.kind != "stop":
        return None
    body = unpack(last.body)
    left = list(body.get("left", []))
    return {"in_flight": list(body.get("in_flight", [])), "naked": dict(body.get("naked", {})), "left": left, "records": last.seq}
