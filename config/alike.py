"""Text, numbers and tables of a configuration, each kept once.

A desk of a thousand pairs writes "USD" and the same limits two thousand times,
and reading makes each of them anew. What is alike to the letter becomes one:
0.10 and 0.1 stay two, since people are shown what they wrote.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec


def shared(value: Any, known: dict[tuple[Any, ...], Any]) -> Any:
    """`value`, of a configuration that nobody else has seen yet, with what is alike in it kept once."""
    if value is None:
        return None
    kind = type(value)
    if issubclass(kind, msgspec.Struct):
        parts: list[Any] = [kind]
        for name in value.__struct_fields__:
            told = getattr(value, name)
            if told is not None:  # most settings are not said
                part = shared(told, known)
                if part is not told:
                    msgspec.structs.force_setattr(value, name, part)
                told = id(part)
            parts.append(told)
        return known.setdefault(tuple(parts), value)
    if kind is tuple:
        whole = tuple([shared(part, known) for part in value])
        return known.setdefault((kind, *map(id, whole)), whole)
    if kind is str or kind is int:
        return known.setdefault((kind, value), value)
    if kind is Decimal:
        return known.setdefault((kind, str(value)), value)
    return value
