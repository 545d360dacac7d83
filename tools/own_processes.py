"""Processes of this code, several at a time, each with its part."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parent.parent

Part = TypeVar("Part")
Found = TypeVar("Found")


def command_of(entry: str, *flags: str) -> list[str]:
    """The command of a process that calls `module:function` of this tree. `flags`: the interpreter's; arguments come after it."""
    module, _, function = entry.partition(":")
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from {module} import {function}; {function}()"
    return [sys.executable, *flags, "-c", code]


def as_they_end(run: Callable[[Part], Found], parts: Iterable[Part], jobs: int) -> Iterator[Found]:
    """What `run` gives for each part, in the order in which they end. Left early, none that waits begins. Raises: what `run` does."""
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(run, part) for part in parts]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
