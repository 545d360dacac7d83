"""Words left for a shard that does not answer: taken up before it trades.

A kill must hold also for a shard that is down, being raised, or hung. Whoever
kills puts the word into the shard's directory; the shard takes it at its start,
before any venue is open, and at each beat, and records it like any other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from domain.errors import WireError
from wire.codec import pack, unpack
from wire.inspection import Unanswerable

FOLDER = "words"
SUFFIX = ".word"
BARS = ("reducing", "paused", "halted")
"""Modes that let less leave."""


def may_wait(verb: str, args: Mapping[str, Any]) -> bool:
    """Which words may wait: only what bars."""
    return verb == "kill" or (verb == "mode" and args.get("mode") in BARS)


def leave(directory: Path, verb: str, args: Mapping[str, Any], wall_ns: int) -> Path:
    """Put a word where the shard will find it; on disk when this returns."""
    folder = directory / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{wall_ns}-{os.getpid()}{SUFFIX}"
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        file.write(pack([verb, dict(args)]))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return path


def take(directory: Path, words: Mapping[str, Callable[[dict[str, Any]], Any]], log: Callable[..., None]) -> int:
    """Do what was left, oldest first; how many there were. Thread: the lane."""
    folder = directory / FOLDER
    if not folder.is_dir():
        return 0
    found = sorted(folder.glob(f"*{SUFFIX}"))
    for path in found:
        try:
            verb, args = unpack(path.read_bytes())
            if may_wait(verb, args):
                words[verb](args)
            log("word_taken_up", verb=verb, **args)
        except (Unanswerable, WireError, ValueError, TypeError, AttributeError) as error:
            log("word_not_taken_up", file=path.name, error=str(error))
        path.unlink(missing_ok=True)
    return len(found)
