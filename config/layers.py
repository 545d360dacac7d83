"""Files laid over one another, and which of them said what.

A table is merged key by key. A list of named tables (venue, instrument, fx,
pair) is merged by name: a later file may change one key of one pair. Any other
list is replaced whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Path = tuple[str | int, ...]

NAMED_BY: dict[str, tuple[str, ...]] = {
    "venue": ("name",),
    "instrument": ("venue", "symbol"),
    "fx": ("name",),
    "shard": ("name",),
    "pair": ("name",),
    "legs": ("venue", "symbol"),
}
"""By which keys the tables of a list are told apart."""


class Layers:
    """The merged document, with the file of each of its values."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self._files: dict[Path, str] = {}

    def add(self, file: str, document: dict[str, Any]) -> None:
        """Lay one file's document over what is there."""
        self._table((), self.document, document, file)

    def file_of(self, path: Path) -> str:
        """The file that set a value, or the one that set what holds it."""
        for length in range(len(path), -1, -1):
            file = self._files.get(path[:length])
            if file is not None:
                return file
        return "configuration"

    def files(self) -> tuple[str, ...]:
        """The files that said anything, each once."""
        return tuple(dict.fromkeys(self._files.values()))

    def said(self) -> Iterable[Path]:
        """Every path that a file said."""
        return self._files.keys()

    def value_of(self, path: Path) -> Any:
        """The value as the files said it, None where they don't."""
        value: Any = self.document
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def key_of(self, path: Path) -> str:
        """The path as a person writes it: `pair[copper].legs[HG].lots`."""
        text = ""
        for index, step in enumerate(path):
            if isinstance(step, int):
                text += f"[{self._name_at(path[:index], step)}]"
            else:
                text += f".{step}" if text else str(step)
        return text

    def _name_at(self, path: Path, index: int) -> str:
        table = self.value_of((*path, index))
        keys = NAMED_BY.get(str(path[-1])) if path else None
        if keys and isinstance(table, dict) and table.get(keys[-1]):
            return str(table[keys[-1]])
        return str(index)

    def _table(self, path: Path, under: dict[str, Any], over: dict[str, Any], file: str) -> None:
        self._files[path] = file
        for key, value in over.items():
            here = (*path, key)
            present = under.get(key)
            if isinstance(value, dict) and isinstance(present, dict):
                self._table(here, present, value, file)
            elif is_named(path, key, value) and isinstance(present, list | None):
                self._named(here, under.setdefault(key, []), value, file)
            else:
                self._forget(here)
                under[key] = value
                self._mark(here, value, file)

    def _named(self, path: Path, under: list[Any], over: list[dict[str, Any]], file: str) -> None:
        keys = NAMED_BY[str(path[-1])]
        places = {identity(table, keys): index for index, table in enumerate(under)}
        for table in over:
            who = identity(table, keys)
            if who is None or who not in places:
                under.append(table)
                self._mark((*path, len(under) - 1), table, file)
            else:
                self._table((*path, places[who]), under[places[who]], table, file)

    def _mark(self, path: Path, value: Any, file: str) -> None:
        self._files[path] = file
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, deeper in inner:
            self._mark((*path, key), deeper, file)

    def _forget(self, path: Path) -> None:
        for known in [known for known in self._files if known[: len(path)] == path]:
            del self._files[known]


def is_named(path: Path, key: str, value: Any) -> bool:
    """Whether a value is a list of tables that are merged by name."""
    return not path and key in NAMED_BY and isinstance(value, list) and all(isinstance(table, dict) for table in value)


def identity(table: dict[str, Any], keys: tuple[str, ...]) -> tuple[Any, ...] | None:
    """What a table of a named list is known by; None if it has no name."""
    found = tuple(table.get(key) for key in keys)
    return found if all(isinstance(part, str) for part in found) else None
