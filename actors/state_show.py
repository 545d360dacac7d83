"""A bounded look at an actor's public state, from any thread.

It runs nothing of the actor's: fields are read, never properties or `repr`s of
our own classes. An actor adopts whole values, so that what is read is from
before a message or from after it. Bounded in depth, items, values, length and
time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from itertools import islice
from math import isfinite
from pathlib import PurePath
from typing import Any

from actors.base import Actor
from actors.names import Address
from domain.ports import Clock
from system.curve import CurveKeys
from system.threads import give_way

MAX_DEPTH = 8
MAX_ITEMS = 64
MAX_VALUES = 2_000
MAX_NS = 50_000_000
VALUES_A_CHUNK = 32
MAX_TEXT = 240
MAX_INT = 1 << 63
HIDDEN = "(hidden)"
SHARED = frozenset(("runtime", "clock", "desk", "box", "live", "routes", "name", "epoch"))
"""Of the runtime, or of all actors together: not this one's own state."""
SECRET = ("secret", "password", "passwd", "token", "private")
OURS = frozenset(("actors", "domain", "journal", "wire", "supervisors", "tools", "config", "simulation"))


class NoSuchField(LookupError):
    """A path leads nowhere; says what there is instead."""


class Look:
    """One look: `depth` levels from where it starts.

    With a clock it is bounded in time, too, and lets the lane in now and then.
    """

    def __init__(self, depth: int, clock: Clock | None = None) -> None:
        self.depth = depth
        self.left = MAX_VALUES
        self._clock = clock
        self._until_ns = 0 if clock is None else clock.mono_ns() + MAX_NS
        self.cut = False
        """Whether anything was left out."""

    def fields(self, value: Any, depth: int = 0) -> dict[str, Any]:
        """The public fields of an object, an actor's own first."""
        shown = {}
        for name, each in _own_fields(value):
            if self.left <= 0:
                self.cut = True
                break
            shown[name] = HIDDEN if _is_secret(name) else self.value(each, depth + 1)
        return shown

    def value(self, value: Any, depth: int) -> Any:
        """One value, as plain ones."""
        self.left -= 1
        if self._clock is not None and self.left > 0 and self.left % VALUES_A_CHUNK == 0:
            give_way()
            if self._clock.mono_ns() >= self._until_ns:
                self.left = 0
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, float):
            return value if isfinite(value) else str(value)
        if isinstance(value, Enum):
            return str(value.name)
        if isinstance(value, int):
            return value if -MAX_INT <= value < MAX_INT else self._text(str(value))
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return self._text(bytes(value[: MAX_TEXT // 2]).hex()) + (f" ({len(value)} bytes)" if len(value) > MAX_TEXT // 2 else "")
        if isinstance(value, CurveKeys):
            return HIDDEN
        if isinstance(value, Decimal | Fraction | PurePath | Address):
            return self._text(str(value))
        if isinstance(value, Actor):
            return f"actor {value.name}"
        if isinstance(value, type) or callable(value):
            return f"<{getattr(value, '__qualname__', type(value).__qualname__)}>"
        return self._compound(value, depth)

    def _compound(self, value: Any, depth: int) -> Any:
        if depth > self.depth or self.left <= 0:
            self.cut = True
            return _kind(value)
        if isinstance(value, dict):
            return self._mapping(value, depth)
        if depth == self.depth and isinstance(value, list | tuple | deque) and value and _is_compound(value[0]):
            self.cut = True
            return f"<{type(value).__name__} {len(value)} {type(value[0]).__name__}>"
        if isinstance(value, list | tuple | deque | set | frozenset) and not hasattr(value, "_fields"):
            return self._items(value, depth)
        if not _is_ours(value):
            return _kind(value)
        return {"": type(value).__name__, **self.fields(value, depth)}

    def _mapping(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        items = _some(value.items())
        shown = {_key(key): HIDDEN if _is_secret(_key(key)) else self.value(each, depth + 1) for key, each in items}
        if len(value) > len(items):
            self.cut = True
            shown["..."] = f"{len(value) - len(items)} more"
        return shown

    def _items(self, value: Any, depth: int) -> list[Any]:
        items = _some(value)
        shown = [self.value(each, depth + 1) for each in items]
        if len(value) > len(items):
            self.cut = True
            shown.append(f"... {len(value) - len(items)} more")
        return shown

    def _text(self, text: str) -> str:
        if len(text) > MAX_TEXT:
            self.cut = True
            return text[:MAX_TEXT] + "..."
        return text


def find(actor: Any, path: str) -> Any:
    """Where a dotted path leads: fields, keys, indices. Raises: NoSuchField."""
    value = actor
    for name in path.split(".") if path else ():
        there = dict(_own_fields(value)) if not isinstance(value, dict | list | tuple | deque) else _keyed(value)
        if name not in there or _is_secret(name):
            raise NoSuchField(f"no {name!r}; there are: {', '.join(list(there)[:40]) or 'none'}")
        value = there[name]
    return value


def summary(message: Any) -> str:
    """A message in one line: its class and its first fields."""
    told = Look(2).value(message, 1)
    if not isinstance(told, dict):
        return str(told)
    kind = told.pop("", type(message).__name__)
    text = " ".join(f"{name}={each}" for name, each in told.items() if each not in (None, "", [], {}))
    return f"{kind} {text}"[:MAX_TEXT].rstrip()


def _own_fields(value: Any) -> Iterator[tuple[str, Any]]:
    """Public ones, by `__dict__`, slots, or a Struct's fields."""
    if not _is_ours(value):
        return
    names: dict[str, None] = dict.fromkeys(getattr(value, "__struct_fields__", None) or getattr(value, "_fields", ()))
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        names.update(dict.fromkeys((slots,) if isinstance(slots, str) else slots))
    names.update(dict.fromkeys(_some(getattr(value, "__dict__", {}))))
    is_actor = isinstance(value, Actor)
    for name in names:
        if name.startswith("_") or (is_actor and (name in SHARED or name.startswith("actor_"))):
            continue
        try:
            yield name, object.__getattribute__(value, name)
        except AttributeError:
            continue  # a slot that has no value yet


def _keyed(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {_key(key): each for key, each in _some(value.items(), MAX_VALUES)}
    return {str(place): each for place, each in enumerate(_some(value, MAX_VALUES))}


def _some(values: Iterable[Any], most: int = MAX_ITEMS) -> list[Any]:
    """The first few; in C, so that no other thread changes them meanwhile."""
    return list(islice(values, most))


def _key(key: Any) -> str:
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)[:MAX_TEXT]


def _is_ours(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] in OURS or isinstance(value, Actor)


def _is_compound(value: Any) -> bool:
    return (_is_ours(value) and not isinstance(value, Enum)) or isinstance(value, dict | list | tuple | deque)


def _kind(value: Any) -> str:
    size = f" {len(value)}" if isinstance(value, dict | list | tuple | set | frozenset | deque) else ""
    return f"<{type(value).__name__}{size}>"


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET)
