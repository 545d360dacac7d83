"""`stop` of shards whose root is gone: each of them, then the gateways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from system import processes
from tools.client import reach
from tools.errors import NotConnected
from tools.output import Output
from tools.shard_places import shard_dirs

GATEWAY_STOP_MS = 5_000


def stop_shards(out: Output, directory: Path, words: dict[str, Any], after_ms: int) -> int:
    """Ask every shard at once, wait for all, end the gateways; the exit code.

    Raises: NotConnected where no shard runs; StillRunning.
    """
    from tools.errors import FAILED, FINE
    from tools.stop import StillRunning, holder_of, last_words

    dirs = shard_dirs(directory)
    with reach(directory, "operate") as client:
        holders = {name: holder_of(dirs[name]) for name in client.there}
        told, _ = client.each("stop", words)
    if not told:
        raise NotConnected(f"not connected: {directory}: its root is gone, and no shard answers")
    out.say(f"its root is gone: stopping {', '.join(told)}, at most {words['deadline_ms'] / 1000:g} s to settle")
    for name, process in holders.items():
        if processes.wait(process, words["deadline_ms"] + after_ms) is None:
            raise StillRunning(f"shard {name}, pid {process.pid}, has not ended {after_ms // 1000} s after its deadline: see its log")
    for pid_file in sorted((directory / "gateways").glob("*.pid")):
        gateway = processes.adopt(pid_file)
        if gateway is not None:
            processes.end(gateway, GATEWAY_STOP_MS)
    rows = [{"shard": name, "seq": told[name]["seq"] if name in told else None, "clean": _is_clean(last_words(dirs[name]))} for name in holders]
    out.many(rows)
    return FINE if all(row["clean"] for row in rows) else FAILED


def _is_clean(words: dict[str, Any] | None) -> bool:
    return words is not None and not words["in_flight"] and not words["naked"]
