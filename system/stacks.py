"""What the threads of this process are doing, read from outside of them.

A thread that is looked at pays nothing and is not held up: who looks has the
interpreter's lock. While a thread keeps that lock in C nobody in the process
can look; another process can (`py-spy dump`).
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from traceback import extract_tb, format_exception_only
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MAX_FRAMES = 64


def frames(thread_id: int) -> Iterator[FrameType]:
    """Its frames, the innermost first; none for a thread that has ended."""
    frame = sys._current_frames().get(thread_id)
    for _ in range(MAX_FRAMES):
        if frame is None:
            return
        yield frame
        frame = frame.f_back


def stack(thread_id: int) -> list[str]:
    """Its stack, a line a frame, the innermost last: `file:line function`."""
    return [f"{place(frame.f_code.co_filename)}:{frame.f_lineno} {frame.f_code.co_qualname}" for frame in frames(thread_id)][::-1]


def error_stack(error: BaseException) -> list[str]:
    """Where an error came from, in the same lines, then what it says."""
    taken = deque((f"{place(each.filename)}:{each.lineno} {each.name}" for each in extract_tb(error.__traceback__)), MAX_FRAMES)
    return [*taken, *"".join(format_exception_only(error)).splitlines()]


def local(frame: FrameType, name: str) -> Any:
    """A local value of a frame; None where it has none yet.

    Source: PEP 667 for 3.13; before it this is a copy of all of them.
    """
    return frame.f_locals.get(name)


def place(filename: str) -> str:
    """A file from our folder on, or from its library's; elsewhere its name alone."""
    path = Path(filename)
    if "site-packages" in path.parts:
        return "/".join(path.parts[path.parts.index("site-packages") + 1 :])
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
