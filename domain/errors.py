"""The one error tree, and the check that invariants go through.

HedgerowError
├── InvariantViolation     our bug: crash, the supervisor decides
│   └── IllegalTransition  an event that a machine's state has no cell for
├── VenueError             theirs: handle it
├── ConfigError            refuse to start: file, key, value, what is allowed
├── JournalError           stop trading
└── WireError              bytes that are not a message: count and drop
"""

from __future__ import annotations


class HedgerowError(Exception):
    """Base of every error that Hedgerow raises by itself."""


class InvariantViolation(HedgerowError):
    """Something held to be always true is not: our bug."""


class IllegalTransition(InvariantViolation):
    """An event met a state that has no cell for it; nothing changed."""


class VenueError(HedgerowError):
    """A venue or its gateway did what the protocol does not allow."""


class JournalError(HedgerowError):
    """The record can't be written or is damaged: trading must stop."""


class WireError(HedgerowError):
    """Bytes that are not a message of the protocol."""


class ConfigError(HedgerowError):
    """A setting that can't be used; says which, and what is allowed."""

    def __init__(self, file: str, key: str, value: object, allowed: str) -> None:
        self.file = file
        self.key = key
        self.value = value
        self.allowed = allowed
        super().__init__(f"{file}: {printable(key)} = {value!r}: allowed: {allowed}")


def printable(text: str) -> str:
    """A key as it may be shown: what would move a terminal is spelled out."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def require(cond: object, text: str) -> None:
    """Raise InvariantViolation with `text` unless `cond` is true."""
    if not cond:
        raise InvariantViolation(text)
