"""One of all that are equal: a thousand pairs have few settings.

For frozen values alone, of exact numbers and text: whoever asks gets the first
of its type that was equal to what it made, and what it made is dropped.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")

MOST = 8_192
"""Values that are remembered; past them an equal one is made again, no more."""


@lru_cache(maxsize=MOST, typed=True)
def _first(value: object) -> object:
    return value


def shared(value: T) -> T:
    """The first that was equal to `value`, of the same type."""
    return _first(value)  # type: ignore[return-value]
