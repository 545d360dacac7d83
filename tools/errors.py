"""What a verb raises so that the shell gets the right exit code.

0 fine, 1 failed, 2 usage or configuration, 3 a limit or gate not met,
4 not connected, 5 refused, 6 audit broken.
"""

from __future__ import annotations

from domain.errors import ConfigError, HedgerowError, InvariantViolation, JournalError

FINE = 0
FAILED = 1
USAGE = 2
GATE = 3
NOT_CONNECTED = 4
REFUSED = 5
AUDIT_BROKEN = 6


class ToolError(HedgerowError):
    """A verb could not do its work; the text says what to do."""

    exit_code = FAILED


class OutputLost(ToolError):
    """What was asked for can't be written where it was to go."""


class ReaderGone(OutputLost):
    """Whoever read the output wants no more of it, as `head` does: not a word is owed."""


class UsageError(ToolError):
    """The command line asks for what does not exist."""

    exit_code = USAGE


class NotConnected(ToolError):
    """Nobody answers: the node, a gateway or the exchange isn't there."""

    exit_code = NOT_CONNECTED


class Refused(ToolError):
    """Whoever was asked said no."""

    exit_code = REFUSED


def exit_code_of(error: HedgerowError) -> int:
    """The exit code that tells a script what kind of error this was."""
    if isinstance(error, ToolError):
        return error.exit_code
    if isinstance(error, ConfigError):
        return USAGE
    if isinstance(error, JournalError):
        from system.locks import LockHeldError

        return REFUSED if isinstance(error, LockHeldError) else AUDIT_BROKEN
    return FAILED


def is_bug(error: HedgerowError) -> bool:
    """Whether the error is ours, so that its traceback belongs shown."""
    return isinstance(error, InvariantViolation)
