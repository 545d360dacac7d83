"""What every write verb does: say it, ask, sign, print the record.

A node says what a word would do (`dry_run`); a person agrees, or gives `-y`;
the word is sent with the person's name and reason.
"""

from __future__ import annotations

import functools
import os
import pwd
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from tools.client import CONFIG_FILE, reach
from tools.errors import FINE, NOT_CONNECTED, REFUSED, UsageError
from tools.output import Output, pass_out

APART = ("pairs", "away", "left", "refused", "shards")
"""Of an answer: not in its table."""


class Asked:
    """How a write verb was asked for: `-y`, `--reason`, `--dry-run`, by whom."""

    def __init__(
        self, out: Output, where: Callable[[], Path], files: tuple[str, ...] = (), *, yes: bool, reason: str, dry_run: bool, operator: str
    ) -> None:
        self.out, self._where = out, where
        self.files = files or (CONFIG_FILE,)
        self.yes, self.reason, self.dry_run, self.operator = yes, reason, dry_run, operator

    @property
    def directory(self) -> Path:
        """The node's own."""
        return self._where()

    def send(self, verb: str, *, reasonless: bool = False, **args: Any) -> dict[str, Any] | None:
        """Say, ask, do; what the node answers, None where it was not done.

        Raises: UsageError, Refused, NotConnected.
        """
        signed = self.signed(reasonless=reasonless)
        with reach(self._where(), "operate") as client:
            if self.dry_run or not self.yes:
                for line in client.ask(verb, dry_run=True, **{**signed, "reason": self.reason or "asked"}, **args)["does"]:
                    self.out.say(line)
            if self.dry_run or not self.agreed():
                return None
            return client.ask(verb, **signed, **args)

    def signed(self, *, reasonless: bool = False) -> dict[str, str]:
        """Who, and why. Raises: UsageError without a reason."""
        if not (self.reason or reasonless or self.dry_run):
            raise UsageError("why? give --reason TEXT: it is kept with the record")
        return {"operator": self.operator, "reason": self.reason or ("dry run" if self.dry_run else "")}

    def agreed(self) -> bool:
        """Whether a person said yes. Raises: UsageError with nobody to ask."""
        if self.yes:
            return True
        if not sys.stdin.isatty():
            raise UsageError("nobody can be asked here: give -y to agree beforehand, or --dry-run to only look")
        return click.confirm(self.out.sentence("do it?"), err=True)

    def show(self, told: Mapping[str, Any] | None) -> int:
        """The record's number, and what stands now; the exit code.

        4 where a shard did not hear the word; what was left for it is told.
        """
        if told is None:
            return FINE
        rows = told.get("pairs", [])
        if self.out.format == "table":
            shown = {key: listed(value) for key, value in told.items() if key not in APART and value != []}
            seqs = told.get("seq")
            if isinstance(seqs, Mapping):
                shown["seq"] = "  ".join(f"{name} {seq}" for name, seq in seqs.items() if seq is not None)
            self.out.one(shown)
            if rows:
                self.out.many(rows)
        else:
            self.out.one(told)
        for name in told.get("away", ()):
            is_left = name in told["left"]
            self.out.say(f"shard {name} did not answer: " + ("the word is left for it, it holds before it trades again" if is_left else "say it again when it is up"))
        for name, why in told.get("refused", {}).items():
            self.out.say(f"shard {name} refused: {why}")
        return NOT_CONNECTED if told.get("away") else REFUSED if told.get("refused") else FINE


def listed(value: Any) -> Any:
    """A list as a table's cell has it."""
    return ", ".join(str(each) for each in value) if isinstance(value, list) else value


def user() -> str:
    """Who is at the keyboard, by the system's own account."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def write_verb(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: `-c`, `--dir`, `-y`, `--reason`, `--dry-run`; gives `asked`."""

    @click.option("-d", "--dir", "given", default=None, metavar="DIR", help="The node's directory (node.dir).")
    @click.option("-c", "--config", "files", multiple=True, metavar="FILE", help="Take it from this configuration.")
    @click.option("-y", "--yes", is_flag=True, help="Agree beforehand.")
    @click.option("--reason", default="", help="Why: kept with the record.")
    @click.option("--dry-run", is_flag=True, help="Only say what it would do.")
    @click.option("--operator", default=None, metavar="NAME", help="Who does it (default: this account's name).")
    @pass_out
    @functools.wraps(verb)
    def with_asked(
        out: Output,
        /,
        *args: Any,
        given: str | None,
        files: tuple[str, ...],
        yes: bool,
        reason: str,
        dry_run: bool,
        operator: str | None,
        **kwargs: Any,
    ) -> Any:
        from tools.client import run_dir

        signed = {"yes": yes, "reason": reason, "dry_run": dry_run, "operator": operator or user()}
        return verb(*args, asked=Asked(out, lambda: run_dir(given, files), files, **signed), **kwargs)

    return with_asked
