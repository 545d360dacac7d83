"""What the threads of this process are doing, read from outside of them.

A thread that is looked at pays nothing and is not held up: who looks has the
interpreter's lock. While a thread keeps that lock in C nobody in the process
can look; another process can (`py-spy dump`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
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
    return [f"{_place(frame.f_code)}:{frame.f_lineno} {frame.f_code.co_qualname}" for frame in frames(thread_id)][::-1]


def local(frame: FrameType, name: str) -> Any:
    """A local value of a frame; None where it has none yet.

    Source: PEP 667 for 3.13; before it this is a copy of all of them.
    """
    return frame.f_locals.get(name)


def _place(code: CodeType) -> str:
    path = Path(code.co_filename)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
