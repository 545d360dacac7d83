"""Why a document is not a configuration, in words that help.

msgspec says what it expected and where; a trader wants the file, the key, the
value that stands there and what may stand there.
"""

from __future__ import annotations

import difflib
import re
import typing
from typing import Any

import msgspec

from config.layers import Layers, Path
from config.schema import Config
from domain.errors import ConfigError

WORDS = (
    (" | null`", "`"),
    ("`str`", "text"),
    ("`int`", "whole number"),
    ("`bool`", "true or false"),
    ("`object`", "a table"),
    ("`array`", "a list"),
    ("`decimal`", "decimal text"),
)
"""msgspec's words for what a value is, and ours."""

PATTERNS = {
    r"^[A-Za-z0-9_.\-]+\Z": "letters without accents, digits, and . _ -",
    r"^[A-Za-z_][A-Za-z0-9_]*\Z": "letters without accents, digits and _, no digit first",
    r"^[^\x00-\x1f\x7f]+\Z": "text without control characters",
    r"^[^\x00]*\Z": "text without a zero byte",
    "^[034]+$": "of 0 (day), 3 (immediate or cancel), 4 (fill or kill)",
    "^[0-9]{8}$": "a day as YYYYMMDD",
}
"""The schema's patterns in words; a test holds them to it."""


def explained(layers: Layers, text: str) -> ConfigError:
    """msgspec's complaint as ours: file, key, value, what is allowed."""
    said, _, place = text.partition(" - at ")
    path = path_of(place)
    unknown = re.match(r"Object contains unknown field `(.*)`", said)
    if unknown:
        names = fields_at(path)
        near = difflib.get_close_matches(unknown[1], names, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        path = (*path, unknown[1])
        return ConfigError(layers.file_of(path), layers.key_of(path), layers.value_of(path), hint + "one of " + ", ".join(names))
    missing = re.match(r"Object missing required field `(.*)`", said)
    if missing:
        path = (*path, missing[1])
        return ConfigError(layers.file_of(path), layers.key_of(path), None, "required: it must be given")
    choices = choices_at(path)
    allowed = "one of " + ", ".join(choices) if choices else allowed_text(said)
    return ConfigError(layers.file_of(path), layers.key_of(path), layers.value_of(path), allowed)


def allowed_text(said: str) -> str:
    """What is allowed, from words such as "Expected `int`, got `str`"."""
    if said == "Invalid decimal string":
        return 'a decimal number as text, such as "0.01"'
    expected = re.match(r"Expected (.*?)(?:, got .*)?$", said)
    words = expected[1] if expected else said
    pattern = re.match(r"`str` matching regex '(.*)'$", words)
    if pattern:
        told = pattern[1].replace("\\\\", "\\")
        return PATTERNS.get(told, f"text that matches {told}")
    for theirs, ours in WORDS:
        words = words.replace(theirs, ours)
    return words.replace("`", "")


def path_of(place: str) -> Path:
    """msgspec's "`$.pair[0].legs`" as ("pair", 0, "legs")."""
    steps = re.findall(r"\.([A-Za-z_0-9]+)|\[(\d+)\]", place)
    return tuple(name or int(index) for name, index in steps)


def type_at(path: Path) -> Any:
    """The schema's type at a path: a Table class, or a field's type."""
    here: Any = Config
    for step in path:
        here = next((part for part in parts_of(here) if isinstance(part, type) and issubclass(part, msgspec.Struct)), here)
        if isinstance(step, int):
            here = next((arg for arg in typing.get_args(here) if arg is not Ellipsis), here)
            continue
        kinds = {field.name: field.type for field in msgspec.structs.fields(here)} if is_table(here) else {}
        here = kinds.get(str(step), object)
        here = next((part for part in parts_of(here) if typing.get_origin(part) is tuple), here)
    return next((part for part in parts_of(here) if is_table(part)), here)


def parts_of(kind: Any) -> list[Any]:
    """The alternatives of a type, without Annotated and without None."""
    if typing.get_origin(kind) is typing.Annotated:
        return parts_of(typing.get_args(kind)[0])
    arms = typing.get_args(kind)
    if type(None) in arms and typing.get_origin(kind) is not tuple:
        return [part for arm in arms if arm is not type(None) for part in parts_of(arm)]
    return [kind]


def is_table(kind: Any) -> bool:
    """Whether a type is a table of the schema."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def fields_at(path: Path) -> list[str]:
    """The keys that the table at a path knows."""
    kind = type_at(path)
    return list(kind.__struct_fields__) if is_table(kind) else []


def choices_at(path: Path) -> list[str]:
    """The words that a key takes, where it takes words of a list."""
    kind = type_at(path)
    return [str(arg) for part in parts_of(kind) if typing.get_origin(part) is typing.Literal for arg in typing.get_args(part)]
