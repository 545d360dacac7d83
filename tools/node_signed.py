"""Who says an operator's word, and why; or whether it is only asked for."""

from __future__ import annotations

from typing import Any

from actors.answering import text_arg
from wire.inspection import BAD_REQUEST, Unanswerable


def is_dry(args: dict[str, Any]) -> bool:
    """Whether it is only asked what the word would do."""
    return args.get("dry_run") is True


def signed(args: dict[str, Any], reason: str | None = None) -> tuple[str, str]:
    """Who, and why: a record without them is none. Raises: Unanswerable."""
    operator, why = text_arg(args, "operator").strip(), text_arg(args, "reason", reason).strip()
    if not operator or (reason is None and not why):
        raise Unanswerable(BAD_REQUEST, "allowed: an operator's name and a reason")
    return operator, why
