"""Memory that this process has freed, given back to the machine."""

from __future__ import annotations

import ctypes

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; other C libraries have none and need none


def give_back() -> None:
    """What a start has needed and freed. Takes some milliseconds at most.

    Source: malloc_trim(3). By itself glibc gives back what is free at the end
    of the heap, and less of it the larger the blocks were that were freed.
    """
    if _trim is not None:
        _trim(0)
